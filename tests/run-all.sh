#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What `make check` does: every tier, with and without sanitizers, and the sum.
#
#	MAKE=MAKE	which make, with the jobs that were asked for
#	OUT=DIR		where it builds (default: build); with sanitizers: DIR-san
#
# One tier's failure does not hide the others. The last line is always
# 'N passed, N failed, N skipped': test functions of unit, cases of golden, scripts
# of e2e; other steps count as one. What could not run has failed.
set -u
cd "$(dirname "$0")/.." || exit 2

MAKE=${MAKE:-make}
OUT=${OUT:-build}
passed=0 failed=0 skipped=0
steps=()	# a line about each, printed at the end
output=$(mktemp)

# Called once, however it ends.
finish()
{
    trap - EXIT
    rm -f "$output"
    echo
    [ "${#steps[@]}" = 0 ] || printf '%s\n' "${steps[@]}"
    echo "$passed passed, $failed failed, $skipped skipped"
    # Said outright: of a trap, exit alone would take the status from before it.
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ] && exit 0
    exit 1
}
trap finish EXIT
trap 'failed=$((failed + 1)); exit' INT TERM HUP

# book NAME OK BAD SKIP
book()
{
    steps+=("$(printf '  %-18s %4d passed, %d failed, %d skipped' "$@")")
    passed=$((passed + $2))
    failed=$((failed + $3))
    skipped=$((skipped + $4))
}

# step NAME CMD…: run it; its last line tells the numbers, else it is one test.
step()
{
    local name=$1 status=0 sums start=$SECONDS
    local pattern='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'

    shift
    printf '\n==> %s\n' "$name"
    "$@" 2>&1 | tee "$output"
    status=${PIPESTATUS[0]}
    sums=$(grep -E "$pattern" "$output" | tail -n 1)
    echo "==> $name: $((SECONDS - start)) s, status $status"
    if [[ $sums =~ $pattern ]]; then
        set -- "${BASH_REMATCH[@]:1}"
        # All passed, it says, and yet it failed: then something else did.
        if [ "$status" != 0 ] && [ "$2" = 0 ]; then
            set -- "$1" 1 "$3"
        fi
        book "$name" "$@"
    elif [ "$status" = 0 ]; then
        book "$name" 1 0 0
    else
        book "$name" 0 1 0
    fi
    return "$status"
}

goal()
{
    # shellcheck disable=SC2086 # $MAKE has options
    $MAKE SAN= OUT="$OUT" "$@"
}

goal_san()
{
    # shellcheck disable=SC2086
    $MAKE SAN=1 OUT="$OUT-san" "$@"
}

goal_thread()
{
    # shellcheck disable=SC2086
    $MAKE SAN=thread OUT="$OUT-thread" "$@"
}

tiers=(unit 'unit, sanitized' golden 'golden, sanitized' e2e 'e2e, sanitized')

# Of what `make vmtest` records on other kernels, a little.
other_kernels()
{
    VM_CASES=doctor,locks VM_SECONDS=2 VM_LIMIT=300 goal vmtest VM='bullseye bookworm trixie sid'
}

step layers goal layers
step style goal style
step lint goal lint
if ! step build goal all; then
    for tier in "${tiers[@]}" 'seeds, sanitized' fuzz threads 'e2e, races'; do
        book "$tier" 0 1 0
    done
    exit
fi
for tier in "${tiers[@]}"; do
    case $tier in
    *,*) step "$tier" goal_san "${tier%,*}" ;;
    *)   step "$tier" goal "$tier" ;;
    esac
done
step 'seeds, sanitized' goal_san seeds
step fuzz goal fuzz FUZZ_SECONDS=3
step threads goal_thread threads
step 'e2e, races' goal_thread e2e TESTS='070 095 110'
step 'other kernels' other_kernels
