#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# timeout: 90
# Each kind of wait, within 5 % of what the program measured in the same run:
# launched and attached to, both also with --light.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

bad=0
check()
{
    echo "== $1"
    facts "$1" check-sums || bad=1
    facts "$1" check-truth "$2" || bad=1
}

for mode in '' --light; do
    name=launched$mode
    record $mode -o "$name.pftrace" -- "$WORKLOADS/truth" --seconds 3 --truth "$name.json" --dir "$TMP"
    check "$name.pftrace" "$name.json"

    name=attached$mode
    start_ready "$WORKLOADS/truth" --truth "$name.json" --dir "$TMP"
    record $mode -o "$name.pftrace" -d 3 -p "$PID"
    kill -TERM "$PID"
    ended "$PID"
    check "$name.pftrace" "$name.json"
done
[ "$bad" = 0 ] || fail "partrace and the program disagree, see above"
