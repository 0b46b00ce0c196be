#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Run the end-to-end tests: all, or those named (tests/e2e/run.sh 040 gil), or those
# worth the time with sanitizers (tests/e2e/run.sh --sanitized).
#
#	PARTRACE=FILE	which binary (default: $OUT/partrace)
#	OUT=DIR		where make put things (default: build)
#	E2E_LOGS=DIR	where logs of failures are left (default: $OUT/e2e-logs)
#
# A test may say '# timeout: SECONDS' (default 60), and '# sanitized: no' with a reason
# if it shows nothing about partrace's memory that another one does not. Ends with a
# line 'N passed, N failed, N skipped'; fails if one failed, or if none passed.

set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
OUT=${OUT:-build}
[[ $OUT = /* ]] || OUT=$top/$OUT
export OUT
export PARTRACE=${PARTRACE:-$OUT/partrace}
logs=${E2E_LOGS:-$OUT/e2e-logs}
[[ $logs = /* ]] || logs=$PWD/$logs

# Tests whose name contains one of the arguments.
select_tests()
{
    local test name word

    for test in "$here"/[0-9]*.sh; do
        if [ "${1-}" = --sanitized ]; then
            grep -q '^# sanitized: no' "$test" || echo "$test"
            continue
        fi
        name=$(basename "$test" .sh)
        [ $# = 0 ] && echo "$test"
        for word; do
            [[ $name = *"${word%.sh}"* ]] && echo "$test" && break
        done
    done
}

time_limit()
{
    local limit

    limit=$(sed -n 's/^# timeout: \([0-9]*\)$/\1/p' "$1")
    echo "${limit:-60}"
}

# What a failed test said first; a sanitizer's word counts for more.
reason()
{
    { grep '^FAIL: a sanitizer' "$1"; grep '^FAIL: ' "$1"; } | sed -n '1s/^FAIL: //p'
}

# run_test TEST: one line about it; its status.
run_test()
{
    local test=$1 name log status=0 start limit seconds

    name=$(basename "$test" .sh)
    log=$logs/$name.log
    limit=$(time_limit "$test")
    start=${EPOCHREALTIME/./}
    mkdir -p "$logs/$name"
    # A process group of its own (timeout makes one), so that nothing outlives it.
    E2E_KEEP=$logs/$name timeout --kill-after=10 "$limit" bash "$test" >"$log" 2>&1 </dev/null ||
        status=$?
    seconds=$(((${EPOCHREALTIME/./} - start) / 100000))
    seconds=$((seconds / 10)).$((seconds % 10))
    case $status in
    0)  printf 'ok    %-28s %5s s\n' "$name" "$seconds" ;;
    77) printf 'skip  %-28s %5s s  %s\n' "$name" "$seconds" "$(sed -n 's/^skip: //p' "$log" | tail -n 1)" ;;
    124|137)
        printf 'FAIL  %-28s %5s s  took longer than %s s\n' "$name" "$seconds" "$limit" ;;
    *)  printf 'FAIL  %-28s %5s s  %s\n' "$name" "$seconds" "$(reason "$log")" ;;
    esac
    case $status in
    0|77) rm -rf "$log" "${logs:?}/$name" ;;
    esac
    return "$status"
}

passed=0 failed=0 skipped=0
mapfile -t tests < <(select_tests "$@")
mkdir -p "$logs"
if [ ! -x "$OUT/tests/workloads/truth" ]; then
    make -s -C "$top" OUT="$OUT" workloads || exit 1
fi

for test in "${tests[@]}"; do
    run_test "$test"
    case $? in
    0)  passed=$((passed + 1)) ;;
    77) skipped=$((skipped + 1)) ;;
    *)  failed=$((failed + 1)) ;;
    esac
done

[ "$failed" = 0 ] || echo "logs of failures: $logs"
[ "$passed" -gt 0 ] || echo "no test passed: nothing was shown"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
