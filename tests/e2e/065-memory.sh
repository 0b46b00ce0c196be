#!/bin/bash
# SPDX-License-Identifier: MIT
# Memory of processes: all, their share of what is shared, and what is theirs alone,
# as they see it themselves; also of those that live for a blink only.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload memory
grep -q '^Pss:' /proc/self/smaps_rollup 2>/dev/null || skip "needs /proc/PID/smaps_rollup"

# assert_near WHAT GOT EXPECTED PER_CENT
assert_near()
{
    assert_number "$1" "$2" ">=" "$(($3 * (100 - $4) / 100))"
    assert_number "$1" "$2" "<=" "$(($3 * (100 + $4) / 100))"
}

run "$PARTRACE" -q -o memory.pftrace -- "$WORKLOADS/memory"
assert_status 0
cp "$TMP/out" memory.out
[ "$(wc -l <memory.out)" = 8 ] || fail "not all were there: $(cat memory.out)"
json_of memory.pftrace
while read -r what name pid rss pss private; do
    [ "$what" = memory ] || continue
    assert_near "RSS of $name $pid" "$(facts memory.pftrace.json process "$pid" rss_bytes)" "$rss" 5
    assert_near "PSS of $name $pid" "$(facts memory.pftrace.json process "$pid" pss_bytes)" "$pss" 5
    assert_near "private memory of $name $pid" \
        "$(facts memory.pftrace.json process "$pid" private_bytes)" "$private" 5
done <memory.out

# The kernel counts on through an exec: what the parent has is not the child's.
while read -r what pid; do
    [ "$what" = small ] || continue
    assert_number "RSS of a small program" \
        "$(facts memory.pftrace.json process "$pid" rss_bytes)" "<" 10000000
done <memory.out
