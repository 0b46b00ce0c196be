#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# Sub-interpreters with a GIL of their own: each is found, and nothing else taken for one.
. "$(dirname "$0")/lib.sh"
need_tracing

tested=0
while read -r version python _; do
    run "$PARTRACE" -q -o "$version.pftrace" -- "$python" "$E2E/workloads/sub_gil.py" --seconds 1.5
    [ "$STATUS" != 77 ] || continue
    assert_status 0
    tested=$((tested + 1))
    facts "$version.pftrace" check-sums
    "$PARTRACE" report --json "$version.pftrace" | "$PYTHON" -c '
import json, sys
version, facts = sys.argv[1], json.loads(sys.stdin.read())
gils = [l for l in facts["locks"] if l["kind"] == "gil" and "sub-interpreter" in l["name"]]
assert len(gils) == 2, "FAIL: GILs of sub-interpreters: %s" % [l["name"] for l in facts["locks"]]
assert len({l["address"] for l in gils}) == 2, "FAIL: %s" % gils

# Those in nobody else: a thread of one interpreter never waits for the other one.
waiters = [{e["waiter"] for e in l["edges"] if e["wait_ns"] > 20e6} for l in gils]
assert len(waiters[0]) >= 3 and len(waiters[1]) >= 3, "FAIL: waiters %s" % waiters
assert not waiters[0] & waiters[1], "FAIL: waiters of both: %s" % waiters
tids = {t["tid"]: t for t in facts["threads"]}
known = sum(e["wait_ns"] for l in gils for e in l["edges"] if e["holder"] in tids)
total = sum(e["wait_ns"] for l in gils for e in l["edges"])
assert known > 0.7 * total > 0, "FAIL: holder known for %d of %d ns" % (known, total)

crunch = [tids[w] for w in waiters[0] | waiters[1]]
# Not those that started them, and wait for their end.
crunch = [t for t in crunch if t["time_ns"]["sync"] < t["lifetime_ns"] / 2]
time = {b: sum(t["time_ns"][b] for t in crunch) for b in crunch[0]["time_ns"]}
cpu = time["cpu_user"] + time["cpu_kernel"]
turns = 100.0 * time["gil"] / (time["gil"] + cpu)
other = 100.0 * sum(time[b] for b in ("lock", "sync", "sleep", "other")) / sum(time.values())
print("%s: gil / (gil + CPU) %.1f %%, other waits %.1f %%" % (version, turns, other))
# Three threads of each take turns.
assert turns >= 55, "FAIL: GIL / (GIL + CPU) is %.1f %%" % turns
assert other <= 3, "FAIL: other waits are %.1f %%: %s" % (other, time)

for t in facts["threads"]:
    if t["name"].startswith("napper"):
        share = 100.0 * t["time_ns"]["gil"] / t["lifetime_ns"]
        assert share < 5, "FAIL: %s waits for a GIL %.1f %% of its life" % (t["name"], share)
' "$version"
done < <(each_python gil)
[ "$tested" != 0 ] || skip "needs CPython 3.12 or later"
