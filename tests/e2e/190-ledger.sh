#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# timeout: 90
# What a program sends through every kind of channel, within 1 % of what it says
# itself, and both ends by name: launched, attached to, and with one end traced.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload ledger

bad=0

# attached NAME OPTION…: sends once the recording runs
attached()
{
    local name=$1 ledger

    shift
    start_ready "$WORKLOADS/ledger" --signal --hold --truth "$name.truth" --dir "$TMP"
    ledger=$PID
    start_record "$name" "$@" -p "$ledger"
    kill -USR1 "$ledger"
    wait_until 30 "$name.truth" test -s "$name.truth"
    kill -INT "$PID"
    ended "$PID"
    kill -TERM "$ledger"
    ended "$ledger"
}

record -o launched -- "$WORKLOADS/ledger" --truth launched.truth --dir "$TMP"
json_of launched
"$PYTHON" "$E2E/ledger.py" launched.json launched.truth || bad=1
assert_says out 'ledger( [0-9]+)? -> ledger-child'

attached attached
json_of attached
"$PYTHON" "$E2E/ledger.py" attached.json attached.truth || bad=1

attached alone --no-follow
json_of alone
"$PYTHON" "$E2E/ledger.py" alone.json alone.truth one-sided || bad=1

[ "$bad" = 0 ] || fail "partrace and the program disagree, see above"
