#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run unit tests, built by make: tests/unit/run.sh PROGRAM...
#
# A program's output is left in PROGRAM.log, and shown if it fails. Ends with a line
# 'N passed, N failed, N skipped', which counts test functions.
set -u

passed=0
failed=0
skipped=0

# names VERDICT LOG: the tests of which cmocka says so; it lists some twice.
names() {
    sed -n "s/^\[ *$1 *\] \([A-Za-z0-9_]*\)$/\1/p" "$2" | sort -u
}

for program; do
    log=$program.log
    status=0
    "$program" >"$log" 2>&1 </dev/null || status=$?
    ok=$(names OK "$log" | wc -l)
    bad=$(names FAILED "$log" | wc -l)
    skip=$(names SKIPPED "$log" | wc -l)
    # It crashed, or a sanitizer ended it; or it tested nothing.
    if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ $((ok + skip)) = 0 ]; }; then
        bad=1
    fi
    if [ "$bad" = 0 ]; then
        printf '  PASS    %s: %d\n' "${program##*/}" "$ok"
        names SKIPPED "$log" | sed 's/^/  SKIP    /'
    else
        cat "$log"
        echo "FAILED: $program, status $status" >&2
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    skipped=$((skipped + skip))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed != 0 ]
