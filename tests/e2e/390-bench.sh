#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the build that is measured has none
# timeout: 240
# The benchmark measures: itself in small, with the floor, and a tracer that isn't there.
. "$(dirname "$0")/lib.sh"
need_tracing
[ -x "$OUT/tests/bench/floor" ] || fail "no $OUT/tests/bench/floor: make bench-bins"

bench()
{
    OUT=$OUT "$TOP/tests/bench/bench.py" --patience 0 --save samples.jsonl "$@" 2>bench.err
}

bench --rounds 2 --tracers floor-least,floor-light,default,light,wprof pingpong getppid >table.txt || fail "$(cat bench.err)"
for words in "default adds, in relation to floor-least" "getppid, light: times untraced" "bytes of trace per cycle"; do
    grep -q "$words.*\(met\|MISSED\|not told\)" table.txt || fail "no '$words': $(cat table.txt)"
done
command -v wprof >/dev/null || grep -q "wprof *not runnable here: not found in PATH" table.txt || fail "$(cat table.txt)"

# What was saved says the same again, and what was measured makes sense.
bench --rounds 0 >again.txt
cmp table.txt again.txt
"$PYTHON" - samples.jsonl <<'END' || fail "$(cat samples.jsonl)"
import json, sys
samples = [json.loads(line) for line in open(sys.argv[1])]
for s in samples:
    if s["tracer"] == "wprof":
        continue
    assert s["seconds"] > 0, s
    if s["workload"] == "pingpong":
        assert 290000 < s["switches"] < 400000, s
    if s["tracer"] in ("default", "light"):
        assert 0 < s["attach_s"] < 30 and s["rss_kib"] > 1000 and s["trace_bytes"] > 1000 and s["cpu_s"] > 0, s
assert len({s["round"] for s in samples}) == 2, samples
END

status=0
bench pingpnog >out 2>&1 || status=$?
assert_equal "status" "$status" 1
[ "$(cat bench.err)" != "" ] || fail "no reason given"

# The hour in small: memory stays, nothing is left.
"$OUT/tests/bench/replay" 120 replay.pftrace >replay.txt
assert_equal "cycles" "$(sed -n 's/^seconds 120 cycles \([0-9]*\) .*/\1/p' replay.txt)" 2400000
"$PARTRACE" report --json replay.pftrace >replay.json
assert_equal "switches" "$("$PYTHON" -c '
import json
print(sum(t["switches"]["voluntary"] for t in json.load(open("replay.json"))["threads"]))')" 2400000
