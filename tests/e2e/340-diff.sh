#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the unit tests of diff are
# timeout: 90
# Threads, then processes: what changed, by how much, and was it foreseen?
. "$(dirname "$0")/lib.sh"
need_tracing
[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"

# record_work NAME MODE OPTION…: NAME.pftrace, and what the program measured in NAME.s
record_work()
{
    local name=$1

    shift
    record -q -o "$name.pftrace" -- "$PYTHON" "$E2E/workloads/fixed_work.py" "$@"
    tail -n 1 out >"$name.s"
}

record_work threads threads --amount 700
record_work processes processes --amount 700

# What can't be done is said in one line.
for args in 'one.pftrace' '' 'a b c' '-- a b' 'a --' '--fail-on wall a b' '--fail-on speed>1% a b' '--what a b'; do
    # shellcheck disable=SC2086 # words
    run "$PARTRACE" diff $args
    assert_status 2
    assert_one_error
done
echo nothing >no.pftrace
run "$PARTRACE" diff threads.pftrace no.pftrace
assert_status 1
assert_one_error
assert_says err "'no.pftrace' is not a partrace recording"
run "$PARTRACE" diff threads.pftrace missing.pftrace
assert_status 1
assert_one_error

# Both on one timeline: nothing is lost, and nothing belongs to the wrong one.
run "$PARTRACE" diff --trace both.pftrace threads.pftrace processes.pftrace
assert_status 0
assert_says out '^Trace +both.pftrace'
check_counts()
{
    local file

    for file in threads processes both; do
        "$PYTHON" "$TRACE_CHECK" --partial "$file.pftrace" >"$file.counts" || fail "$file.pftrace is malformed"
    done
    "$PYTHON" - <<'PY'
counts = [dict(w.split("=") for w in open(f + ".counts").read().split()) for f in ("threads", "processes", "both")]
for key in ("switches", "wakings", "slices", "instants", "flows", "threads", "processes", "values"):
    one, other, both = (int(c[key]) for c in counts)
    assert one + other == both, (key, one, other, both)
PY
}
check_counts
if [ -e "$TOP/build/perfetto/trace_processor.wasm" ] && command -v node >/dev/null; then
    "$TOP/tests/perfetto-import.mjs" both.pftrace threads.pftrace -- \
        "SELECT name FROM process WHERE name GLOB '*python*'" >import.txt || fail "Perfetto's importer: $(cat import.txt)"
    assert_says import.txt '^name=before: .*python'
    assert_says import.txt '^name=after: .*python'
else
    echo "no copy of Perfetto's importer here: not asked"
fi
run "$PARTRACE" diff --trace threads.pftrace threads.pftrace processes.pftrace
assert_status 1
assert_one_error

run "$PARTRACE" diff threads.pftrace processes.pftrace
assert_status 0
sed '/^$/q' out | tr -s ' \n' ' ' >first	# it may take more than a line
"$PARTRACE" report threads.pftrace >before.txt
if grep -q 'no change beyond noise' first || ! grep -q predicted first; then
    ! cat out before.txt | grep -Eq 'waited for CPUs that others used|other programs had the CPUs' ||
        skip "others use the CPUs: $(cat first)"
fi
assert_says first '^processes instead of threads: [0-9.]+x the throughput \([0-9.]+-[0-9.]+\), '
assert_says first 'predicted'
assert_says out '^Channels +pipe appeared: .*queue'
assert_says out '^Locks +gil (shrank|went): GIL of python'

# What it says is what the programs measured themselves, within a tenth.
run "$PARTRACE" diff --json threads.pftrace processes.pftrace
assert_status 0
"$PYTHON" - "$(cat threads.s)" "$(cat processes.s)" <<'PY'
import json, sys
diff = json.load(open("out"))
rows = {(r["metric"], r["role"]): r for r in diff["rows"]}
real = float(sys.argv[1]) / float(sys.argv[2])
got = rows["throughput", None]
assert abs(got["ratio"] / real - 1) < 0.1, (got, real)
assert got["significant"] and got["low"] < got["ratio"] < got["high"], got
gil = rows["gil", "worker"]
assert gil["change"] < -20 and gil["significant"], gil
assert diff["before"] == ["threads.pftrace"] and diff["after"] == ["processes.pftrace"]
assert diff["before_side"]["model"] == "threads" and diff["after_side"]["model"] == "processes"
prediction = diff["prediction"]
assert prediction["change"] == "processes" and abs(prediction["achieved"] - got["ratio"]) < 1e-6
assert diff["failed"] == []
PY

# A gate: forward it is met, backward it fails and names the line.
run "$PARTRACE" diff threads.pftrace processes.pftrace --fail-on 'wall>10%,gil>2pp'
assert_status 0
run "$PARTRACE" diff --fail-on 'memory>900%,wall>10%' --fail-on 'gil>2pp' processes.pftrace threads.pftrace
assert_status 3
assert_says err "^partrace: gate wall>10% failed: "
assert_says err "^partrace: gate gil>2pp failed: "
assert_says_not err 'memory'
run "$PARTRACE" diff --json --fail-on 'wall>10%' processes.pftrace threads.pftrace
assert_status 3
assert_equal "failed gates" "$("$PYTHON" -c 'import json; print(*json.load(open("out"))["failed"])')" 'wall>10%'

# Several of each, options on either side of the dashes.
run "$PARTRACE" diff processes.pftrace processes.pftrace -- threads.pftrace threads.pftrace --fail-on 'wall>10%'
assert_status 3

# A lock that nobody waited for, and then everybody does.
record_work free lock --amount 600 --workers 1
record_work held lock --amount 600 --workers 4
run "$PARTRACE" diff free.pftrace held.pftrace
assert_status 0
assert_says out 'semaphore appeared: threading.Lock'
run "$PARTRACE" diff held.pftrace free.pftrace
assert_says out 'semaphore went: threading.Lock'

# Parts of a longer run have no wall time.
start "$PYTHON" "$E2E/workloads/fixed_work.py" threads --amount 100000
sleep 0.3
record -q -d 700ms -o part1.pftrace -p "$PID"
record -q -d 1s -o part2.pftrace -p "$PID"
run "$PARTRACE" diff part1.pftrace part2.pftrace --fail-on 'wall>10%,cpu>20%'
assert_status 0
assert_says out 'parts of longer runs'
assert_says err 'wall>10% was not checked'
run "$PARTRACE" diff part1.pftrace part2.pftrace --fail-on 'wall>10%'
assert_status 3
