#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# CPU time is what the kernel's own clock says, within 2 %.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

record -o cpu.pftrace -- "$WORKLOADS/truth" --only cpu --seconds 2 --truth truth.json
facts cpu.pftrace check-sums
got=$(facts cpu.pftrace thread cpu bucket 'cpu_user|cpu_kernel')
want=$("$PYTHON" -c '
import json
with open("truth.json") as file:
    print(sum(w[2] for w in json.load(file)["waits"][0]["intervals"]))')
assert_number "CPU time" "$got" ">=" "$((want * 98 / 100))"
assert_number "CPU time" "$got" "<=" "$((want * 102 / 100))"

# It hardly enters the kernel; the split may be an estimate, yet no guess.
user=$(facts cpu.pftrace thread cpu bucket cpu_user)
assert_number "user CPU time" "$user" ">=" "$((want * 85 / 100))"
# What is neither CPU nor waiting for it is nothing at all, in a loop.
awake=$(facts cpu.pftrace thread cpu bucket 'cpu_user|cpu_kernel|run_queue|throttled')
life=$(facts cpu.pftrace thread cpu lifetime)
assert_number "CPU and waiting for it" "$awake" ">=" "$((life * 98 / 100))"

# One that the end finds on a CPU did not wait for it, however long ago it came, and whether or not
# that was to be seen: the kernel's own sum of such waits is at most a turn behind.
busy=()
for _ in 1 2; do
    start bash -c 'while :; do :; done'
    busy+=("$PID")
done
# Not %d: Debian's awk ends at 2^31, which is two seconds.
delays()
{
    awk '{ sum += $2 } END { printf "%.0f\n", sum }' "/proc/${busy[0]}/schedstat" "/proc/${busy[1]}/schedstat"
}
is_stopped() { [ "$(state_of "$1")" = T ]; }
for _ in 1 2 3 4 5 6; do
    before=$(delays)
    record -q -d 300ms -o busy.pftrace -p "${busy[0]},${busy[1]}"
    # Of one in line for a CPU, the kernel counts that once it has one: who has stopped, had.
    kill -STOP "${busy[@]}"
    for pid in "${busy[@]}"; do wait_until 10 "stop of $pid" is_stopped "$pid"; done
    waited=$(($(delays) - before))
    kill -CONT "${busy[@]}"
    assert_number "queued at most" "$(facts busy.pftrace thread bash bucket run_queue)" "<=" "$((waited + 20000000))"
done
