#!/bin/bash
# SPDX-License-Identifier: MIT
# How processes end: exit status or signal, in the facts and, if somebody was killed
# who should not have been, in the report.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload starts

run "$PARTRACE" -o ends.pftrace -- "$WORKLOADS/starts" ends
assert_status 0
grep '^end ' "$TMP/out" >ends.out
[ "$(wc -l <ends.out)" = 6 ] || fail "not all ended: $(cat ends.out)"
while read -r _ pid status signal; do
    [ "$signal" != - ] || signal=null
    assert_equal "exit code of $pid" "$(facts ends.pftrace process "$pid" exit_code)" "$status"
    assert_equal "signal of $pid" "$(facts ends.pftrace process "$pid" exit_signal)" "$signal"
    case $signal in
    SIGKILL|SIGSEGV|SIGABRT) assert_says "$TMP/out" "$pid killed by $signal after [0-9.]+ ms" ;;
    *) assert_says_not "$TMP/out" "$pid killed by" ;;
    esac
done <ends.out
facts ends.pftrace check-keys
