#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 190 and 063 record the same processes
# The numbers in the advice come from the run: chunks, pool sizes, start-up.
. "$(dirname "$0")/lib.sh"
need_tracing

record -q -o tiny -- "$PYTHON" "$E2E/workloads/advice.py" tiny 2
"$PARTRACE" report tiny >report
assert_says report "chunksize=[1-9][0-9]+"
assert_says report "a task takes [0-9.]+ us"

record -q -o crowd -- taskset -c 0,1 "$PYTHON" "$E2E/workloads/advice.py" crowd 2
"$PARTRACE" report crowd >report
assert_says report "max_workers=2 in place of 6"

record -q -o brief -- "$PYTHON" "$E2E/workloads/advice.py" brief 2
"$PARTRACE" report brief >report
assert_says report "ms to start for [0-9.]+ ms of"
