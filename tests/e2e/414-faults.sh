#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, it stops and starves partrace
# timeout: 180
# Whatever goes wrong around it, partrace says so in one line or in the report: no number
# is wrong without a note beside it.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

groups=()	# control groups made here
untried=()	# what could not be made here

# kill_group DIR: one by one; so a fork bomb's processes may not fork meanwhile.
kill_group()
{
    local pid

    [ ! -e "$1/pids.max" ] || echo 0 >"$1/pids.max"
    while read -r pid; do kill -KILL "$pid" 2>/dev/null || true; done <"$1/cgroup.procs"
}

undo()
{
    local dir

    umount "$TMP/small" 2>/dev/null
    for dir in "${groups[@]}"; do
        kill_group "$dir"
        wait_until 5 "empty group" rmdir "$dir" || true
    done
}

# group CONTROLLER FILE VALUE: its directory is in $GROUP; $GROUP is empty if there is none.
group()
{
    local top

    GROUP=
    for top in "/sys/fs/cgroup/$1" /sys/fs/cgroup /sys/fs/cgroup/unified; do
        mkdir "$top/partrace-$$-$1" 2>/dev/null || continue
        groups+=("$top/partrace-$$-$1")
        echo "$3" 2>/dev/null >"$top/partrace-$$-$1/$2" || continue
        GROUP=$top/partrace-$$-$1
        return
    done
}

start_ready "$WORKLOADS/truth" --only 'nanosleep,cpu,pipe,mutex' --seconds 170
target=$PID

# A disk that fills up in the middle: what fits is a recording.
mkdir small
if mount -t tmpfs -o size=256k none small; then
    start_ready "$WORKLOADS/truth" --only 'pipe,pipe-writer,mutex,condvar,eventfd' --seconds 20
    busy=$PID
    run "$PARTRACE" -q -o small/full.pftrace -a -d 20
    assert_status 1
    assert_one_error
    assert_says err 'no space left'
    kill "$busy"
    run "$PARTRACE" report small/full.pftrace.partial
    assert_in "status of report of a full disk's" "$STATUS" 0 1
    [ "$STATUS" = 0 ] || assert_one_error
    umount small
else
    untried+=("a full disk: no tmpfs")
fi

# A closed pipe: where the recording goes, and where the report goes.
STATUS=0
"$PARTRACE" -q -o /dev/stdout -d 3 -p "$target" 2>err | head -c 100 >/dev/null || STATUS=${PIPESTATUS[0]}
assert_equal "status with a closed pipe" "$STATUS" 1
assert_one_error
assert_says err 'broken pipe'
"$PARTRACE" -o pipe.pftrace -d 300ms -p "$target" 2>err | true || true
[ -s pipe.pftrace ] || fail "no recording when nobody reads the report"
facts pipe.pftrace check-sums

# Stopped while the rings fill up: what was lost is counted, and makes the verdict doubtful.
start_ping_pong
storm=$PID
start_record stop.pftrace -d 12 -p "$storm"
kill -STOP "$PID"
sleep 9
kill -CONT "$PID"
ended "$PID"
assert_status 0
kill -KILL "$storm"
assert_number "lost records" "$(facts stop.pftrace lost)" ">" 0
assert_says stop.pftrace.out 'records lost for want of ring space'
assert_says stop.pftrace.out 'confidence: low|no verdict.*inconclusive'
facts stop.pftrace check-sums

# The wall clock jumps back and forth by hours: no duration knows of it.
cat >steps.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	static int calls;
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	int ret = real(id, ts);
	if (id == CLOCK_REALTIME && ++calls > 2)
		ts->tv_sec += calls % 2 ? 7200 : -7200;
	return ret;
}
C
gcc -shared -fPIC -o steps.so steps.c -ldl
run env LD_PRELOAD="$TMP/steps.so" "$PARTRACE" -o steps.pftrace -d 1 -p "$target"
assert_status 0
facts steps.pftrace check-sums
assert_number "duration" "$(facts steps.pftrace get recording.duration_ns)" "<" 1300000000
assert_number "duration" "$(facts steps.pftrace get recording.duration_ns)" ">" 900000000

# The target is killed: its end is told, and the recording is whole.
start_ready "$WORKLOADS/truth" --only nanosleep,pipe --seconds 50
start_record dies.pftrace -p "$PID"
recorder=$PID
kill -KILL "${STARTED[-2]}"
ended "$recorder"
assert_status 0
assert_equal "how it ended" "$(facts dies.pftrace get processes.0.exit_code)" 137
facts dies.pftrace check-sums

# Twenty at once.
pids=()
for i in {1..20}; do
    start "$PARTRACE" -q -o "many$i.pftrace" -d 2 -p "$target" 2>"many$i.err"
    pids+=("$PID")
done
for i in {1..20}; do
    ended "${pids[i - 1]}"
    [ "$STATUS" = 0 ] || { cat "many$i.err" >&2; fail "number $i of 20 ended with $STATUS"; }
    facts "many$i.pftrace" check-sums
done

# A fork bomb, in a group that keeps it small.
group pids pids.max 150
if [ -n "$GROUP" ]; then
    run "$PARTRACE" -o bomb.pftrace -d 3 -- bash -c "echo \$\$ >$GROUP/cgroup.procs
        bomb() { bomb | bomb & }; while :; do bomb; sleep 0.01; done 2>/dev/null"
    kill_group "$GROUP"
    assert_status 0
    facts bomb.pftrace check-sums
    assert_number "processes of the bomb" "$(facts bomb.pftrace count processes)" ">" 100
    [ "$(facts bomb.pftrace lost)" = 0 ] || assert_says out 'records lost'
else
    untried+=("a fork bomb: no cgroup with pids.max")
fi

# Too little memory: for itself, and for its maps.
for bytes in 100000 200000 300000; do
    run bash -c "ulimit -v $bytes; exec \"\$0\" -q -o ulimit.pftrace -d 300ms -p $target" "$PARTRACE"
    [ "$STATUS" = 0 ] || assert_one_error
done
# Whatever the group allows: a recording, an error, or the kernel ends it, and then there
# is no file that claims to be whole.
limit=memory.limit_in_bytes
group memory $limit 256M
[ -n "$GROUP" ] || { limit=memory.max; group memory $limit 256M; }
[ -n "$GROUP" ] || untried+=("too little memory: no cgroup with a limit of it")
for bytes in ${GROUP:+12M 20M 28M 40M 64M}; do
    echo $bytes >"$GROUP/$limit"
    rm -f memory.pftrace*
    run bash -c "echo \$\$ >$GROUP/cgroup.procs; exec \"\$0\" -q -o memory.pftrace -d 300ms -p $target" "$PARTRACE"
    echo "with $bytes of memory: $STATUS, $(head -n 1 err)"
    case $STATUS in
    0)  facts memory.pftrace check-sums ;;
    1)  assert_one_error; assert_says err 'cannot allocate memory' ;;
    137) [ ! -e memory.pftrace ] || fail "killed, and yet there is a whole recording" ;;
    *)  fail "exit status $STATUS with $bytes of memory" ;;
    esac
done
kill -0 "$target" || fail "the target did not survive"
[ ${#untried[@]} = 0 ] || skip "all else holds; not tried: ${untried[*]}"
