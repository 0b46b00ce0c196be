#!/bin/bash
# SPDX-License-Identifier: MIT
# Wrong usage: status 2, the reason, no usage page.
. "$(dirname "$0")/lib.sh"
need_partrace

bad()
{
    run "$PARTRACE" "$@"
    assert_status 2
    assert_says err '^(partrace:|usage:)'
    [ ! -s out ] || fail "an error went to standard output: $(cat out)"
    [ "$(wc -l <err)" -le 5 ] || fail "more than an error and a hint: $(cat err)"
}

bad
bad record
bad --no-such-option
bad record --no-such-option
bad no-such-command
bad -p
bad --
bad -p 1 -a
bad -p 1 -- true
bad -d 1
bad report
bad report --no-such-option x

# No recording at all, or not one: that is a failure, not usage.
for file in /no/such/file /dev/null /bin/true; do
    run "$PARTRACE" report "$file"
    assert_status 1
    assert_one_error
    assert_says err "$file"
done
