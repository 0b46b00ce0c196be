#!/bin/bash
# SPDX-License-Identifier: MIT
# Process ids that can't be recorded: one line that names it, and the right status.
. "$(dirname "$0")/lib.sh"
need_tracing

for pid in abc 0 -5 '' 12x 99999999999 1,,2; do
    run "$PARTRACE" -p "$pid" -d 1
    assert_status 2
    assert_says err '^partrace: '
done

# One that ran, and does no more.
true &
gone=$!
wait "$gone"
run "$PARTRACE" -p "$gone" -d 1
assert_status 1
assert_one_error
assert_says err "$gone"
assert_says err 'no such process|not running|ended|does not exist'

[ -z "$(ls -- *.pftrace* 2>/dev/null)" ] || fail "files are left over: $(ls)"
