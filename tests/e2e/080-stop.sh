#!/bin/bash
# SPDX-License-Identifier: MIT
# Ctrl-C, SIGTERM and the target's end all give a complete report and trace.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth
need_cmd env

check()
{
    local file=$1

    assert_status 0
    [ -s "$file" ] || fail "no $file"
    [ ! -e "$file.partial" ] || fail "$file.partial is left over"
    assert_says "$file.out" 'verdict'
    assert_says "$file.out" "$file"
    facts "$file" check-sums
    facts "$file" check-keys
    "$PARTRACE" report "$file" >report.txt 2>&1
    assert_says_not report.txt 'truncated'
}

for signal in INT TERM HUP; do
    start_ready "$WORKLOADS/truth" --only nanosleep,pipe --seconds 60
    target=$PID
    start_record "$signal.pftrace" -p "$target"
    sleep 0.3
    kill "-$signal" "$PID"
    ended "$PID"
    check "$signal.pftrace"
    kill -0 "$target" || fail "the target did not survive SIG$signal to partrace"
    kill -KILL "$target"
done

start_ready "$WORKLOADS/truth" --only nanosleep,pipe --seconds 2
start_record end.pftrace -p "$PID"
ended "$PID"
check end.pftrace

# A launched command that still runs is ended, with the recording.
start_record launched.pftrace -d 500ms -- sleep 60
ended "$PID"
check launched.pftrace
start_record killed.pftrace -- sleep 60
kill -INT "$PID"
ended "$PID"
check killed.pftrace
