#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# Locks of CPython's parking lot: each waiter waits on its own stack, and yet it is one lock.
. "$(dirname "$0")/lib.sh"
need_tracing

# check_lock RECORDING TRUTH: the one lock that all waited for, where and how long it was.
check_lock()
{
    "$PARTRACE" report --json "$1" | "$PYTHON" -c '
import json, sys
address, waited = map(int, open(sys.argv[1]).read().split())
facts = json.loads(sys.stdin.read())
names = {t["tid"]: t["name"] for t in facts["threads"]}
found = [l for l in facts["locks"]
         if {names.get(e["waiter"], "")[:6] for e in l["edges"]} == {"parker"}]
assert found, "FAIL: no lock of the parkers among %s" % [l["name"] for l in facts["locks"]]
lock = max(found, key=lambda l: l["wait_ns"])
assert not address or int(lock["address"], 16) == address, "FAIL: %s, not 0x%x" % (lock, address)
assert 0.93 * waited < lock["wait_ns"] < 1.03 * waited, "FAIL: waited %d ns, %s" % (waited, lock)
assert len({e["waiter"] for e in lock["edges"]}) == 3, "FAIL: %s" % lock["edges"]
known = sum(e["wait_ns"] for e in lock["edges"] if names.get(e["holder"], "")[:6] == "parker")
assert known > 0.9 * lock["wait_ns"], "FAIL: holder known for %d ns: %s" % (known, lock)
print("%s at %s: %d ms, measured %d ms" % (lock["kind"], lock["address"], lock["wait_ns"] / 1e6,
                                           waited / 1e6))' "$2"
    # Half a dozen waits tell a lock from a signal; these are a hundred.
    assert_number "$1: lock" "$(facts "$1" share lock parker)" ">=" 50
}

# With --light no uprobe tells; the waiter's entry in the parking lot does.
tested=0
while read -r version python flags; do
    run "$PARTRACE" -q -o "$version.pftrace" -- "$python" "$E2E/workloads/parked.py" --seconds 1.5 pymutex
    [ "$STATUS" != 77 ] || continue
    assert_status 0
    tested=$((tested + 1))
    facts "$version.pftrace" check-sums
    check_lock "$version.pftrace" "$TMP/out"
    record -q --light -o "$version-light.pftrace" -- "$python" "$E2E/workloads/parked.py" --seconds 1.5 pymutex
    check_lock "$version-light.pftrace" "$TMP/out"
    [ "$flags" = pymutex ] || continue
    record -q -o "$version-lock.pftrace" -- "$python" "$E2E/workloads/parked.py" --seconds 1.5 lock
    check_lock "$version-lock.pftrace" "$TMP/out"
done < <(each_python gil; each_python free)
[ "$tested" != 0 ] || skip "needs CPython 3.13 or later"
