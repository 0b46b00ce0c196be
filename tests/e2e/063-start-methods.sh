#!/bin/bash
# SPDX-License-Identifier: MIT
# How processes were started, and after what time they worked: fork, vfork,
# posix_spawn, exec. Without the system calls, what cannot be known is not said.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload starts

run "$PARTRACE" -q -o ways.pftrace -- "$WORKLOADS/starts" ways
assert_status 0
cp "$TMP/out" ways.out
PYTHONPATH=$E2E "$PYTHON" "$E2E/starts.py" ways.pftrace ways.out 0.4 fork=fork,fork \
    vfork=vfork,vfork fork+exec=exec,fork vfork+exec=exec,vfork spawn=exec,vfork server=fork,fork

run "$PARTRACE" -q --light -o light.pftrace -- "$WORKLOADS/starts" ways
assert_status 0
json_of light.pftrace
while read -r what way pid _; do
    [ "$what" = start ] || continue
    case $way in
    *exec|spawn) assert_equal "startup_ns of $way, --light" "$(facts light.pftrace.json process "$pid" startup_ns)" null ;;
    *) assert_number "startup_ns of $way, --light" "$(facts light.pftrace.json process "$pid" startup_ns)" ">" 0 ;;
    esac
done <"$TMP/out"

# Who was there before was not seen to start, nor to run another program.
start "$PYTHON" -c 'import time; time.sleep(60)'
record -q -o before.pftrace -d 200ms -p "$PID"
for key in start_method started_by exec startup_ns helper exit_signal; do
    assert_equal "$key" "$(facts before.pftrace process "$PID" "$key")" null
done
