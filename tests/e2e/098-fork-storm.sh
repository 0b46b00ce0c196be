#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 90
# A thousand processes a second: it finishes, and loses nothing or says so.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload storm

record -o storm.pftrace -- "$WORKLOADS/storm" --rate 1000 --seconds 3
children=$(sed -n 's/^children //p' out)
facts storm.pftrace check-sums
processes=$(facts storm.pftrace count processes)
lost=$(facts storm.pftrace lost)
echo "$children children, $processes processes recorded, $lost records lost"
assert_number "processes" "$processes" "<=" "$((children + 1))"
if [ "$processes" != "$((children + 1))" ] && [ "$lost" = 0 ]; then
    fail "$processes of $((children + 1)) processes, and no loss reported"
fi
"$PYTHON" "$TRACE_CHECK" storm.pftrace
"$PARTRACE" report storm.pftrace >report.txt
[ "$(wc -l <report.txt)" -lt 100 ] || fail "a report of $(wc -l <report.txt) lines"
