#!/bin/bash
# SPDX-License-Identifier: MIT
# Under sudo files are the caller's, and nobody else can choose where they go.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd setpriv

chmod 755 "$TMP"
export SUDO_UID=65534 SUDO_GID=65534
mkdir -m 755 mine roots
chown 65534:65534 mine
mkdir -m 1777 sticky
mkdir -m 777 open

# as_attacker CMD…
as_attacker()
{
    setpriv --reuid=65533 --regid=65533 --clear-groups "$@"
}

# made FILE: by nobody, for nobody alone, and nothing beside it.
made()
{
    assert_equal "owner and mode of $1" "$(stat -c %u:%g:%a "$1")" 65534:65534:600
    [ ! -e "$1.partial" ] || fail "left $1.partial"
    "$PARTRACE" report "$1" >/dev/null || fail "no report of $1"
}

for place in mine roots sticky open; do
    record -q -o $place/run.pftrace -- true
    made $place/run.pftrace
    # Once more: one of ours is replaced.
    record -q -o $place/run.pftrace -- true
    made $place/run.pftrace
done
record -q -d 300ms -p $$ -o sticky/attached.pftrace
made sticky/attached.pftrace
# While it records it is the caller, who can end it.
start_record mine/run.pftrace -d 30 -p $$
assert_equal "user of partrace" "$(sed -n 's/^Uid:\t//p' "/proc/$PID/status")" $'65534\t65534\t65534\t65534'
setpriv --reuid=65534 --regid=65534 --clear-groups kill -INT "$PID"
ended "$PID"
assert_status 0

# refused PATH: one error, and what others own is as it was.
mkdir -m 700 treasure
echo 'dear diary' >treasure/diary
cp "$PARTRACE" .
record -q -o treasure/old.pftrace -- true
cp -p treasure/old.pftrace old.copy
refused()
{
    run "$PARTRACE" -q -o "$1" -d 300ms -p $$
    assert_status 1
    assert_one_error
    assert_equal "the treasure" "$(ls treasure)" $'diary\nold.pftrace'
    assert_equal "the diary" "$(cat treasure/diary)" 'dear diary'
    cmp treasure/old.pftrace old.copy || fail "changed somebody's recording"
}

# The kernel's own protection would hide ours.
links=$(cat /proc/sys/fs/protected_symlinks) fifos=$(cat /proc/sys/fs/protected_fifos)
sudo_dir=/tmp/partrace-sudo.$$ sudo_rule=/etc/sudoers.d/partrace-test-$$
undo()
{
    echo "$links" >/proc/sys/fs/protected_symlinks
    echo "$fifos" >/proc/sys/fs/protected_fifos
    rm -rf "$sudo_rule" "$sudo_dir"
}
echo 0 >/proc/sys/fs/protected_symlinks
echo 0 >/proc/sys/fs/protected_fifos
for who in caller root; do
    [ $who = caller ] || unset SUDO_UID SUDO_GID
    for place in sticky open; do
        as_attacker ln -sf "$TMP/treasure/diary" $place/a.pftrace
        refused $place/a.pftrace
        as_attacker ln -sf "$TMP/treasure/old.pftrace" $place/b.pftrace
        refused $place/b.pftrace
        as_attacker ln -sf "$TMP/treasure/new.pftrace" $place/c.pftrace
        refused $place/c.pftrace
        as_attacker ln -sf "$TMP/treasure/diary" $place/d.pftrace.partial
        refused $place/d.pftrace
        as_attacker ln -sfn "$TMP/treasure" $place/dir
        refused $place/dir/e.pftrace
        as_attacker ln -sfn dir $place/twice
        refused $place/twice/e.pftrace
        as_attacker bash -c "[ -p $place/f.pftrace ] || mkfifo -m 666 $place/f.pftrace"
        refused $place/f.pftrace
    done
done

# One's own links lead where they should, and so do /proc's.
mkdir deep
ln -s deep link
ln -s ../link/. deep/back
record -q -o deep/back/x.pftrace -- true
[ -s deep/x.pftrace ] || fail "did not follow own links"
exec 7<deep
record -q -o /proc/self/fd/7/../deep/y.pftrace -- true 7<deep
[ -s deep/y.pftrace ] || fail "did not follow a link of /proc"
record -q -o "$TMP//deep/./z.pftrace" -- true
[ -s deep/z.pftrace ] || fail "did not make deep/z.pftrace"

# The real sudo, if it is there.
command -v sudo >/dev/null || exit 0
install -d -m 700 -o 65534 -g 65534 "$sudo_dir"
echo 'nobody ALL=(root) NOPASSWD: ALL' >"$sudo_rule"
chmod 440 "$sudo_rule"
cd "$sudo_dir"
run setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp/home COLOUR=green PATH="/own/bin:$PATH" \
    sudo -n "$TMP/partrace" -q -o sudo.pftrace -- sh -c 'id -u; echo "$HOME $COLOUR $PATH ${SUDO_UID-none}"; exit 5'
assert_status 5
made sudo.pftrace
assert_equal "what the command saw" "$(cat "$TMP/out")" "65534
/tmp/home green /own/bin:$PATH none"
