#!/bin/bash
# SPDX-License-Identifier: MIT
# partrace in a pid namespace, beside another one whose processes have the same numbers: all ids
# are those of its own, whoever lives outside has none, and what it says is right.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth deadlock
need_cmd unshare
KINDS=nanosleep,cpu,pipe,socketpair,mutex,robust-mutex,pi-mutex,join,condvar,child

# Before a command: as the second process of a namespace of its own, all of which ends with this
# one. Its first reaps, as a container's does.
# shellcheck disable=SC2016 # expanded inside
inside=(unshare --pid --fork --kill-child --mount-proc bash -c '"$@"; exit $?' bash)

# The neighbour, with numbers from 1 on, too.
start_ready "${inside[@]}" "$WORKLOADS/truth" --only "$KINDS" --truth neighbour.json --dir "$TMP"
neighbour=$PID
# It writes from outside into a pipe that somebody inside reads from, and connects to it.
mkfifo outer
start bash -c 'exec >outer; while sleep 0.02; do echo x; done'

cat >inner.sh <<'SH'
set -Eeuo pipefail
trap 'echo "FAIL: inner.sh line $LINENO: $BASH_COMMAND" >&2' ERR

# in_back COMMAND…: its number is in $PID, and it is ready.
in_back()
{
    rm -f ready && mkfifo ready
    READY_FD=9 "$@" 9>ready &
    PID=$!
    grep -q ready ready
}
record()
{
    timeout 60 "$PARTRACE" -q "$@"
}

record -o launched.pftrace -- "$WORKLOADS/truth" --only "$KINDS" --seconds 2 --truth launched.json --dir .
in_back "$WORKLOADS/truth" --only "$KINDS" --truth attached.json --dir .
record -d 2 -o attached.pftrace -p "$PID"
record -d 1 -o light.pftrace --light -p "$PID"
kill -TERM "$PID"
wait "$PID" || true

# A container in the container: other numbers once more.
in_back unshare --pid --fork --kill-child --mount-proc "$WORKLOADS/truth" --only "$KINDS" --truth nested.json --dir .
nested=$(tr -d " " <"/proc/$PID/task/$PID/children")
echo "$nested" >nested.pid
record -d 2 -o nested.pftrace -p "$nested"
kill -TERM "$nested"
wait "$PID" || true

in_back "$WORKLOADS/deadlock"
echo "$PID" >deadlock.pid
record -d 1 -o deadlock.pftrace -p "$PID"
kill -KILL "$PID"
wait "$PID" || true

# Another thread than the first one becomes another program.
record -o exec.pftrace -- "$PYTHON" -c '
import os, threading, time
threading.Thread(target=lambda: (time.sleep(0.3), os.execv("/bin/sleep", ["sleep", "0.5"]))).start()
time.sleep(60)'
record -d 1 -o outer.pftrace -- timeout 1 cat outer >/dev/null || [ $? = 124 ]
record -d 1 -o all.pftrace -a
"$PARTRACE" doctor >doctor.out 2>&1
# /proc of outside is no help.
! unshare --pid --fork "$PARTRACE" -q -o no.pftrace -- true 2>refused || exit 1
SH
export KINDS WORKLOADS PYTHON
STATUS=0
"${inside[@]}" bash inner.sh >inner.out 2>&1 || STATUS=$?
[ "$STATUS" = 0 ] || { cat inner.out >&2; fail "in the container: status $STATUS"; }
kill -TERM "$neighbour" || true

for name in launched attached light nested deadlock exec outer all; do
    facts $name.pftrace check-sums
    json_of $name.pftrace
    "$PYTHON" "$TRACE_CHECK" $name.pftrace >/dev/null || fail "$name: not a sound trace"
done
sed -i "s/\"pid\": 1,/\"pid\": $(cat nested.pid),/" nested.json
for name in launched attached light nested; do
    facts $name.pftrace check-truth "${name/light/attached}.json"
done

# Who holds what, whom a thread that holds a lock is called by inside, and that there are no others.
"$PYTHON" - "$(cat nested.pid)" "$(cat deadlock.pid)" <<'PY'
import json, sys

nested, deadlock = map(int, sys.argv[1:])
facts = {n: json.load(open(n + ".pftrace.json")) for n in
         "launched attached light nested deadlock exec outer all".split()}
for name, f in facts.items():
    assert f["recording"]["pid_namespace"], name
    pids = {p["pid"] for p in f["processes"]}
    assert all(0 < n < 5000 for n in pids | {t["tid"] for t in f["threads"]}), (name, pids)
    if name not in ("all", "exec"):
        assert len(pids) == len(f["processes"]), (name, "a number twice")
    for channel in f["channels"]:
        ends = {e["pid"] for e in channel["ends"] if e["pid"]}
        assert ends <= pids, (name, channel)
for name in ("launched", "attached", "nested"):
    f = facts[name]
    of = {t["tid"]: t for t in f["threads"]}
    for lock in "mutex", "robust-mutex", "pi-mutex":
        waits = [e for l in f["locks"] for e in l["edges"] if of[e["waiter"]]["name"] == lock]
        held = [e for e in waits if e["holder"] and of[e["holder"]]["name"] == "h-" + lock]
        assert sum(e["waits"] for e in held) >= 0.8 * sum(e["waits"] for e in waits) > 10, (name, lock, waits)
assert min(p["pid"] for p in facts["nested"]["processes"]) == nested
assert facts["launched"]["processes"][0]["ppid"] not in {p["pid"] for p in facts["launched"]["processes"]}
assert len(facts["deadlock"]["deadlocks"]) == 2, facts["deadlock"]["deadlocks"]
assert {p["exe"].rsplit("/", 1)[-1] for p in facts["exec"]["processes"]} == {"sleep"}
left = max(facts["exec"]["threads"], key=lambda t: t["lifetime_ns"])
assert left["tid"] == left["pid"] and left["time_ns"]["sleep"] > 450e6, facts["exec"]["threads"]
cat = [t for t in facts["outer"]["threads"] if t["name"] == "cat"]
assert cat[0]["time_ns"]["ipc"] > 0.8 * cat[0]["lifetime_ns"], cat
# The whole machine is what has a number here: not the neighbour.
names = {p["name"] for p in facts["all"]["processes"]}
assert "bash" in names and "truth" not in names, names
PY
assert_says doctor.out 'it is not the first'
assert_says doctor.out 'Recording is possible'
[ "$(grep -c '^partrace: ' refused)" = 1 ] || fail "more than a line: $(cat refused)"
assert_says refused 'another pid namespace'

# Their numbers mean others than those of outside: no report of both.
start_ready "$WORKLOADS/truth" --only nanosleep --truth here.json --dir "$TMP"
record -q -d 300ms -o here.pftrace -p "$PID"
run "$PARTRACE" report all.pftrace here.pftrace
assert_status 1
assert_one_error
