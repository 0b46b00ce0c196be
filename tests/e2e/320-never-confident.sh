#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the verdict's unit tests are
# timeout: 90
# What does next to nothing, or was not recorded as a whole, never gets a confident verdict.
. "$(dirname "$0")/lib.sh"
need_tracing

# unsure NAME WHY: its confidence is low, and the report says why.
unsure()
{
    local confidence

    confidence=$(facts "$1.pftrace" get verdict.confidence)
    assert_number "confidence of $1" "$confidence" "<" 0.45
    "$PARTRACE" report "$1.pftrace" >"$1.txt"
    tr -s ' \n' ' ' <"$1.txt" >"$1.line"
    assert_says "$1.line" "$2"
}

start_ready "$PYTHON" "$E2E/workloads/queue_pool.py" --threads 4 --seconds 60
record -q -o pool.pftrace -d 2 -p "$PID"
unsure pool 'confidence: low'
unsure pool 'next to nothing to do'

start "$PYTHON" "$E2E/workloads/fetch_crunch.py" --serve >port
server=$PID
wait_until 20 "port of the server" test -s port
record -q -o server.pftrace -d 2 -p "$server"
unsure server 'next to nothing to do'
assert_equal "class of an idle server" "$(facts server.pftrace get verdict.class)" idle

start "$PYTHON" -c "while True: pass"
busy=$PID
sleep 0.3
kill -STOP "$busy"
record -q -o stopped.pftrace -d 2 -p "$busy"
unsure stopped 'it was stopped|next to nothing to do'
kill -CONT "$busy"

record -q -o brief.pftrace -d 50ms -p "$busy"
unsure brief 'a verdict takes at least 200 ms'
assert_equal "fit of 50 ms" "$(facts brief.pftrace get verdict.fit)" inconclusive
kill -KILL "$busy"

# The rings run over while partrace does not come to empty them.
start "$PYTHON" -c '
import os, signal
parent, ends = os.getpid(), [os.pipe() for _ in range(4)]
for i in range(4):
    if os.fork() == 0:
        signal.alarm(60) # the last one that reads waits for nobody
        mine, other = ends[i][0], ends[i ^ 1][1]
        while os.getppid() == parent:
            os.read(mine, 1)
            os.write(other, b"x")
        os._exit(0)
for i in (0, 2):
    os.write(ends[i][1], b"x")
os.wait()'
noisy=$PID
sleep 0.3
start_record lost.pftrace -d 6 -p "$noisy"
kill -STOP "$PID"
sleep 4
kill -CONT "$PID"
ended "$PID"
lost=$(facts lost.pftrace lost)
[ "$lost" != 0 ] || skip "nothing was lost, however long partrace was stopped"
unsure lost 'records were lost'
