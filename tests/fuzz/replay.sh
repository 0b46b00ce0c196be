#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each seed once: tests/fuzz/replay.sh OUT NAME…. Also the events and facts of golden
# cases, which are seeds of two fuzzers.
set -u
here=$(dirname "$0")
out=$1/tests/fuzz
shift
TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT

passed=0
failed=0
for name; do
    set -- "$here/seeds/$name"/*
    case $name in
    event_text) set -- "$@" "$here"/../golden/*/events.txt ;;
    facts)      set -- "$@" "$here"/../golden/*/facts.json ;;
    esac
    if [ -e "$1" ] && timeout 300 "$out/fuzz_$name" "$@" >"$out/$name.log" 2>&1 </dev/null; then
        printf '  PASS    seeds of %s: %d\n' "$name" $#
        passed=$((passed + 1))
    else
        tail -n 60 "$out/$name.log"
        echo "FAILED: seeds of $name" >&2
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
