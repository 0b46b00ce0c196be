#!/bin/bash
# SPDX-License-Identifier: MIT
# `report` prints what `record` printed, and --json every key of the schema.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

start_ready "$WORKLOADS/truth" --seconds 50 --dir "$TMP" --truth truth.json
record -o run.pftrace -d 1 -p "$PID"
cp out printed.txt
"$PARTRACE" report run.pftrace >again.txt
diff printed.txt again.txt || fail "report differs from what record printed"
for word in verdict evidence cost trace; do
    assert_says printed.txt "^ *$word"
done

json_of run.pftrace
facts run.pftrace.json check-keys
facts run.pftrace.json check-sums
assert_equal "pids" "$(facts run.pftrace.json get recording.pids)" "[$PID]"
assert_equal "kernel" "$(facts run.pftrace.json get recording.kernel)" "$(uname -r)"
assert_equal "CPUs" "$(facts run.pftrace.json get recording.cpus.online)" "$(getconf _NPROCESSORS_ONLN)"
assert_number "events" "$(facts run.pftrace.json get recording.events)" ">" 100

# -q prints nothing at all, and the trace is named after the process.
record -q -d 300ms -p "$PID"
[ -z "$(cat out err)" ] || fail "-q printed: $(cat out err)"
[ -s "partrace-$PID.pftrace" ] || fail "no partrace-$PID.pftrace: $(ls)"

# Under sudo the trace belongs to the user.
SUDO_UID=65534 SUDO_GID=65534 record -q -o theirs.pftrace -d 300ms -p "$PID"
assert_equal "owner" "$(stat -c %u:%g theirs.pftrace)" 65534:65534
