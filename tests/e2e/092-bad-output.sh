#!/bin/bash
# SPDX-License-Identifier: MIT
# Where it can't write it says so, and harms nothing.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

start_ready "$WORKLOADS/truth" --seconds 50 --dir "$TMP" --truth truth.json
target=$PID

# refuse FILE: with one error that names it, in time.
refuse()
{
    run "$PARTRACE" -q -o "$1" -d 1 -p "$target"
    assert_status 1
    assert_one_error
    assert_says err "${1##*/}"
}

mkdir directory
refuse "$TMP/directory"
refuse "$TMP/directory/"
refuse "$TMP/no/such/place.pftrace"
refuse /proc/self/place.pftrace
[ -z "$(ls directory)" ] || fail "left something in the directory"

# Not ours, not touched; nor is its .partial, whatever it is.
echo 'dear diary' >diary.txt
cp -p diary.txt before.txt
refuse "$TMP/diary.txt"
cmp diary.txt before.txt || fail "overwrote a foreign file"
echo 'dear diary' >other.pftrace.partial
run "$PARTRACE" -q -o other.pftrace -d 300ms -p "$target"
[ "$STATUS" != 0 ] || [ -s other.pftrace ] || fail "neither refused nor recorded"
[ "$STATUS" = 0 ] || cmp other.pftrace.partial before.txt || fail "overwrote a foreign .partial"

# A device: /dev/full stays what it is, and so does its neighbour.
mknod full c 1 7
run "$PARTRACE" -q -o "$TMP/full" -d 500ms -p "$target"
assert_status 1
assert_one_error
[ -c full ] || fail "replaced a device by a file"
[ ! -e full.partial ] || fail "left full.partial"

# A file of our own may be replaced.
record -q -o own.pftrace -d 300ms -p "$target"
record -q -o own.pftrace -d 300ms -p "$target"

# A disk that fills up while it records.
mkdir small
undo()
{
    umount "$TMP/small" 2>/dev/null
}
mount -t tmpfs -o size=64k none small 2>/dev/null || exit 0
run "$PARTRACE" -q -o small/big.pftrace -d 3 -p "$target"
assert_status 1
assert_one_error
assert_says err 'no space'
