#!/bin/bash
# SPDX-License-Identifier: MIT
# --max-overhead: what costs too much is given up, sums stay exact, and the report says so.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

# More than any recording can hold: both steps are taken, one second each.
record --max-overhead 0.001% -o held.pftrace -- "$WORKLOADS/truth" --only mutex,pipe,cpu \
    --seconds 5 --dir "$TMP" --truth truth.json
assert_says out '^Reduced   to stay within 0.001 % of one CPU'
"$PYTHON" "$E2E/facts.py" held.pftrace check-sums || fail "sums are not exact"
until_ns=$("$PYTHON" "$E2E/facts.py" held.pftrace get recording.overhead.calls_until_ns)
assert_number "system calls counted until" "$until_ns" ">=" 1000000000
assert_number "system calls counted until" "$until_ns" "<=" 4000000000
left_ns=$("$PYTHON" "$E2E/facts.py" held.pftrace get recording.overhead.left_out_ns)
assert_number "timeline left out" "$left_ns" ">=" 500000000
"$PYTHON" "$TRACE_CHECK" held.pftrace

# A limit that holds changes nothing.
record --max-overhead 100% -o all.pftrace -- "$WORKLOADS/truth" --only pipe --seconds 2 \
    --dir "$TMP" --truth truth2.json
assert_says_not out '^Reduced'

for bad in 2 0% 101% x% ''; do
    run "$PARTRACE" --max-overhead "$bad" -- true
    assert_status 2
done
