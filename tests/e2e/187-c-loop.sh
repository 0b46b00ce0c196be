#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 185 records the same
# Loops in C, by each kind of poll, and what holds them up.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload loop

# check HOW WHAT SYSCALL
check()
{
    echo "== $1 $2"
    record -q -o "$1-$2.pftrace" -- "$WORKLOADS/loop" "$1" "$2" 2 truth.json
    "$PYTHON" "$E2E/loops.py" "$1-$2.pftrace" truth truth.json "$2=$3"
    assert_equal "loops" "$("$PYTHON" "$E2E/loops.py" "$1-$2.pftrace" count)" 1
}

check epoll nothing -
check epoll sleep clock_nanosleep
check epoll poll poll
check poll cpu cpu
check poll sleep clock_nanosleep
check select child wait4

# Attached to in the middle, and left before its end.
start "$WORKLOADS/loop" epoll sleep 6 late.json
sleep 0.5
record -q -o late.pftrace -d 2 -p "$PID"
lag=$("$PYTHON" "$E2E/loops.py" late.pftrace get lag_p95_ns)
ended "$PID"
echo "attached for a third of it: $lag, by itself $(cat late.json)"
assert_number "lag, attached" "$lag" ">" 25000000
# Of 2 s, 0.1 s beyond that is needed to make it more.
longest=$("$PYTHON" -c 'import json; print(int(json.load(open("late.json"))["turn_max_ns"][1]))')
[ "$longest" -gt 100000000 ] || longest=32000000
assert_number "lag, attached" "$lag" "<" "$longest"
