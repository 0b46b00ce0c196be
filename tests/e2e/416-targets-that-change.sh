#!/bin/bash
# SPDX-License-Identifier: MIT
# Targets that become something else: another name, another user, another program, 32 bits,
# another process under the same number; and those in a pid namespace, seen from outside.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd unshare setpriv

cat >changes.py <<'PY'
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
what = sys.argv[1]
time.sleep(0.3)
if what == "name":
    for i in range(40):
        libc.prctl(15, b"call me %d" % i, 0, 0, 0)
    time.sleep(0.3)
elif what == "user":
    os.setgid(65534); os.setuid(65534)
    time.sleep(0.3)
elif what == "program":
    os.execv("/bin/sleep", ["other", "0.5"])
elif what == "number":
    # clone3() with the number of a child that has just ended.
    class Args(ctypes.Structure):
        _fields_ = [(n, ctypes.c_uint64) for n in ("flags", "pidfd", "child_tid", "parent_tid", "exit_signal",
            "stack", "stack_size", "tls", "set_tid", "set_tid_size")]
    pid = os.fork()
    if not pid:
        time.sleep(0.2); os._exit(1)
    os.waitpid(pid, 0)
    again = (ctypes.c_int * 1)(pid)
    args = Args(exit_signal=17, set_tid=ctypes.addressof(again), set_tid_size=1)
    libc.syscall.restype = ctypes.c_long
    got = libc.syscall(435, ctypes.byref(args), ctypes.sizeof(args))
    if not got:
        libc.prctl(15, b"second", 0, 0, 0); time.sleep(0.4); os._exit(2)
    assert got == pid, got
    os.waitpid(got, 0)
PY
for what in name user program number; do
    record -q -o $what.pftrace -- /usr/bin/python3 changes.py $what
    facts $what.pftrace check-sums
    "$PYTHON" "$TRACE_CHECK" $what.pftrace >/dev/null
done
assert_equal "last name" "$(facts name.pftrace get processes.0.name)" 'call me 39'
assert_number "sleep" "$(facts name.pftrace share sleep 'call me 39')" ">" 50
assert_number "sleep of another user" "$(facts user.pftrace share sleep)" ">" 50
assert_equal "processes" "$(facts program.pftrace count processes)" 1
assert_equal "its program" "$(facts program.pftrace get processes.0.exe)" "$(realpath /bin/sleep)"
json_of number.pftrace
"$PYTHON" - number.pftrace.json <<'PY'
import json, sys
facts = json.load(open(sys.argv[1]))
last = sorted(facts["processes"], key=lambda p: p["started_ns"])
assert len(last) == 3, [(p["pid"], p["name"]) for p in last]
assert last[1]["pid"] == last[2]["pid"], "the number did not come again"
assert [p["exit_code"] for p in last[1:]] == [1, 2], [p["exit_code"] for p in last]
assert last[2]["name"] == "second", last[2]["name"]
lives = sorted(t["lifetime_ns"] for t in facts["threads"] if t["pid"] == last[1]["pid"])
assert len(lives) == 2 and lives[0] > 180e6 and lives[1] > 380e6, lives
assert sum(lives) < facts["recording"]["duration_ns"], "one after the other: %s" % lives
PY
# The same while it is attached to: by then it is another user's.
start_ready setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 -c '
import os, time
os.write(int(os.environ["READY_FD"]), b"ready\n")
time.sleep(60)'
record -q -d 300ms -o theirs.pftrace -p "$PID"
assert_number "sleep" "$(facts theirs.pftrace share sleep)" ">" 90

# In a container: outside's numbers, all names, and what it waits for.
start_ready unshare --pid --fork --kill-child --mount-proc "$WORKLOADS/truth" \
    --only nanosleep,cpu,pipe,mutex,robust-mutex,join,condvar,child --truth "$TMP/truth.json" --dir "$TMP"
outer=$PID
inner=$(tr -d ' ' <"/proc/$outer/task/$outer/children")
record -q -d 2 -o container.pftrace -p "$inner"
kill -TERM "$inner"
ended "$outer"
# It calls itself 1.
sed -i "s/\"pid\": 1,/\"pid\": $inner,/" truth.json
facts container.pftrace check-sums
facts container.pftrace check-truth truth.json
assert_equal "its program" "$(facts container.pftrace get processes.0.exe)" "$(realpath "$WORKLOADS/truth")"

# 32 bits on 64: every bucket that the scheduler and the call's number tell.
if ! echo 'int main(void) { return 0; }' | gcc -m32 -x c -o tiny - 2>/dev/null; then
    echo "no 32-bit programs here: gcc -m32 fails" >&2
    exit 0
fi
gcc -m32 -w -O2 -D_GNU_SOURCE -std=gnu11 -pthread "$E2E"/workloads/truth*.c -lrt -o truth32 2>/dev/null
# Not a mutex: kinds of locks are told by how 64-bit programs lay them out.
kinds=nanosleep,cpu,pipe,condvar,semaphore,poll,futex-timeout,child
start_ready ./truth32 --only $kinds --truth truth32.json --dir "$TMP"
target=$PID
record -q -o bits32.pftrace -d 2 -p "$target"
kill -TERM "$target"
ended "$target"
facts bits32.pftrace check-sums
facts bits32.pftrace check-truth truth32.json
