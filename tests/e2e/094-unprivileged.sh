#!/bin/bash
# SPDX-License-Identifier: MIT
# Without the right to trace it says what it needs, in a line, and status 1;
# reports need no rights.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd setpriv

chmod 755 "$TMP"
cp "$PARTRACE" "$TMP/partrace"
record -q -o root.pftrace -- true
chmod 644 root.pftrace
mkdir -m 777 theirs
cd theirs

as_nobody()
{
    run setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

as_nobody "$TMP/partrace" -d 1 -p $$
assert_status 1
cp "$TMP/err" err
assert_one_error
assert_says err 'root|sudo|CAP_|permi'
as_nobody "$TMP/partrace" -- true
assert_status 1
[ "$(ls -A)" = err ] || fail "left something behind: $(ls -A)"

as_nobody "$TMP/partrace" report ../root.pftrace
assert_status 0
assert_says "$TMP/out" 'verdict'
as_nobody "$TMP/partrace" --help
assert_status 0
