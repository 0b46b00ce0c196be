#!/bin/bash
# SPDX-License-Identifier: MIT
# Threads of pure Python: bound by the GIL, and processes fit better.
. "$(dirname "$0")/lib.sh"
need_tracing

# NAME WALL CPU LIFE lines of the program against the recording.
check_threads()
{
    local name wall cpu life gil busy queue gils=0 lives=0

    while read -r name wall cpu life; do
        gil=$(facts "$1" thread "$name" bucket gil)
        busy=$(facts "$1" thread "$name" bucket 'cpu_user|cpu_kernel')
        queue=$(facts "$1" thread "$name" bucket run_queue)
        echo "$name: wall $wall, cpu $cpu; partrace: cpu $busy, gil $gil, queue $queue"
        assert_number "$name: CPU time" "$busy" ">=" "$((cpu * 97 / 100))"
        assert_number "$name: CPU time" "$busy" "<=" "$((cpu * 103 / 100 + 5000000))"
        # It never waits for anything else, so what is left is the GIL.
        assert_number "$name: GIL" "$gil" ">=" "$(((wall - busy - queue) * 95 / 100))"
        # It has to have it before it can look at the clock, and to end.
        assert_number "$name: GIL" "$gil" "<=" "$(((life - busy - queue) * 102 / 100 + 5000000))"
        # Three take turns: two thirds. More when others have the CPUs, since who holds
        # it then waits for a CPU; but not for the GIL, whence the sum below.
        assert_number "$name: GIL / (GIL + CPU)" "$((gil * 1000 / (gil + busy)))" ">=" 550
        gils=$((gils + gil)) lives=$((lives + life))
    done <"$2"
    assert_number "GIL of all, in thousandths" "$((gils * 1000 / lives))" "<=" 685
}

record -q -o gil.pftrace -- "$PYTHON" "$E2E/workloads/gil.py" --threads 3 --seconds 3
facts gil.pftrace check-sums
check_threads gil.pftrace "$TMP/out"

assert_equal "class" "$(facts gil.pftrace get verdict.class)" gil-bound
assert_equal "fit" "$(facts gil.pftrace get verdict.fit)" processes
assert_equal "current" "$(facts gil.pftrace get verdict.current)" threads
assert_equal "runtime" "$(facts gil.pftrace get processes.0.runtime.name)" cpython
assert_equal "runtime version" "$(facts gil.pftrace get processes.0.runtime.version)" \
    "$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
assert_equal "most waited for" "$(facts gil.pftrace get locks.0.kind)" gil

# The prediction: more than one worker's throughput, no more than the CPUs give.
"$PYTHON" - gil.pftrace <<'EOF'
import json, os, subprocess, sys
facts = json.loads(subprocess.check_output([os.environ["PARTRACE"], "report", "--json", sys.argv[1]]).decode())
usable = facts["recording"]["cpus"]["usable"]
found = [p for p in facts["verdict"]["predictions"] if p["change"] == "processes"]
# Of a run that other programs held up by a third there is none, and it says so.
held_up = any("replayed unchanged" in n["why"] for n in facts["verdict"]["not_predicted"])
assert found or held_up or usable <= 1, "FAIL: no prediction for processes: %s" % facts["verdict"]
for p in found:
    # A busy machine makes the range wider, by up to a quarter.
    assert p["low"] <= p["speedup"] <= p["high"] <= 1.25 * usable, "FAIL: %s" % p
    assert p["speedup"] >= 1, "FAIL: %s" % p
tids = {t["tid"] for t in facts["threads"]}
edges = facts["locks"][0]["edges"]
known = sum(e["wait_ns"] for e in edges if e["holder"] in tids)
total = sum(e["wait_ns"] for e in edges)
assert known > 0.8 * total > 0, "FAIL: holder known for %d of %d ns" % (known, total)
assert all(e["waiter"] in tids and e["waiter"] != e["holder"] for e in edges), "FAIL: %s" % edges
EOF

# Attached to, the threads already wait for it.
start_ready "$PYTHON" "$E2E/workloads/gil.py" --threads 3 --seconds 30
record -q -o attached.pftrace -d 2 -p "$PID"
facts attached.pftrace check-sums
assert_equal "class when attached" "$(facts attached.pftrace get verdict.class)" gil-bound
turns=$(facts attached.pftrace share gil crunch 'gil|cpu_user|cpu_kernel')
assert_number "GIL / (GIL + CPU) when attached" "$turns" ">=" 55
record -q -o light.pftrace -d 1 --light -p "$PID"
turns=$(facts light.pftrace share gil crunch 'gil|cpu_user|cpu_kernel')
assert_number "GIL / (GIL + CPU) with --light" "$turns" ">=" 55
