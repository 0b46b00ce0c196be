#!/bin/bash
# SPDX-License-Identifier: MIT
# Targets that end within a millisecond, or before they were looked at.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload family

for _ in 1 2 3; do
    record -q -o short.pftrace -- /bin/true
    facts short.pftrace check-sums
    assert_equal "processes" "$(facts short.pftrace count processes)" 1
done

# It ends while partrace gets ready: a report of what there was, or its end said.
for delay in 0.01 0.05 0.1 0.2 0.4; do
    start sleep "$delay"
    run "$PARTRACE" -q -o gone.pftrace -p "$PID"
    assert_in "status" "$STATUS" 0 1
    if [ "$STATUS" = 1 ]; then
        assert_one_error
        [ -z "$(ls -- *.partial 2>/dev/null)" ] || fail "left a .partial: $(ls)"
    else
        facts gone.pftrace check-sums
    fi
done
