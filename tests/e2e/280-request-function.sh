#!/bin/bash
# SPDX-License-Identifier: MIT
# --request: calls of a function are requests, whatever they call and however they end.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload called

called=$WORKLOADS/called
for how in handle_request "handle_request@$called" "$called:handle_request" called:handle_request; do
    record -o f.pftrace --request "$how" -- "$called"
    head -n 1 out >truth
    json_of f.pftrace
    "$PYTHON" - <<'PY' || fail "--request $how: see above"
import json, sys
truth = json.load(open("truth"))
seen = json.load(open("f.pftrace.json"))["requests"]
bad = []
if seen["count"] != truth["count"]:
    bad.append("count is %d of %d" % (seen["count"], truth["count"]))
# Who left last was followed by no further call of its thread.
if not truth["abandoned"] - 3 <= seen["missed"] + seen["unfinished"] <= truth["abandoned"]:
    bad.append("missed %d, unfinished %d of %d" % (seen["missed"], seen["unfinished"], truth["abandoned"]))
for key in ("p50", "p95", "mean"):
    off = seen["latency_ns"][key] / truth[key] - 1
    print("%-4s itself %7.3f ms, partrace %7.3f ms, %+.1f %%" %
          (key, truth[key] / 1e6, seen["latency_ns"][key] / 1e6, 100 * off))
    if not -0.05 < off < 0.03:
        bad.append("%s differs" % key)
if seen["function"] != "handle_request" or "handle_request" not in seen["basis"]:
    bad.append("basis: %s" % seen["basis"])
if seen["servers"][0]["kind"] != "function":
    bad.append("servers: %s" % seen["servers"])
sys.exit("; ".join(bad) if bad else 0)
PY
done
assert_says out '^Requests  '
assert_says out 'calls of handle_request'

# In a library, of a program that runs already, and with the scheduler only.
start "$PYTHON" -c 'import time
while True: time.sleep(0.01)'
library=$(grep -o -m 1 '/.*libc\.so.*\|/.*libc-.*\.so' "/proc/$PID/maps")
record -o lib.pftrace --light -d 1 --request "clock_nanosleep@$(basename "$library")" -p "$PID"
count=$(facts lib.pftrace get requests.count)
[ "$count" != 0 ] || { record -o lib.pftrace -d 1 --request "select@libc" -p "$PID"; count=$(facts lib.pftrace get requests.count); }
assert_number "calls in a library" "$count" ">=" 20
p50=$(facts lib.pftrace get requests.latency_ns.p50)
assert_number "sleep of 10 ms" "$p50" ">=" 9900000

# What can't be found is said, and nothing is left behind.
for how in no_such_function handle_request@libc handle_request@/nowhere no_such:main; do
    run "$PARTRACE" -o no.pftrace --request "$how" -- "$called"
    assert_status 1
    assert_one_error
    assert_says err "cannot use --request"
    [ ! -e no.pftrace ] || fail "a recording is left behind"
done
printf '#!/bin/sh\necho\n' >script && chmod +x script
run "$PARTRACE" -o no.pftrace --request main -- ./script
assert_status 1
assert_says err "not an ELF file"
for how in '' @libc f@ :f f:; do
    run "$PARTRACE" -o no.pftrace --request "$how" -- "$called"
    assert_status 2
    assert_one_error
done
