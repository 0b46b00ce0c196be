#!/bin/bash
# SPDX-License-Identifier: MIT
# Other tools read what `export` writes, and find the report's times in it.
. "$(dirname "$0")/lib.sh"
need_tracing

cat >shop.py <<'PY'
import threading, time
def work(end):
    while time.monotonic() < end:
        sum(range(2000))
end = time.monotonic() + 1.6
threads = [threading.Thread(target=work, args=(end,)) for _ in range(2)]
[t.start() for t in threads]
time.sleep(0.3)
[t.join() for t in threads]
PY
record -q -o run.pftrace -- "$PYTHON" shop.py
json_of run.pftrace

# export FORMAT OPTION…: to standard output, without a word.
export_as()
{
    local format=$1

    shift
    "$PARTRACE" export --format "$format" "$@" 2>export.err || fail "export --format $format: $(cat export.err)"
    [ ! -s export.err ] || fail "export --format $format says: $(cat export.err)"
}

for format in folded speedscope csv ndjson json; do
    export_as "$format" run.pftrace >"run.$format"
done
export_as pprof run.pftrace >run.pb.gz
export_as csv --window 50ms run.pftrace >fine.csv

# The times of all formats are the facts'.
"$PYTHON" - <<'PY' || fail "an export differs from the facts, see above"
import csv, json, sys

facts = json.load(open("run.pftrace.json"))
want = {}
for thread in facts["threads"]:
    for bucket, ns in thread["time_ns"].items():
        want[bucket] = want.get(bucket, 0) + ns
life = sum(want.values())
bad = []

def check(what, got, expected, part=0.0):
    if abs(got - expected) > part * life:
        bad.append("%s: %d, expected %d" % (what, got, expected))

folded = {}
for line in open("run.folded"):
    stack, ns = line.rsplit(" ", 1)
    cause = stack.split(";")[2]
    folded[cause] = folded.get(cause, 0) + int(ns)
for bucket in want:
    check("folded " + bucket, folded.get(bucket, 0), want[bucket])

scope = json.load(open("run.speedscope"))
assert scope["$schema"].startswith("https://www.speedscope.app/")
frames = len(scope["shared"]["frames"])
for profile in scope["profiles"]:
    assert profile["type"] == "sampled" and profile["unit"] == "nanoseconds"
    assert len(profile["samples"]) == len(profile["weights"])
    assert all(0 <= frame < frames for sample in profile["samples"] for frame in sample)
    check(profile["name"], sum(profile["weights"]), profile["endValue"])
check("speedscope", scope["profiles"][0]["endValue"], life)

rows = [json.loads(line) for line in open("run.ndjson")]
assert rows == json.load(open("run.json")), "json and ndjson differ"
for name in "run.csv", "fine.csv":
    table = list(csv.DictReader(open(name)))
    sums = {}
    for row in table:
        times = {k[:-3]: int(v) for k, v in list(row.items())[list(row).index("fit") + 1:]}
        check(name + ": a row's columns", sum(times.values()), int(row["life_ns"]))
        for column, ns in times.items():
            sums[column] = sums.get(column, 0) + ns
    check(name, sum(sums.values()), life)
    for column, ns in sums.items():
        expected = {"cpu": want["cpu_user"] + want["cpu_kernel"],
                    "cpu_wait": want["run_queue"] + want["throttled"]}.get(column, want.get(column))
        # A switch that the machine hid is CPU time by its sum, and in no window.
        check(name + " " + column, ns, expected, 0.002)
assert len(rows) == len(list(csv.DictReader(open("run.csv"))))
print("\n".join(bad))
sys.exit(1 if bad else 0)
PY
assert_says run.folded '^[^;]+;worker[^;]*;gil;GIL of '

# Two files are one profile, and one table with one header.
export_as folded run.pftrace run.pftrace >twice.folded
assert_equal "the sum of two" "$(awk '{ sum += $NF } END { printf "%.0f", sum }' twice.folded)" \
    "$(awk '{ sum += 2 * $NF } END { printf "%.0f", sum }' run.folded)"
cp run.pftrace other.pftrace
export_as csv run.pftrace other.pftrace >fleet.csv
assert_equal "headers" "$(grep -c '^recording,' fleet.csv)" 1

# A recording that was cut off says so, and is exported up to there.
head -c -40 run.pftrace >cut.pftrace
run "$PARTRACE" export -f folded cut.pftrace
assert_status 0
assert_says err "'cut.pftrace' is truncated"
[ -s out ] || fail "nothing is exported of a truncated recording"

refused()
{
    run "$PARTRACE" export "$@"
    assert_one_error
    [ ! -s out ] || fail "export $* printed something: $(head -c 200 out)"
}
refused run.pftrace
assert_status 2
refused -f xml run.pftrace
assert_status 2
refused -f folded
assert_status 2
refused -f folded shop.py
assert_status 1
assert_says err "'shop.py' is not a partrace recording"
refused -f pprof missing.pftrace
assert_status 1
run "$PARTRACE" export -f csv --window 1ns run.pftrace
assert_status 2
run bash -c '"$PARTRACE" export -f ndjson run.pftrace >/dev/full'
assert_status 1

# What comes next needs tools that not every machine has.
if command -v go >/dev/null; then
    go tool pprof -top -sample_index=cpu run.pb.gz >top.txt 2>pprof.err || fail "pprof: $(cat pprof.err)"
    assert_says top.txt 'Type: cpu'
    assert_says top.txt 'cpu_user'
    go tool pprof -raw run.pb.gz >raw.txt 2>pprof.err || fail "pprof: $(cat pprof.err)"
    assert_says raw.txt '^time/nanoseconds\[dflt\] cpu/nanoseconds wait/nanoseconds waits/count'
else
    echo "no go here: pprof not tried"
fi
if command -v sqlite3 >/dev/null; then
    sed -n '/^```sql/,/^```/p' "$TOP/docs/fleet.md" | grep -v '^```' >fleet.sql
    sqlite3 -csv -cmd '.import --csv fleet.csv fleet' :memory: <fleet.sql >answer.csv
    assert_says answer.csv '^run.pftrace,"?worker'
    assert_says answer.csv '^other.pftrace,"?worker'
else
    echo "no sqlite3 here: the query of docs/fleet.md not tried"
fi
