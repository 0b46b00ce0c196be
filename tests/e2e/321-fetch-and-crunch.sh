#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the verdict's unit tests are
# Threads that fetch and threads that crunch get an answer each.
. "$(dirname "$0")/lib.sh"
need_tracing
[ "$(nproc)" -ge 2 ] || skip "needs two CPUs"

start "$PYTHON" "$E2E/workloads/fetch_crunch.py" --serve >port
wait_until 20 "port of the server" test -s port
record_calm both.pftrace -- "$PYTHON" "$E2E/workloads/fetch_crunch.py" "$(cat port)" --seconds 4
facts both.pftrace check-sums
assert_equal "fit" "$(facts both.pftrace get verdict.fit)" hybrid
"$PYTHON" - <<'EOF'
import json
v = json.load(open("both.pftrace.json"))["verdict"]
fits = {r["role"]: r["fit"] for r in v["roles"]}
assert fits["fetch"] == "threads" and fits["crunch"] == "processes", fits
assert "fetch in threads; crunch in processes" in v["summary"], v["summary"]
EOF
