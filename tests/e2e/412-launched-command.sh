#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, ASan takes the right to dump core away, from the command too
# A launched command runs as it would without partrace: as the caller, with the caller's
# environment, limits, signals, terminal and directory, and its status is passed on.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd setpriv

chmod 777 "$TMP"
cp "$PARTRACE" partrace
cat >show.py <<'PY'
import json, os, resource, signal, sys
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
tty = os.open("/dev/tty", os.O_RDWR) if sys.argv[1:] == ["tty"] else None
env = {k: v for k, v in os.environ.items() if k not in ("_", "OLDPWD")}
print(json.dumps({
    "uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(), "env": env,
    "cwd": os.getcwd(), "umask": os.umask(0), "nice": os.nice(0),
    "policy": os.sched_getscheduler(0), "cpus": sorted(os.sched_getaffinity(0)),
    "limits": [resource.getrlimit(n) for n in range(16)],
    "signals": [status[k] for k in ("SigBlk", "SigIgn", "SigCgt")],
    "rights": [status[k] for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")],
    "session": os.getsid(0), "terminal": tty and (os.ttyname(tty), os.tcgetpgrp(tty) == os.getpgrp()),
    "descriptors": sorted(os.listdir("/proc/self/fd"))[:3]}, sort_keys=True))
PY
chmod 644 show.py

# same CMD…: directly, and under partrace, it says the same.
same()
{
    (umask 027; ulimit -n 999; ulimit -c 12345; "$@" /usr/bin/python3 show.py >direct.json)
    (umask 027; ulimit -n 999; ulimit -c 12345; "$@" ./partrace -q -o show.pftrace -- /usr/bin/python3 show.py >ours.json)
    cmp direct.json ours.json || { diff direct.json ours.json >&2; fail "not the same under partrace: $*"; }
}

same env WITH="a  blank" nice -n 3
# As nohup, and as a shell's background job have it; an ignored signal stays ignored.
same env --ignore-signal=HUP --ignore-signal=INT --ignore-signal=TERM --ignore-signal=USR1 --default-signal=PIPE
same env --default-signal --block-signal=USR2 --block-signal=TERM

# Ambient capabilities are partrace's, and not for the command.
setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+perfmon --ambient-caps=-all,+bpf,+perfmon \
    ./partrace -q -o caps.pftrace -- grep CapEff /proc/self/status >caps.txt
assert_equal "capabilities of the command" "$(cut -f 2 caps.txt)" 0000000000000000

# As who called sudo: all of their ids and groups, no right of root's.
SUDO_UID=65534 SUDO_GID=65534 ./partrace -q -o sudo.pftrace -- /usr/bin/python3 show.py >sudo.json
"$PYTHON" - sudo.json <<'PY'
import json, sys
got = json.load(open(sys.argv[1]))
assert got["uid"] == got["gid"] == [65534] * 3, got["uid"]
assert set(got["groups"]) <= {65534}, got["groups"]
assert got["rights"][1] == got["rights"][2] == "0" * 16, got["rights"]
assert got["rights"][5:] == ["0", "0"], got["rights"]
assert got["env"]["USER"] == "nobody" and got["env"]["HOME"] == "/nonexistent", got["env"]
assert not [k for k in got["env"] if k.startswith("SUDO_")], got["env"]
PY
run env SUDO_UID=65534 SUDO_GID=65534 ./partrace -q -o deny.pftrace -- cat /etc/shadow
assert_status 1

# Statuses, by signals too, also when partrace is no longer root.
for who in '' 'SUDO_UID=65534 SUDO_GID=65534'; do
    for pair in 'exit 0:0' 'exit 77:77' 'kill -9 $$:137' 'kill -TERM $$:143'; do
        # shellcheck disable=SC2086 # no variable is no argument
        run env $who ./partrace -q -o status.pftrace -- sh -c "${pair%:*}"
        assert_status "${pair##*:}"
    done
    # shellcheck disable=SC2086
    run env $who ./partrace -q -o status.pftrace -- /no/such/command
    assert_status 127
    assert_one_error
    # One that still runs is ended, even if it became root again.
    # shellcheck disable=SC2086
    run env $who ./partrace -q -o status.pftrace -d 300ms -- sleep 50
    assert_status 0
done

# Its terminal: it reads from it, and Ctrl-C reaches both.
if command -v script >/dev/null; then
    script -qec "$PWD/partrace -q -o tty.pftrace -- /usr/bin/python3 show.py tty" tty.txt >/dev/null
    assert_says tty.txt '"terminal": \["/dev/tty", true\]'
fi

# If partrace dies before the command begins, the command is not left waiting for ever.
"$PYTHON" - "$PWD/partrace" <<'PY'
import os, signal, subprocess, sys, time

def state(pid):
    try:
        return open("/proc/%s/stat" % pid).read().rsplit(")")[1].split()[0]
    except OSError:
        return None  # it is gone

for delay in (0.005, 0.02, 0.05, 0.08):
    p = subprocess.Popen([sys.argv[1], "-q", "-o", "dead.pftrace", "--", "sleep", "1"])
    time.sleep(delay)
    children = open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read().split()
    p.kill()
    p.wait()
    deadline = time.time() + 5
    while True:
        states = [state(c) for c in children]
        if not any(states):
            break
        assert time.time() < deadline, "after %g s: %s is left, %s" % (delay, children, states)
        time.sleep(0.05)
PY
