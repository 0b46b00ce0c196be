#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 050 records threads of Python
# timeout: 90
# Threads that contend for a threading.Lock wait for a lock; pools, queues and
# conditions, which Python builds from such locks, wait for work or an answer.
. "$(dirname "$0")/lib.sh"
need_tracing

bad=0
for kind in lock queue simple-queue executor ping-pong simple-ping-pong condition; do
    record -q -o "$kind.pftrace" -- "$PYTHON" "$E2E/workloads/py_locks.py" $kind --seconds 1
    facts "$kind.pftrace" check-sums
    json_of "$kind.pftrace"
    "$PYTHON" - $kind "$kind.pftrace.json" <<'END' || bad=1
import json, sys
kind, facts = sys.argv[1], json.load(open(sys.argv[2]))
ns = {}
for t in facts["threads"]:
    for bucket, value in t["time_ns"].items():
        ns[bucket] = ns.get(bucket, 0) + value
# Who waits for a CPU waits for the machine, whatever the program does.
total = sum(ns.values()) - ns["run_queue"]
share = {b: 100.0 * v / total for b, v in ns.items()}
print("%-17s lock %5.1f %%, sync %5.1f %%, sleep %5.1f %%, gil %4.1f %%"
      % (kind, share["lock"], share["sync"], share["sleep"], share["gil"]))
named = [l for l in facts["locks"] if l["name"].startswith("threading.Lock ")]
if kind != "lock":
    assert share["lock"] < 1, "FAIL: %s: %.1f %% of the time in lock" % (kind, share["lock"])
    assert all(l["contended_ns"] < 0.01 * total for l in named), "FAIL: %s" % named[0]
else:
    # Three of four workers wait at any time, and a quarter of main's is added to the total.
    assert share["lock"] > 40, "FAIL: only %.1f %% of the time in lock" % share["lock"]
    top = max(named, key=lambda l: l["contended_ns"])
    assert top["contended_ns"] > 0.9 * top["wait_ns"], "FAIL: %s" % top
    tids = {t["tid"] for t in facts["threads"] if t["name"].startswith("worker-")}
    held = sum(e["wait_ns"] for e in top["edges"] if e["holder"] in tids and e["waiter"] in tids)
    assert held > 0.9 * top["wait_ns"], "FAIL: holders of %s" % top
END
done
[ "$bad" = 0 ] || fail "locks and signals are confused, see above"
