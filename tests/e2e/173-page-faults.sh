#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# A fault that sleeps is memory, also where a disk is behind it; and major faults are as
# many as the kernel tells the program itself.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

[ -b "$(df --output=source "$TMP" | tail -n 1)" ] || skip "needs a block device below $TMP"

record -o faults.pftrace -- "$WORKLOADS/truth" --only mapped --seconds 2 --truth faults.json \
    --dir "$TMP"
json_of faults.pftrace
facts faults.pftrace.json check-sums || fail "the buckets' sum is no life"
facts faults.pftrace.json check-truth faults.json || fail "partrace and the program disagree"

theirs=$("$PYTHON" -c 'import json; print(json.load(open("faults.json"))["majflt"])')
ours=$(facts faults.pftrace.json get io.faults.major)
assert_number "major faults, by getrusage" "$theirs" '>' 200
# The program may take one more on its way out.
assert_number "major faults" "$ours" '>=' "$theirs"
assert_number "major faults" "$ours" '<=' $((theirs + 5))
assert_number "requests" "$(facts faults.pftrace.json get io.disk.reads)" '>=' $((theirs * 9 / 10))
