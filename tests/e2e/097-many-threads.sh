#!/bin/bash
# SPDX-License-Identifier: MIT
# 5,000 threads, all of them accounted for.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload many

mkfifo input
exec 7<>input
start_ready "$WORKLOADS/many" --threads 5000 <input
many=$PID
record -q -o many.pftrace -d 1 -p "$many"
facts many.pftrace check-sums
assert_equal "threads" "$(facts many.pftrace thread early count)" 5000
assert_number "sync share" "$(facts many.pftrace share sync early '^run_queue')" ">=" 99
assert_equal "lost" "$(facts many.pftrace lost)" 0
"$PARTRACE" report many.pftrace >report.txt
[ "$(wc -l <report.txt)" -lt 100 ] || fail "a report of $(wc -l <report.txt) lines"

# Born, woken and ended, all at once.
kill -KILL "$many"
echo go >go
record -q -o born.pftrace -- sh -c "$WORKLOADS/many --threads 5000 --seconds 0.1 <go"
facts born.pftrace check-sums
count=$(facts born.pftrace thread early count)
[ "$count" = 5000 ] || [ "$(facts born.pftrace lost)" -gt 0 ] || fail "$count of 5000 threads, and no loss reported"
