#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the unit tests of diff are
# timeout: 600
# The same again raises no alarm, a fifth more work does: in 19 of 20 tries, of threads and of
# processes. Who is right that often has fewer than 16 of 20 once in 400 times, and fewer than 19 once in four.
# Where the machine itself needs a tenth more CPU time for the same, diff has to say so: then it is recorded
# once more.
. "$(dirname "$0")/lib.sh"
need_tracing
[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"

export PYTHON OUT
for _ in 1 2; do # chance hardly comes twice
    status=0
    "$PYTHON" "$TOP/tests/diff-proof.py" --only threads,pool-short --required 0.8 --steady 0.1 -v >proof 2>&1 || status=$?
    cat proof >&2
    [ "$status" = 1 ] || break
done
[ "$status" != 77 ] || skip "needs a machine that takes about the same CPU time for the same work"
[ "$status" = 0 ] || fail "diff does not tell noise from change"
