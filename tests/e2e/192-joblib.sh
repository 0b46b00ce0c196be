#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 190 and 020 record the same
# joblib's queues and the array that it shares with its workers come out as what they are.
. "$(dirname "$0")/lib.sh"
need_tracing

for python in "$PYTHON" /usr/bin/python3; do
    ! "$python" -c 'import joblib, numpy' 2>/dev/null || break
    python=
done
[ -n "$python" ] || skip "needs joblib and numpy (python3-joblib)"

record -q -o run -- "$python" "$E2E/workloads/channels.py" fork joblib_numpy truth
json_of run
"$PYTHON" "$E2E/used_as.py" run.json truth || fail "partrace and the program disagree, see above"
