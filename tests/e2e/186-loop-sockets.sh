#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 185 records the same
# A loop with 1,000 connections that keeps up is told so, and how many sockets it has.
. "$(dirname "$0")/lib.sh"
need_tracing

ulimit -n 4096 || skip "no more than $(ulimit -n) descriptors"
record -q -o many.pftrace -- "$PYTHON" "$E2E/workloads/loop_aio.py" healthy 5 many.json 1000
facts many.pftrace check-sums
"$PYTHON" "$E2E/loops.py" many.pftrace truth many.json
asked=$("$PYTHON" -c 'import json; print(json.load(open("many.json"))["clients"])')
assert_number "clients that asked" "$asked" ">" 500
sockets=$("$PYTHON" "$E2E/loops.py" many.pftrace get sockets)
assert_number "sockets, of $asked connections" "$sockets" ">=" "$asked"
assert_equal "current" "$(facts many.pftrace get verdict.current)" async
assert_in "fit" "$(facts many.pftrace get verdict.fit)" async either
