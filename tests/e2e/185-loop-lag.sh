#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 90
# How long an event loop's arrivals wait, and what holds the loop up, as asyncio's own clock says.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload loop

loops() { "$PYTHON" "$E2E/loops.py" "$@"; }

# assert_fits WHAT NAME
assert_fits()
{
    # shellcheck disable=SC2046 # one or several
    assert_in "$2" "$(facts "$1.pftrace" get verdict.fit)" $(loops "$1.pftrace" fit)
}

# what WHAT RULE
what()
{
    echo "== $1"
    record -q -o "$1.pftrace" -- "$PYTHON" "$E2E/workloads/loop_aio.py" "$1" 3 "$1.json"
    facts "$1.pftrace" check-sums
    loops "$1.pftrace" truth "$1.json" sleep="$sleep"
    assert_equal "current" "$(facts "$1.pftrace" get verdict.current)" async
    json_of "$1.pftrace"
    [ -z "$2" ] || assert_says "$1.pftrace.json" "\"rule\": *\"$2\""
    "$PARTRACE" report "$1.pftrace" | tr -s ' \n' ' ' >"$1.txt"
    assert_says "$1.txt" " Loop .*lag p95"
}

# Before 3.11 time.sleep() is a select of no descriptors.
sleep=$("$PYTHON" -c 'import sys; print("select" if sys.version_info < (3, 11) else "clock_nanosleep")')

what healthy already-async
# Unless turns were that long, and it says so itself.
if "$PYTHON" -c 'import json, sys; sys.exit(json.load(open("healthy.json"))["lag_p95_ns"][1] > 5e5)'; then
    assert_says healthy.txt "lag p95 < 1 ms"
fi
what sleep loop-blocks
assert_says sleep.txt "blocked in $sleep"
assert_fits sleep "fit of a loop that sleeps"
what cpu ''
assert_says cpu.txt "CPU stretches up to"
assert_fits cpu "fit of a loop that computes"
what fsync ""
assert_number "waits for fsync" "$(loops fsync.pftrace get blocked_ns)" ">" 1000000

# Without system calls, a poll that does not block isn't seen: no turns, but the calls that block.
# Neither are sockets that never end one: here the clients are outside of the loop.
record -q --light -o light.pftrace -- "$WORKLOADS/loop" epoll sleep 2 light.json
assert_equal "lag with --light" "$(loops light.pftrace get lag_p95_ns)" null
assert_number "blocked with --light" "$(loops light.pftrace get blocked_ns)" ">" 100000000
"$PARTRACE" report light.pftrace | tr -s ' \n' ' ' >light.txt
assert_says light.txt "lag not known"
