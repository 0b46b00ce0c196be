#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# memcached, threads around event loops: what they wait for is their clients' next request.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd memcached

port=$(free_port)
start memcached -l 127.0.0.1 -p "$port" -U 0 -t 4 -u nobody
server=$PID
wait_until 20 "answer from memcached" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"

start "$PYTHON" "$E2E/workloads/memcache_load.py" "$port" 4
record -q -o busy.pftrace -d 3 -p "$server"
check_server memcached busy.pftrace
assert_number "network share" "$(facts busy.pftrace share 'network|ipc')" "<" 1
assert_number "idle share of the workers" "$(facts busy.pftrace share idle mc-worker '^run_queue|cpu_user|cpu_kernel')" ">" 90
