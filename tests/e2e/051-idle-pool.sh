#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# Threads that wait in queue.get() are neither contended nor busy.
. "$(dirname "$0")/lib.sh"
need_tracing

start_ready "$PYTHON" "$E2E/workloads/queue_pool.py" --threads 4 --seconds 60
record -q -o pool.pftrace -d 3 -p "$PID"
facts pool.pftrace check-sums
assert_number "sync share" "$(facts pool.pftrace share sync idler '^run_queue')" ">=" 90
assert_number "gil share" "$(facts pool.pftrace share gil idler)" "<" 1
assert_number "lock share" "$(facts pool.pftrace share 'lock|kernel_lock' idler)" "<" 1
assert_equal "class" "$(facts pool.pftrace get verdict.class)" idle
