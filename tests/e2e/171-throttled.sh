#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# Time without a CPU because of a quota is `throttled`, as much as the kernel counted for
# the group; hardly any of it is run_queue. The quota is that of the group above.
. "$(dirname "$0")/lib.sh"
need_tracing

PERIOD_US=100000
QUOTA_US=30000

# A group with a quota, and one in it: $GROUP and $GROUP/inner.
GROUP=
undo()
{
    [ -n "$GROUP" ] || return
    # Who was killed a moment ago may still be in it.
    for _ in {1..100}; do
        rmdir "$GROUP/inner" 2>/dev/null
        rmdir "$GROUP" 2>/dev/null && break
        sleep 0.05
    done
    GROUP=
}

# v1: the cpu controller's own mount.
make_v1()
{
    local mount

    mount=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ { print $2; exit }' /proc/mounts)
    [ -n "$mount" ] || return 1
    mkdir "$mount/partrace-e2e-$$" 2>/dev/null || return 1
    GROUP=$mount/partrace-e2e-$$
    mkdir "$GROUP/inner"
    TASKS=$GROUP/inner/tasks
    [ -w "$GROUP/cpu.cfs_quota_us" ] || return 1
    echo $PERIOD_US >"$GROUP/cpu.cfs_period_us"
    echo $QUOTA_US >"$GROUP/cpu.cfs_quota_us"
}

make_v2()
{
    local mount

    mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    [ -n "$mount" ] && grep -qw cpu "$mount/cgroup.controllers" 2>/dev/null || return 1
    echo +cpu >"$mount/cgroup.subtree_control" 2>/dev/null || return 1
    mkdir "$mount/partrace-e2e-$$" 2>/dev/null || return 1
    GROUP=$mount/partrace-e2e-$$
    mkdir "$GROUP/inner"
    TASKS=$GROUP/inner/cgroup.procs
    [ -w "$GROUP/cpu.max" ] || return 1
    echo "$QUOTA_US $PERIOD_US" >"$GROUP/cpu.max"
}

make_v1 || { undo && make_v2; } || skip "needs a cgroup's CPU quota: no cpu controller that can be used"

# In nanoseconds, of the group: v1 has throttled_time in ns, v2 throttled_usec.
throttled_ns()
{
    awk '$1 == "throttled_time" { print $2 } $1 == "throttled_usec" { printf "%.0f\n", $2 * 1000 }' \
        "$GROUP/cpu.stat"
}

# shellcheck disable=SC2016 # expanded by the shell that is watched
busy='echo $$ >"$1"; exec "$2" -S -c "
import time
end = time.thread_time() + 0.8
while time.thread_time() < end: pass
print(open(\"/proc/thread-self/schedstat\").read().split()[1])"'

record -o quota.pftrace -- bash -c "$busy" busy "$TASKS" "$PYTHON"
theirs=$(throttled_ns)
delay=$(grep -x '[0-9]*' out)
[ "${theirs%.*}" -gt 500000000 ] || fail "the kernel throttled for $theirs ns only: nothing was tested"
json_of quota.pftrace
facts quota.pftrace.json check-sums || fail "the buckets' sum is no life"
"$PYTHON" - "$theirs" "$delay" <<'END' || fail "partrace and the kernel disagree"
import json
import sys

theirs, delay = map(float, sys.argv[1:])
facts = json.load(open("quota.pftrace.json"))
t = max(facts["threads"], key=lambda t: t["lifetime_ns"])["time_ns"]
cpu = t["cpu_user"] + t["cpu_kernel"]
print("throttled: the kernel counts %.1f ms, partrace %.1f ms; CPU %.1f ms, run_queue %.1f ms"
      % (theirs / 1e6, t["throttled"] / 1e6, cpu / 1e6, t["run_queue"] / 1e6))
print("runnable and not running: the kernel counts %.1f ms, partrace %.1f ms"
      % (delay / 1e6, (t["throttled"] + t["run_queue"]) / 1e6))
assert abs(t["throttled"] - theirs) < 0.03 * theirs + 2e6
assert "throttled" not in facts["recording"]["unavailable"]
# What the quota took is not in line for a CPU, however busy this machine is.
# It may be so once more on its way out, after it has looked.
assert -0.03 * delay - 2e6 < t["run_queue"] - (delay - theirs) < 0.1 * delay + 50e6
END

# The same without a quota: nothing is throttled.
record -o free.pftrace -- bash -c "$busy" busy /dev/null "$PYTHON"
assert_equal "throttled without a quota" "$(facts free.pftrace share throttled)" 0.000

# In the middle of it: attached while throttled, and ended while throttled.
start bash -c "$busy" busy "$TASKS" "$PYTHON" >/dev/null
before=$(throttled_ns)
record -d 1 -o attached.pftrace -p "$PID"
after=$(throttled_ns)
facts attached.pftrace check-sums || fail "the buckets' sum is no life"
ours=$(facts attached.pftrace thread python3 bucket throttled 2>/dev/null ||
    facts attached.pftrace thread "$(basename "$(realpath "$PYTHON")")" bucket throttled)
# The kernel's is of a longer time, and counts a throttling at its end.
assert_number "throttled, attached" "$ours" '>' $(((after - before) * 4 / 10))
assert_number "throttled, attached" "$ours" '<=' $((after - before + PERIOD_US * 1000))

# From within a container that has the quota: its group is the root of all that it can see.
# What the kernel counts is asked once the worker has ended, while it is a zombie: asked by
# the worker itself, the count would lack a throttling on its way out.
cat >inside.sh <<'SH'
set -e
echo $$ >"$GROUP/cgroup.procs"
exec unshare --cgroup --mount --pid --fork --mount-proc bash -ec '
mount -t tmpfs none /sys/fs/cgroup
mkdir /sys/fs/cgroup/cpu
if [ -n "$V2" ]; then
    mount -t cgroup2 none /sys/fs/cgroup/cpu
else
    mount -t cgroup -o cpu none /sys/fs/cgroup/cpu
fi
"$PARTRACE" -q -o inside.pftrace -- "$@"' bash "$PYTHON" -S -c '
import os
import time
worker = os.fork()
if not worker:
    while time.process_time() < 0.5: pass
    os._exit(0)
os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
print(open("/proc/%d/schedstat" % worker).read().split()[1])'
SH
V2=
[ -e "$GROUP/cpu.cfs_quota_us" ] || V2=yes
export GROUP V2 PYTHON
run bash inside.sh
assert_status 0
delay=$(grep -x '[0-9]*' out)
facts inside.pftrace check-sums
assert_number "quota, from within" "$(facts inside.pftrace get recording.cpus.quota)" '==' 0.3
json_of inside.pftrace
"$PYTHON" - "$delay" <<'END' || fail "from within: partrace and the kernel disagree"
import json
import sys

delay = float(sys.argv[1])
threads = json.load(open("inside.pftrace.json"))["threads"]
t = max((t["time_ns"] for t in threads), key=lambda t: t["cpu_user"])
print("from within, runnable and not running: the kernel counts %.1f ms, partrace %.1f ms, %.1f of them throttled"
      % (delay / 1e6, (t["throttled"] + t["run_queue"]) / 1e6, t["throttled"] / 1e6))
assert abs(t["throttled"] + t["run_queue"] - delay) < 0.03 * delay + 20e6
assert t["throttled"] > 0.3 * delay
END
