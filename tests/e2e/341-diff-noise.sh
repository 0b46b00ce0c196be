#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the unit tests of diff are
# timeout: 150
# The same again raises no alarm, a fifth more work does: in 19 of 20 tries.
. "$(dirname "$0")/lib.sh"
need_tracing
[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"

export PYTHON
if ! "$PYTHON" "$TOP/tests/diff-proof.py" --tries 20 --amount 300 --modes threads >proof 2>&1; then
    cat proof >&2
    fail "$(tail -n 1 proof)"
fi
