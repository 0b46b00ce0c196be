#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# timeout: 120
# Requests of servers of every make: as many as their clients sent, and as long as they waited.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload served

# compare MODE: partrace's requests.json values against the clients' truth.json.
compare()
{
    "$PYTHON" - "$1" <<'PY'
import json, sys
mode = sys.argv[1]
truth = json.load(open(mode + ".truth"))
seen = json.load(open(mode + ".pftrace.json"))["requests"]
latency = seen["latency_ns"]
bad = []
if seen["count"] != truth["count"]:
    bad.append("count is %d, the clients sent %d" % (seen["count"], truth["count"]))
for key in ("p50", "p95", "mean"):
    # What a client waits for besides, its own CPU included, is the same for all sizes.
    off = (truth[key] - latency[key]) / truth[key]
    print("%-8s %-4s clients %7.3f ms, partrace %7.3f ms, %+.1f %%" %
          (mode, key, truth[key] / 1e6, latency[key] / 1e6, -100 * off))
    if not -0.03 < off < 0.12:
        bad.append("%s differs" % key)
if seen["unfinished"] or seen["missed"]:
    bad.append("unfinished %d, missed %d" % (seen["unfinished"], seen["missed"]))
if not seen["basis"].startswith("served connections"):
    bad.append("basis '%s'" % seen["basis"])
if seen["servers"][0]["count"] != seen["count"] or len(seen["servers"]) != 1:
    bad.append("servers %s" % seen["servers"])
if seen["listeners"][0]["accepts"] != 4:
    bad.append("listeners %s" % seen["listeners"])
sys.exit("FAIL: %s: %s" % (mode, "; ".join(bad)) if bad else 0)
PY
}

bad=0
for mode in threads loop pool fork handoff; do
    # An event loop's queue is seen only where the kernel tells when data come (6.3).
    if [ "$mode" = loop ] && ! grep -q sk_data_ready /sys/kernel/tracing/available_events 2>/dev/null &&
        [ ! -e /sys/kernel/tracing/events/sock/sk_data_ready ]; then
        continue
    fi
    start_ready "$WORKLOADS/served" "$mode" >"$mode.truth"
    clients=$PID
    start_record "$mode.pftrace" -q -p "$(cat server)"
    kill -USR1 "$clients"
    ended "$clients"
    ended "$PID"
    json_of "$mode.pftrace"
    compare "$mode" || bad=1
done
[ "$bad" = 0 ] || fail "partrace and the clients disagree, see above"
