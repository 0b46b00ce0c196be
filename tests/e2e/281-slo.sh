#!/bin/bash
# SPDX-License-Identifier: MIT
# --slo: limits that were missed end with status 3, and it is said which.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload served called

# A recording to gate: requests of 2 to 10 ms, in one of two processes.
start_ready "$WORKLOADS/served" threads 2 60 >truth
clients=$PID
start_record a.pftrace --slo p95=1us -p "$(cat server)"
kill -USR1 "$clients"
ended "$clients"
ended "$PID"
assert_equal "status of a missed limit" "$STATUS" 3
assert_says a.pftrace.err '^partrace: SLO p95 .* ms, limit 1 us: missed'
assert_says a.pftrace.out '^SLO       p95 .* ms, limit 1 us: missed'
assert_says a.pftrace.out '^Requests  120, '

# Gated again, from the file: what was met and what wasn't.
gate()
{
    run "$PARTRACE" report --slo "$1" a.pftrace
    assert_status "$2"
}
gate p95=60s,cpu=100%,memory=4G 0
assert_says out '^SLO       p95 .*: met'
assert_says out '^ +memory .*: met'
gate p50=1ms 3
gate p99=60s,max=1ms 3
gate rps=1000000 3
gate rps=1 0
gate cpu=0.001% 3
gate memory=1K 3
[ "$(wc -l <err)" = 1 ] || fail "more than one line for one missed limit"
gate 'p95 = 60s' 0
gate 'p95=1us,p95=60s' 0	# the later counts

printf '# limits of the shop\np95=60s   # as the contract says\n\ncpu=100%%,memory=4G\n' >limits
gate @limits 0
gate ./limits 0
gate "$TMP/limits" 0
printf 'p95=60s\np50=1us\n' >limits
gate @limits 3
# Both: the file, and what is given beside it.
run "$PARTRACE" report --slo @limits --slo p50=60s a.pftrace
assert_status 0
run "$PARTRACE" report --json --slo p95=60s,rps=1 a.pftrace
assert_status 0
"$PYTHON" - <<'PY' || fail "slo in the JSON, see above"
import json
by = {s["name"]: s for s in json.load(open("out"))["slo"]}
assert set(by) == {"p95", "rps"}, by
assert by["p95"]["limit"] == 60e9 and by["p95"]["met"] is True and by["p95"]["unit"] == "ns", by
assert 1e6 < by["p95"]["value"] < 1e9, by
assert by["rps"]["unit"] == "per second" and by["rps"]["why"] is None, by
PY
# Without limits, those it was recorded with are shown and gate nothing.
run "$PARTRACE" report a.pftrace
assert_status 0
assert_says out '^SLO       p95 .*: missed'

# Wrong limits: wrong usage, the part named, nothing recorded.
while IFS='|' read -r text says; do
    for mode in "report a.pftrace" "record -o no.pftrace"; do
        # shellcheck disable=SC2086
        run "$PARTRACE" $mode --slo "$text" -- true
        [[ $mode != report* ]] || run "$PARTRACE" report --slo "$text" a.pftrace
        assert_status 2
        assert_one_error
        assert_says err "$says"
    done
done <<'END'
p95|'p95': expected KEY=LIMIT
p95=300|'p95=300': expected a time
p95=|'p95=': expected a time
p95=-3ms|expected a time
p95=nanms|expected a time
p95=1e400s|expected a time
p94=3ms|'p94=3ms': unknown key
cpu=85%,latency=3ms|'latency=3ms': unknown key
cpu=eighty|'cpu=eighty': expected a percentage
memory=300X|'memory=300X': expected a size
,|no limit in it
@nowhere|cannot read .* from 'nowhere': No such file
/|cannot read .* from '/'
END
[ ! -e no.pftrace ] || fail "a recording is left behind"
printf 'p95=3ms\nwhat\n' >limits
run "$PARTRACE" report --slo @limits a.pftrace
assert_status 2
assert_says err "in 'limits': 'what': expected KEY=LIMIT"

# A command: 3 comes before its own status; that is said; met, its own counts.
run "$PARTRACE" -q -o c.pftrace --slo memory=4G -- sh -c 'sleep 0.3; exit 5'
assert_status 5
run "$PARTRACE" -q -o c.pftrace --slo memory=1K -- sh -c 'sleep 0.3; exit 5'
assert_status 3
assert_says err 'the command itself ended with status 5'
# Nothing to measure is a missed limit, and it says so.
run "$PARTRACE" -o c.pftrace --slo p95=1s -- true
assert_status 3
assert_says err 'SLO p95 not measured \(no requests were seen\), limit 1\.0 s: missed'
run "$PARTRACE" -q -o c.pftrace --request handle_request --slo p95=1s -- "$WORKLOADS/called"
assert_status 0
run "$PARTRACE" -q -o c.pftrace --request handle_request --slo p95=100us -- "$WORKLOADS/called"
assert_status 3
run "$PARTRACE" -q -o c.pftrace --slo p95=1s -- ./nowhere
assert_status 127
