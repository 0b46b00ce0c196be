#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 097 has threads that are born later
# Threads that are born while it records are recorded from birth to death.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload many

mkfifo input
exec 7<>input
start_ready "$WORKLOADS/many" --threads 3 --later 4 --seconds 0.7 <input >late.out
many=$PID
start_record late.pftrace -q -p "$many"
echo go >&7
ended "$many"
ended "$PID"
assert_status 0

facts late.pftrace check-sums
assert_equal "early threads" "$(facts late.pftrace thread early count)" 3
assert_equal "late threads" "$(wc -l <late.out)" 4
while read -r name life cpu; do
    got=$(facts late.pftrace thread "$name" lifetime)
    assert_number "life of $name" "$got" ">=" "$life"
    # A thread is born before it looks at the clock; queued, on a busy machine.
    queue=$(facts late.pftrace thread "$name" bucket run_queue)
    assert_number "life of $name" "$got" "<=" "$((life + life / 20 + 20000000 + queue))"
    got=$(facts late.pftrace thread "$name" bucket 'cpu_user|cpu_kernel')
    assert_number "CPU time of $name" "$got" ">=" "$((cpu * 97 / 100))"
    assert_number "CPU time of $name" "$got" "<=" "$((cpu * 103 / 100 + 2000000))"
done <late.out
