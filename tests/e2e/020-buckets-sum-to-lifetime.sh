#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever is recorded, however it starts and ends: each thread's buckets sum to
# its life, to the nanosecond.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth family storm many

check()
{
    facts "$1" check-sums || fail "$1: the sums above are wrong"
}

record -o storm.pftrace -- "$WORKLOADS/storm" --rate 200 --seconds 0.5
check storm.pftrace

start_ready "$WORKLOADS/truth" --seconds 20 --truth truth.json --dir "$TMP"
began=${EPOCHREALTIME/./}
record -o attached.pftrace -d 700ms -p "$PID"
took=$(((${EPOCHREALTIME/./} - began) * 1000))
check attached.pftrace
record -o light.pftrace -d 700ms --light -p "$PID"
check light.pftrace
record -o alone.pftrace -d 700ms --no-follow -p "$PID"
check alone.pftrace

# The time named is the time recorded; on a busy machine, it is stopped late.
duration=$(facts attached.pftrace get recording.duration_ns)
assert_number "recorded duration" "$duration" ">=" 700000000
assert_number "recorded duration" "$duration" "<=" 1700000000
assert_number "recorded duration" "$duration" "<=" "$took"

# Several targets: the second ends while both are recorded.
first=$PID
start_ready "$WORKLOADS/family" --before --seconds 2 >family.out
record -o two.pftrace -d 3s -p "$first,$PID"
check two.pftrace
for pid in "$first" "$PID"; do
    facts two.pftrace process "$pid" name >/dev/null
done
