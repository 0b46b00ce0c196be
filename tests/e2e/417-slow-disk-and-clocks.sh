#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, what is slow is outside
# timeout: 150
# A disk and a pipe that take little: the recording ends later, and is right, or says what it
# lost. Clocks of a time namespace, and no memory to lock, change nothing.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

loop='' group=''
undo()
{
    umount "$TMP/slow" 2>/dev/null
    [ -z "$loop" ] || losetup -d "$loop"
    [ -z "$group" ] || wait_until 5 "empty group" rmdir "$group"
}

# noted FILE REPORT: nothing is lost, or the report says so.
noted()
{
    facts "$1" check-sums
    [ "$(facts "$1" lost)" = 0 ] || assert_says "$2" 'records lost'
}

# throttle DEVICE BYTES: $group is one whose processes write no more than that a second.
throttle()
{
    local number

    number=$((16#$(stat -c %t "$1"))):$((16#$(stat -c %T "$1")))
    group=/sys/fs/cgroup/blkio/partrace-$$
    mkdir "$group" 2>/dev/null && echo "$number $2" >"$group/blkio.throttle.write_bps_device" && return
    group=/sys/fs/cgroup/partrace-$$
    echo +io 2>/dev/null >/sys/fs/cgroup/cgroup.subtree_control
    mkdir "$group" 2>/dev/null && echo "$number wbps=$2" 2>/dev/null >"$group/io.max" && return
    [ ! -d "$group" ] || rmdir "$group"
    group=
    return 1
}

start_ping_pong
busy=$PID

# Every write goes to the disk at once, which takes 300 kB a second.
truncate -s 64M disk
mkdir slow
if loop=$(losetup -f --show disk 2>/dev/null) && mkfs.ext4 -q "$loop" && mount -o sync "$loop" slow && throttle "$loop" 300000; then
    begin=$SECONDS
    run bash -c "echo \$\$ >$group/cgroup.procs; exec \"\$0\" -o slow/slow.pftrace -d 2 -p $busy" "$PARTRACE"
    assert_status 0
    echo "slow disk: $(stat -c %s slow/slow.pftrace) bytes, $(facts slow/slow.pftrace lost) lost, ended after $((SECONDS - begin)) s"
    assert_number "time that it took" $((SECONDS - begin)) ">" 3
    noted slow/slow.pftrace out
    assert_number "duration" "$(facts slow/slow.pftrace get recording.duration_ns)" "<" 2300000000
    "$PYTHON" "$TRACE_CHECK" slow/slow.pftrace
else
    echo "no slow disk here"
fi

# A pipe that nobody reads for longer than the recording lasts, and little of then.
"$PARTRACE" -q -o /dev/stdout -d 2 -p "$busy" 2>err | "$PYTHON" -c '
import os, time
time.sleep(3)
while True:
    data = os.read(0, 4096)
    if not data: break
    os.write(1, data)
    time.sleep(0.01)' >pipe.pftrace
"$PARTRACE" report pipe.pftrace >pipe.txt
noted pipe.pftrace pipe.txt
kill -KILL "$busy"

# In a time namespace clocks are days ahead, partrace's own too, and the kernel's are not.
kinds=nanosleep,cpu,pipe,mutex,condvar,poll
far='unshare --time --monotonic 500000 --boottime 700000 --fork --kill-child'
if $far true 2>/dev/null; then
    start_ready "$WORKLOADS/truth" --only $kinds --truth near.json --dir "$TMP"
    near=$PID
    # shellcheck disable=SC2086 # several words
    run $far "$PARTRACE" -o inside.pftrace -d 2 -p "$near"
    assert_status 0
    kill -TERM "$near"
    ended "$near"
    facts inside.pftrace check-sums
    facts inside.pftrace check-truth near.json
    assert_number "duration" "$(facts inside.pftrace get recording.duration_ns)" "<" 2300000000
    # shellcheck disable=SC2086
    record -q -o target.pftrace -- $far "$WORKLOADS/truth" --only $kinds --seconds 2 --truth far.json --dir "$TMP"
    facts target.pftrace check-sums
    facts target.pftrace check-truth far.json
fi

# Maps and rings are not memory that a user may lock.
if command -v setpriv >/dev/null; then
    chmod 755 "$TMP"
    cp "$PARTRACE" partrace
    mkdir -m 777 theirs
    start "$WORKLOADS/truth" --only nanosleep --seconds 60
    run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+perfmon,+sys_ptrace \
        --ambient-caps=-all,+bpf,+perfmon,+sys_ptrace bash -c "ulimit -l 0; exec ./partrace -q -o theirs/locked.pftrace -d 300ms -p $PID"
    [ "$STATUS" = 0 ] || { assert_one_error; assert_says err 'memory|memlock'; }
    [ "$STATUS" != 0 ] || facts theirs/locked.pftrace check-sums
fi
