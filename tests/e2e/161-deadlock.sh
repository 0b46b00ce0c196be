#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads that wait for each other are named, with the circle; of those who merely wait
# for them, or use locks properly, nothing is said.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload deadlock

check()
{
    json_of "$1"
    "$PYTHON" - "$1.json" <<'END'
import json, sys
facts = json.load(open(sys.argv[1]))
name_of = {t["tid"]: t["name"] for t in facts["threads"]}
found = facts["deadlocks"]
circles = sorted(sorted(name_of[t] for t in d["threads"]) for d in found)
assert circles == [["one", "three", "two"], ["selfish"]], "FAIL: %s" % found
kinds = {"one": "mutex", "two": "read-write lock", "three": "mutex", "selfish": "mutex"}
for d in found:
    assert len(d["threads"]) == len(d["locks"]), "FAIL: %s" % d
    for tid, lock in zip(d["threads"], d["locks"]):
        assert kinds[name_of[tid]] in lock, "FAIL: %s waits for %s" % (name_of[tid], lock)
        assert "%s (%d)" % (name_of[tid], tid) in d["text"], "FAIL: %s" % d
# Each one waits for the next.
ring = max(found, key=lambda d: len(d["threads"]))["threads"]
order = [name_of[t] for t in ring]
after = dict(zip(order, order[1:] + order[:1]))
assert after == {"one": "two", "two": "three", "three": "one"}, "FAIL: %s" % order
evidence = [e for e in facts["verdict"]["evidence"] if e["rule"] == "deadlock"]
assert len(evidence) == 1 and evidence[0]["value"] == 4, "FAIL: %s" % evidence
assert facts["verdict"]["summary"].startswith("Deadlock: "), "FAIL: %s" % facts["verdict"]["summary"]
assert not facts["verdict"]["predictions"], "FAIL: %s" % facts["verdict"]["predictions"]
END
}

record -o launched.pftrace -- "$WORKLOADS/deadlock" --seconds 2
check launched.pftrace || fail "launched: see above"
assert_says "$TMP/out" 'deadlock: 3 threads will never go on'

start_ready "$WORKLOADS/deadlock"
for mode in '' --light; do
    record $mode -o "attached$mode.pftrace" -d 1.5 -p "$PID"
    check "attached$mode.pftrace" || fail "attached to $mode: see above"
done

# What is left of a recording that is killed says so, too.
start_record killed.pftrace -d 30 -p "$PID"
partrace=$PID
says_all() { [ "$(facts killed.pftrace.partial count deadlocks)" = 2 ]; }
wait_until 20 "deadlocks in what is written" says_all
kill -KILL "$partrace"
ended "$partrace"
check killed.pftrace.partial || fail "killed: see above"
