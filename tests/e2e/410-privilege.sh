#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, their builds have no filter
# While it records it has no capability in effect, can get none, and may make few system
# calls; three capabilities are enough to record, and what is missing is said.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd setpriv

chmod 755 "$TMP"
cp "$PARTRACE" "$WORKLOADS/truth" "$TMP/"

# field PROCESS NAME: a line of each thread's status.
field()
{
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/task"/*/status | sort -u
}

# has_dropped PID ALLOWED: none in effect but the one for measuring its own cost, and at
# most those allowed are left.
has_dropped()
{
    local pid=$1 allowed=$2 caps task

    assert_equal NoNewPrivs "$(field "$pid" NoNewPrivs)" 1
    assert_equal Seccomp "$(field "$pid" Seccomp)" 2
    assert_equal "CapEff of the main thread" "$(sed -n 's/^CapEff:\t//p' "/proc/$pid/status")" 0000000000000000
    assert_equal CapAmb "$(field "$pid" CapAmb)" 0000000000000000
    assert_equal CapInh "$(field "$pid" CapInh)" 0000000000000000
    for task in "/proc/$pid/task"/*; do
        caps=$((16#$(sed -n 's/^CapPrm:\t//p' "$task/status")))
        [ $((caps & ~allowed)) = 0 ] || [ "$caps" = $((1 << 21)) ] ||
            fail "thread ${task##*/} keeps $(grep ^CapPrm "$task/status")"
    done
}

readonly LOOK=$((1 << 2 | 1 << 19 | 1 << 40)) PERFMON=$((1 << 38)) KILL=$((1 << 5))
start_ready ./truth --only nanosleep,cpu,pipe,mutex --truth "$TMP/truth.json" --seconds 50
target=$PID
start_record root.pftrace -d 3 -p "$target"
has_dropped "$PID" $((LOOK | PERFMON))
ended "$PID"
assert_status 0
# Nothing is worth less for it.
kill -TERM "$target"
ended "$target"
facts root.pftrace check-sums
facts root.pftrace check-truth truth.json
assert_equal "measured cost" "$(facts root.pftrace get recording.overhead.bpf_measured)" true
assert_number "cost inside the kernel" "$(facts root.pftrace get recording.overhead.bpf_ns)" ">" 0
# No call that it makes is refused by its filter: EPERM is else what reading memory and
# small files of others says, before it is tried with the rights for that.
if command -v strace >/dev/null; then
    run strace -f -o calls.txt "$PARTRACE" -q -o calls.pftrace -- /usr/bin/python3 -c '
import threading, time
end = time.time() + 1.5
def spin():
    while time.time() < end: sum(range(1000))
t = [threading.Thread(target=spin) for _ in range(2)]
[x.start() for x in t]; [x.join() for x in t]'
    assert_status 0
    refused=$(grep 'EPERM' calls.txt | grep -v -e 'process_vm_readv' -e ' read(' -e 'read resumed' -e 'bpf(BPF_ENABLE_STATS' || true)
    assert_equal "calls that were refused" "$refused" ''
fi
start_record light.pftrace --light -d 1 -- sleep 5
has_dropped "$PID" $((LOOK | KILL))
ended "$PID"

# as_nobody CAPABILITIES CMD…
as_nobody()
{
    local caps=$1

    shift
    run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="-all$caps" \
        --ambient-caps="-all$caps" "$@"
}

start_ready ./truth --only nanosleep,cpu,pipe,mutex --seconds 100
target=$PID
mkdir -m 777 theirs
as_nobody ,+bpf,+perfmon,+sys_ptrace ./partrace -o theirs/three.pftrace -d 2 -p "$target"
assert_status 0
assert_says_not err 'missing'
assert_says out 'outside the kernel, not known inside'
facts theirs/three.pftrace check-sums
facts theirs/three.pftrace check-keys
assert_equal "measured cost" "$(facts theirs/three.pftrace get recording.overhead.bpf_measured)" false
assert_number "lock waits" "$(facts theirs/three.pftrace share lock mutex)" ">" 10
assert_equal "owner" "$(stat -c %u:%a theirs/three.pftrace)" 65534:600
as_nobody ,+bpf,+perfmon,+sys_ptrace ./partrace doctor
assert_status 0
assert_says out '^  less +CAP_SYS_ADMIN'

# The GIL is found in somebody else's process, and in a launched one, whose Python
# is not there yet when the rights are given up.
cat >spin.py <<'PY'
import threading, time
end = time.time() + 2.5
def spin():
    while time.time() < end:
        sum(range(2000))
threads = [threading.Thread(target=spin) for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
PY
chmod 644 spin.py
for who in root nobody; do
    if [ $who = root ]; then
        run ./partrace -q -o theirs/$who.pftrace -- "$PYTHON" spin.py
    else
        as_nobody ,+bpf,+perfmon,+sys_ptrace ./partrace -q -o theirs/$who.pftrace -- /usr/bin/python3 spin.py
    fi
    assert_status 0
    assert_equal "runtime, $who" "$(facts theirs/$who.pftrace get processes.0.runtime.name)" cpython
    assert_number "GIL waits, $who" "$(facts theirs/$who.pftrace share gil)" ">" 20
done
start_ready /usr/bin/python3 -c 'import os, time; os.write(int(os.environ["READY_FD"]), b"ready\n"); time.sleep(60)'
as_nobody ,+bpf,+perfmon,+sys_ptrace ./partrace -q -o theirs/roots.pftrace -d 500ms -p "$PID"
assert_status 0
assert_equal "runtime" "$(facts theirs/roots.pftrace get processes.0.runtime.name)" cpython

# Two: all but what is inside of the process, and it is said, there and in the recording.
as_nobody ,+bpf,+perfmon ./partrace -o theirs/two.pftrace -d 500ms -p "$target"
assert_status 0
assert_says err 'CAP_SYS_PTRACE missing'
assert_says out 'not measured here: gil, lock'
assert_says out 'confidence: low'
facts theirs/two.pftrace check-sums

# Fewer: nothing, and which is missing.
for caps in ,+bpf,+sys_ptrace:CAP_PERFMON ,+perfmon,+sys_ptrace:CAP_BPF ',+sys_ptrace:CAP_BPF and CAP_PERFMON'; do
    as_nobody "${caps%%:*}" ./partrace -o theirs/none.pftrace -d 1 -p "$target"
    assert_status 1
    assert_one_error
    assert_says err "${caps#*:} missing"
    [ ! -e theirs/none.pftrace.partial ] || fail "left a .partial"
done
