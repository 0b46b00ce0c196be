#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 120
# The collector is kept from its rings until they overflow: what is lost is counted, times and
# switches are summed up all the same, the timeline thins out, and the report says all that.
. "$(dirname "$0")/lib.sh"
need_tracing
[ -x "$OUT/tests/bench/workloads/pingpong" ] || fail "no pingpong: make bench-bins"

mkfifo go
"$OUT/tests/bench/workloads/pingpong" --trips 250000 <go >work.txt &
work=$!
STARTED+=("$work")
exec 3>go
until grep -q ready work.txt; do sleep 0.05; done

"$PARTRACE" -v -o lost.pftrace -p "$work" >out 2>record.err &
recorder=$!
STARTED+=("$recorder")
until grep -q "recording begins" record.err; do sleep 0.05; done
echo go >&3
sleep 0.3
kill -STOP "$recorder"
sleep 1
kill -CONT "$recorder"
until grep -q switches work.txt; do sleep 0.1; done
read -ra stat <"/proc/$work/stat"
ticks=$((stat[15] + stat[16]))	# of its children, which have ended
kill -INT "$recorder"
wait "$recorder" || fail "$(cat record.err)"
exec 3>&-

"$PARTRACE" report --json lost.pftrace >lost.json
"$PYTHON" "$E2E/facts.py" lost.json check-sums || fail "buckets do not add up"
"$PYTHON" - lost.json work.txt "$ticks" <<'END' || fail "$(cat out)"
import json, os, sys
facts = json.load(open(sys.argv[1]))
words = open(sys.argv[2]).read().split()
did = int(words[words.index("switches") + 1])
ran_ns = int(sys.argv[3]) * 1e9 / os.sysconf("SC_CLK_TCK")
lost = facts["recording"]["lost"]
told = sum(t["switches"]["voluntary"] + t["switches"]["involuntary"] for t in facts["threads"])
print("switches", did, "told", told, "lost", lost)
assert lost["ring"] > 1000 and lost["state"] == 0, lost
# Those before the first and after the last trip are the difference.
assert abs(told - did) <= 20, (told, did)
cpu = sum(t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"] for t in facts["threads"])
assert abs(cpu - ran_ns) < 0.05 * ran_ns, (cpu, ran_ns)
# Each waits while the other one runs.
assert 0 < lost["wait_ns"] < 2 * facts["recording"]["duration_ns"], lost
assert facts["recording"]["overhead"]["left_out_ns"] > 0, facts["recording"]["overhead"]
END
assert_says out '^Lost .*records lost for want of ring space'
tr -s ' \n' ' ' <out >flat
assert_says flat 'times and switches were summed up all the same, but'
assert_says out '^Reduced   as the machine could not keep up, '
"$PYTHON" "$TRACE_CHECK" lost.pftrace
