#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole machine.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

start_ready "$WORKLOADS/truth" --seconds 50 --only cpu,pipe,nanosleep,mutex --truth truth.json
record -q -o all.pftrace -a -d 2
kill -TERM "$PID"
ended "$PID"
facts all.pftrace check-sums
facts all.pftrace check-truth truth.json
assert_number "processes" "$(facts all.pftrace count processes)" ">" 3
# Nobody has more CPU time than the machine.
"$PYTHON" - <<'EOF'
import json, os, subprocess, sys
f = json.loads(subprocess.check_output([os.environ["PARTRACE"], "report", "--json", "all.pftrace"]).decode())
cpu = sum(t["time_ns"]["cpu_user"] + t["time_ns"]["cpu_kernel"] for t in f["threads"])
room = f["recording"]["duration_ns"] * f["recording"]["cpus"]["online"]
if not 0 < cpu <= room:
    sys.exit("FAIL: %d ns of CPU time, of %d that there were" % (cpu, room))
EOF
