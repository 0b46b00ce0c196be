#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Feed each tests/golden/<case>/events.txt to the whole pipeline and compare what
# comes out with what lies beside it.
#
# tests/golden/run.sh [--update] GOLDEN [CASE…]
#
# GOLDEN is the program built from golden.c; without CASE all are run. --update
# writes what came out over what was expected.
set -u
update=
if [ "${1-}" = --update ]; then
    update=1
    shift
fi
golden=${1:?usage: run.sh [--update] GOLDEN [CASE...]}
shift
here=$(dirname "$0")
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0

# The facts, the report and the readable form of the trace, all in $tmp/out.
produce() {
    rm -rf "$tmp/out" && mkdir "$tmp/out" || return 1
    "$golden" "$1/events.txt" "$tmp/out" || return 1
    python3 "$here/../trace-check.py" --dump "$tmp/out/trace.pftrace" >"$tmp/dump" || return 1
    # How many chunks were worth packing is a matter of luck; in which order things
    # of the same time are written is nobody's business, but for those of one track.
    sed '$s/ packets=.*//' "$tmp/dump" | LC_ALL=C sort -s -k1,1n -k2,2 >"$tmp/out/trace.txt"
}

check() {
    produce "$1" || return 1
    if [ -n "$update" ]; then
        cp "$tmp/out/facts.json" "$tmp/out/report.txt" "$tmp/out/trace.txt" "$1"
        return
    fi
    same=0
    for file in facts.json report.txt trace.txt; do
        diff -u "$1/$file" "$tmp/out/$file" || same=1
    done
    return $same
}

[ $# -gt 0 ] || set -- "$here"/*/
for case; do
    case=${case%/}
    [ -e "$case/events.txt" ] || case=$here/$case
    if check "$case"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $case" >&2
    fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
