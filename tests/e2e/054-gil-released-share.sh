#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# timeout: 120
# How much of a thread's CPU time had the GIL released: of each CPython on this machine.
. "$(dirname "$0")/lib.sh"
need_tracing

# released RECORDING NAME: per cent of the watched CPU time of that thread.
released()
{
    "$PARTRACE" report --json "$1" | "$PYTHON" -c '
import json, sys
for t in json.loads(sys.stdin.read())["threads"]:
    if t["name"] == sys.argv[1]:
        cpu = t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"]
        watched = t["gil_released"] or {"cpu_ns": 0, "released_ns": 0}
        # Some hits are many for so little a program, yet never most of its life.
        assert cpu * 1.02 >= watched["cpu_ns"] >= 0.1 * cpu, "FAIL: watched %s of %d ns" % (watched, cpu)
        print("%.2f" % (100.0 * watched["released_ns"] / watched["cpu_ns"]))
' "$2"
}

bad=0
while read -r version python _; do
    # Two at a time, so that each gets a CPU and is born watched.
    record -q -o "$version.pftrace" -- "$python" "$E2E/workloads/gil_released.py" --seconds 1 zlib:2
    record -q -o "$version.held.pftrace" -- "$python" "$E2E/workloads/gil_released.py" --seconds 1 json pure
    facts "$version.pftrace" check-sums
    (
        zlib=$(released "$version.pftrace" zlib-0)
        json=$(released "$version.held.pftrace" json-0)
        pure=$(released "$version.held.pftrace" pure-0)
        echo "$version: released: zlib $zlib %, json $json %, pure Python $pure %"
        assert_number "$version: zlib" "$zlib" ">=" 95
        assert_number "$version: json" "$json" "<=" 3
        assert_number "$version: pure Python" "$pure" "<=" 3
    ) || bad=1
done < <(each_python gil)
[ "$bad" = 0 ] || fail "not every CPython, see above"

# From before: what a thread has is told by its next call, or by its waiting.
start_ready "$PYTHON" "$E2E/workloads/gil_released.py" --seconds 30 sha256 pure
record -q -o attached.pftrace -d 1.5 -p "$PID"
if "$PYTHON" -c 'import hashlib, sys; sys.exit(hashlib.sha256.__module__ != "_hashlib")'; then
    assert_number "sha256 when attached" "$(released attached.pftrace sha256-0)" ">=" 95
fi
assert_number "pure Python when attached" "$(released attached.pftrace pure-0)" "<=" 3

# A scheduler's view knows nothing of it.
record -q -o light.pftrace -d 0.5 --light -p "$PID"
assert_equal "released with --light" "$(facts light.pftrace get threads.1.gil_released)" null

# A program that does nothing but release it is slowed for a moment, not for ever.
record -q -o calls.pftrace -- "$PYTHON" "$E2E/workloads/gil_released.py" --seconds 4 calls
echo "calls: released $("$PARTRACE" report --json calls.pftrace | "$PYTHON" -c '
import json, sys
t = [t for t in json.loads(sys.stdin.read())["threads"] if t["name"] == "calls-0"][0]
cpu = t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"]
assert 0 < t["gil_released"]["cpu_ns"] < 0.5 * cpu, "FAIL: watched %s of %d ns" % (t["gil_released"], cpu)
print(t["gil_released"])')"

# Killed, it leaves nothing behind: the programs go, and who ran into them goes on.
need_cmd bpftool
start_ready "$PYTHON" "$E2E/workloads/gil_released.py" --seconds 30 zlib
target=$PID
start_record killed.pftrace -p "$target"
uprobes()
{
    cat /proc/"$PID"/fdinfo/* 2>/dev/null |
        awk '/^link_type:/ { is_uprobe = /uprobe|perf/ } /^prog_id:/ && is_uprobe { print $2 }' | sort -u
}
watches()
{
    [ -n "$(uprobes)" ]
}
wait_until 10 "uprobe in CPython" watches
programs=$(uprobes)
kill -KILL "$PID"
ended "$PID"
gone()
{
    local id

    for id in $programs; do
        ! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
    done
}
wait_until 10 "end of its uprobes" gone
sleep 0.2
[ "$(state_of "$target")" = R ] || [ "$(state_of "$target")" = S ] || fail "the target died with it"
