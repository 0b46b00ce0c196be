#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 190 and 020 record the same
# timeout: 120
# Python's queues, pipes, managers, shared memory and pools come out as what they are,
# with what was sent through them, forked and spawned.
. "$(dirname "$0")/lib.sh"
need_tracing

bad=0

# try PYTHON METHOD WAY
try()
{
    local name=$2-$3

    record -q -o "$name" -- "$1" "$E2E/workloads/channels.py" "$2" "$3" "$name.truth"
    json_of "$name"
    echo "== $name"
    "$PYTHON" "$E2E/used_as.py" "$name.json" "$name.truth" || bad=1
}

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 8))' || skip "needs Python 3.8 or later"
for way in queue pipe oneway manager memory executor pool; do
    try "$PYTHON" fork "$way"
done
for way in queue pipe manager executor; do
    try "$PYTHON" spawn "$way"
done
[ "$bad" = 0 ] || fail "partrace and the program disagree, see above"
