#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the unit tests of diff are
# timeout: 200
# The same again raises no alarm, a fifth more work does: in 19 of 20 tries. Who is right
# that often has fewer than 16 of 20 once in 400 times, and fewer than 19 once in four.
. "$(dirname "$0")/lib.sh"
need_tracing
[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"

export PYTHON
status=0
"$PYTHON" "$TOP/tests/diff-proof.py" --tries 20 --required 0.8 --amount 300 --modes threads --patience 130 >proof 2>&1 || status=$?
cat proof >&2
[ "$status" != 77 ] || skip "$(tail -n 1 proof)"
[ "$status" = 0 ] || fail "$(tail -n 1 proof)"
