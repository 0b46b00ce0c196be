#!/bin/bash
# SPDX-License-Identifier: MIT
# The binary says what it is and what it takes; standard output, status 0.
. "$(dirname "$0")/lib.sh"
need_partrace

run "$PARTRACE" --version
assert_status 0
assert_says "$TMP/out" '^partrace [0-9]+\.[0-9]+'

run "$PARTRACE" --help
assert_status 0
assert_says "$TMP/out" 'usage'
assert_says "$TMP/out" 'report'

for command in record report; do
    run "$PARTRACE" "$command" --help
    assert_status 0
    assert_says "$TMP/out" "usage: partrace .*$command"
done

# Whatever is written to a full disk is lost: that is no success.
STATUS=0
"$PARTRACE" --help >/dev/full 2>"$TMP/err" || STATUS=$?
assert_status 1
