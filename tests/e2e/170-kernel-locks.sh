#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 020 records the same
# timeout: 120
# A wait for a lock inside the kernel is one, whatever the system call: as long as the
# waiter measured, by name, with its holder. With --light, mmap_lock still is.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

# The kernel tells of its locks from 5.19 on.
[ -d /sys/kernel/tracing/events/lock ] || [ -d /sys/kernel/debug/tracing/events/lock ] ||
    skip "this kernel has no lock:contention_begin"

# judge KIND NAME: the recording KIND.pftrace has one kernel lock that was much waited for.
judge()
{
    json_of "$1.pftrace"
    facts "$1.pftrace.json" check-sums || fail "$1: the buckets' sum is no life"
    facts "$1.pftrace.json" check-truth "$1.json" || fail "$1: partrace and the program disagree"
    "$PYTHON" - "$1" "$2" <<'END' || fail "$1: see above"
import json
import re
import sys

kind, name = sys.argv[1:]
facts = json.load(open(kind + ".pftrace.json"))
locks = [l for l in facts["locks"] if l["kind"] == "kernel"]
threads = {t["name"]: t for t in facts["threads"]}
waiter, holder = threads[kind], threads[kind.replace("lock", "holder")]
bucket = sum(t["time_ns"]["kernel_lock"] for t in facts["threads"])
print("locks:", [(l["name"], l["pid"], l["waits"], l["wait_ns"]) for l in locks[:4]])
assert sum(l["wait_ns"] for l in locks) == bucket, "the locks' waits are not the bucket"
top = locks[0]
assert re.search(name, top["name"]), top["name"]
assert (top["pid"] == waiter["pid"]) == (kind == "mmap-lock"), "whose it is: %d" % top["pid"]
assert top["waits"] > 20 and top["max_ns"] <= top["wait_ns"]
held = sum(e["wait_ns"] for e in top["edges"]
           if (e["waiter"], e["holder"]) == (waiter["tid"], holder["tid"]))
assert held > 0.9 * top["wait_ns"], "holder known of %d ns out of %d" % (held, top["wait_ns"])
assert facts["recording"]["unavailable"] == []
END
}

# Without the privilege for the kernel's addresses there are no names.
named='rwsem in [a-z_0-9]*rename'
[ "$(head -c 16 /proc/kallsyms | tr -d 0)" ] || named='rwsem 0x'

for kind in mmap-lock inode-lock dir-lock; do
    record -o $kind.pftrace -- "$WORKLOADS/truth" --only $kind --seconds 2 --truth $kind.json \
        --dir "$TMP"
done
judge mmap-lock '^mmap_lock of truth \([0-9]+\)$'
judge inode-lock '^inode lock of /memfd:truth'
judge dir-lock "^$named"

record --light -o light.pftrace -- "$WORKLOADS/truth" --only mmap-lock --seconds 2 \
    --truth light.json --dir "$TMP"
facts light.pftrace check-sums || fail "--light: the buckets' sum is no life"
facts light.pftrace check-truth light.json || fail "--light: partrace and the program disagree"

# Another's eyes: perf sees the same waits begin, and end when the waiter runs again.
command -v perf >/dev/null || skip "the rest needs perf"
start_ready "$WORKLOADS/truth" --only mmap-lock --truth perf.json --dir "$TMP"
truth=$PID
start perf record -q -k mono -o perf.data -e lock:contention_begin,lock:contention_end -p "$truth" -- sleep 4
wait_until 10 "perf.data" test -s perf.data
record -d 2 -o perf.pftrace -p "$truth"
wait "$PID" || skip "the rest needs a perf that records tracepoints here"
kill -TERM "$truth"
ended "$truth"
perf script -i perf.data -F tid,time,event,trace --ns >perf.txt 2>/dev/null ||
    skip "the rest needs a perf that reads its own data"
json_of perf.pftrace
PYTHONPATH=$E2E "$PYTHON" - <<'END' || fail "partrace and perf disagree"
import json
import re
import time

from facts import window

facts = json.load(open("perf.pftrace.json"))
waiter = next(t for t in facts["threads"] if t["name"] == "mmap-lock")
lock = next(l for l in facts["locks"] if l["kind"] == "kernel")
# Perf's waits are those of partrace's time.
to_wall_ns = time.time_ns() - time.monotonic_ns()
begin, end = [(ns - to_wall_ns) / 1e9 for ns in window(facts)]
waits, since, spent = 0, {}, 0.0
first = last = None
for line in open("perf.txt"):
    m = re.match(r"\s*(\d+)\s+([\d.]+):\s+lock:contention_(begin|end):\s+(\w+)(.*)", line)
    if not m or int(m[1]) != waiter["tid"]:
        continue
    now = float(m[2])
    if not begin <= now <= end:
        continue
    first, last = first or now, now
    if m[3] == "end":
        if m[4] in since:
            waits += 1
            spent += now - since.pop(m[4])
    elif "SPIN" not in m[5]:
        since.setdefault(m[4], now)
assert waits, "perf saw no wait"
length = facts["recording"]["duration_ns"] / 1e9
theirs, ours = waits / (last - first), lock["waits"] / length
print("waits a second: perf %.1f, partrace %.1f; waiting: perf %.1f %%, partrace %.1f %%"
      % (theirs, ours, 100 * spent / (last - first), 100 * lock["wait_ns"] / 1e9 / length))
assert 0.8 * theirs < ours < 1.25 * theirs
# Perf's include the time until the waiter has a CPU again.
queue = waiter["time_ns"]["run_queue"] / 1e9 / length
share = lock["wait_ns"] / 1e9 / length
assert share < 1.1 * spent / (last - first) and spent / (last - first) < 1.1 * (share + queue)
END
