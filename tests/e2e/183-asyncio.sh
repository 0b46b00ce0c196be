#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# An event loop's waits go by what each of them brought, not by the loop.
. "$(dirname "$0")/lib.sh"
need_tracing

record -q -o aio.pftrace -- "$PYTHON" "$E2E/workloads/aio_roles.py" 3
facts aio.pftrace check-sums
on_cpu='^cpu_user|cpu_kernel|run_queue|throttled'

# role BUCKET THREAD: nine tenths of what it is off the CPU, not counting its start.
role()
{
    local share

    share=$(facts aio.pftrace share "$2" "$1" "$on_cpu")
    echo "$1: $share % $2"
    assert_number "share of $2 in $1's waits" "$share" ">=" 85
}

role aio-client ipc
role aio-sleep sleep
role aio-pipe ipc
# Its second thread sleeps as long as the first one waits for it.
share=$(facts aio.pftrace share sync aio-wakee "$on_cpu")
assert_number "share of sync in aio-wakee's waits" "$share" ">=" 42
# One request is always under way, so the loop itself waits for its own timer.
role aio-server sleep
