#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the unit tests of combine are
# timeout: 90
# A process and its child, each recorded by a partrace of its own: both files reported as
# one say what a third partrace says that recorded both.
. "$(dirname "$0")/lib.sh"
need_tracing

start_ready "$PYTHON" "$E2E/workloads/two_ends.py" child.pid
parent=$PID
child=$(cat child.pid)
STARTED+=("$child")

start_record parent.pftrace -q --no-follow -p "$parent"
recorders=("$PID")
start_record child.pftrace -q -p "$child"
recorders+=("$PID")
start_record both.pftrace -q -p "$parent,$child"
recorders+=("$PID")
sleep 4
kill -INT "${recorders[@]}"
for pid in "${recorders[@]}"; do
    ended "$pid"
    assert_status 0
done
record -q -d 500ms -o later.pftrace -p "$child"

run "$PARTRACE" report --json parent.pftrace child.pftrace
assert_status 0
mv out one.json
facts one.json check-sums
json_of both.pftrace
"$PYTHON" - "$parent" "$child" <<'PY'
import json, sys
one, both = json.load(open("one.json")), json.load(open("both.pftrace.json"))
parent, child = int(sys.argv[1]), int(sys.argv[2])

assert one["recording"]["boot_id"] and len(one["recording"]["parts"]) == 2
assert [p["pid"] for p in one["processes"]] == [parent, child]
roles = lambda f: sorted((t["tid"], t["role"]) for t in f["threads"])
assert roles(one) == roles(both), (roles(one), roles(both))

def near(what, a, b, part):
    assert abs(a - b) <= part * max(a, b), (what, a, b)

def rate(f, ns):
    return ns / f["recording"]["duration_ns"]

# The two windows are not quite the same: one began earlier, by what two more attaches took.
for t in one["threads"]:
    same = next(o for o in both["threads"] if o["tid"] == t["tid"])
    for bucket in ("cpu_user", "gil", "ipc"):
        a, b = (x["time_ns"][bucket] / x["lifetime_ns"] for x in (t, same))
        more, longer = t["time_ns"][bucket] - same["time_ns"][bucket], t["lifetime_ns"] - same["lifetime_ns"]
        assert abs(a - b) < 0.08 or -50e6 <= more <= longer + 50e6, (t["role"], bucket, a, b)
# On average over the time of both, while at its ends only one was recorded.
cpu = sum(t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"] for t in one["threads"])
near("CPUs", one["concurrency"]["on_cpu_avg"], rate(one, cpu), 0.02)
series = one["series"]
width = series[1]["t_ns"]
near("CPUs over time", sum(w["cpu"] for w in series) * width, cpu, 0.03)
assert 1 <= one["concurrency"]["on_cpu_max"] <= both["concurrency"]["on_cpu_max"]

# Each exchange has both ends, and counts once.
for kind in ("pipe", "unix", "tcp"):
    a, b = ([c for c in f["channels"] if c["kind"] == kind and c["messages"]] for f in (one, both))
    assert len(a) == len(b) == 1, (kind, a, b)
    a, b = a[0], b[0]
    for c in (a, b):
        assert {e["pid"] for e in c["ends"]} == {parent, child} and all(e["traced"] for e in c["ends"]), c
    assert a["key"] == b["key"], (a["key"], b["key"])
    assert sorted(a["writers"]) == sorted(b["writers"]) and sorted(a["readers"]) == sorted(b["readers"]), (a, b)
    near(kind + "'s messages", rate(one, a["messages"]), rate(both, b["messages"]), 0.25)
    near(kind + "'s bytes per message", a["bytes"] / a["messages"], b["bytes"] / b["messages"], 0.05)

# Judged alike, unless others have the CPUs: then chance decides, between the two windows.
busy = {e["rule"] for f in (one, both) for e in f["verdict"]["evidence"]} & {"machine-busy", "oversubscribed"}
for key in ("class", "fit"):
    a, b = one["verdict"][key], both["verdict"][key]
    assert a == b or busy, (key, a, b)
# What a change of both would bring, two replays don't say.
assert not one["verdict"]["predictions"] and one["verdict"]["not_predicted"], one["verdict"]
PY

run "$PARTRACE" report parent.pftrace child.pftrace
assert_status 0
assert_says out '^Trace +parent.pftrace, child.pftrace'
tr -s ' \n' ' ' <out >line
assert_says line ': 2 recordings, [0-9.]+ s, 2 processes, 6 threads, '
assert_says line 'each recording was replayed by itself'
run "$PARTRACE" report --html page.html child.pftrace parent.pftrace
assert_status 0
assert_equal "timelines" "$(grep -c 'svg class="lanes"' page.html)" 1
run "$PARTRACE" report --slo cpu=1% parent.pftrace child.pftrace
assert_status 3

# What is no whole is not judged as one.
for files in 'parent.pftrace parent.pftrace' 'parent.pftrace both.pftrace' 'parent.pftrace later.pftrace' \
    'parent.pftrace missing.pftrace'; do
    # shellcheck disable=SC2086 # words
    run "$PARTRACE" report $files
    assert_status 1
    assert_one_error
done
