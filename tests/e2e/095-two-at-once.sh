#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, partrace is alone in its memory
# Two recordings at once, of different targets and of the same one.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

start_ready "$WORKLOADS/truth" --only nanosleep,cpu --seconds 50
one=$PID
start_ready "$WORKLOADS/truth" --only pipe,condvar --seconds 50
two=$PID

start_record one.pftrace -q -d 2 -p "$one"
first=$PID
start_record two.pftrace -q -d 1 -p "$two"
second=$PID
start_record again.pftrace -q -d 1 -p "$one"
third=$PID
for pid in "$first" "$second" "$third"; do
    ended "$pid"
    assert_status 0
done
for file in one two again; do
    facts "$file.pftrace" check-sums
    assert_equal "lost by $file" "$(facts "$file.pftrace" lost)" 0
done
for file in one again; do
    assert_equal "threads in $file" "$(facts "$file.pftrace" thread nanosleep count)" 1
    assert_equal "threads in $file" "$(facts "$file.pftrace" thread pipe count)" 0
    assert_number "sleep in $file" "$(facts "$file.pftrace" share sleep nanosleep '^run_queue')" ">=" 80
done
assert_equal "threads in two" "$(facts two.pftrace thread pipe count)" 1
assert_equal "threads in two" "$(facts two.pftrace thread cpu count)" 0

# The same file twice: the second one must not spoil the first one's.
start_record same.pftrace -q -d 2 -p "$one"
first=$PID
run "$PARTRACE" -q -o same.pftrace -d 500ms -p "$two"
ended "$first"
assert_status 0
assert_equal "whose recording" "$(facts same.pftrace thread nanosleep count)" 1
