#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# nginx under ab, with a new connection for each request and with kept ones.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/servers.sh"
need_tracing
need_cmd nginx ab

port=$(free_port)
mkdir www
head -c 20000 /dev/urandom >www/file
chmod -R a+rX "$TMP"
start_nginx "$port" "root $TMP/www;"
server=$PID

record -q -o idle.pftrace -d 1 -p "$server"
check_server "nginx, idle" idle.pftrace
assert_equal "class" "$(facts idle.pftrace get verdict.class)" idle

start ab -q -r -t 60 -n 100000000 -c 8 "http://127.0.0.1:$port/file" >/dev/null 2>&1
client=$PID
record -q -o busy.pftrace -d 3 -p "$server"
check_server "nginx, ab" busy.pftrace
assert_number "processes" "$(facts busy.pftrace count processes)" "==" 3
# Which of the two accepts a connection is the kernel's choice: mostly the same one.
assert_in "class" "$(facts busy.pftrace get verdict.class)" cpu-bound io-bound kernel-lock-bound idle mixed imbalanced
assert_number "idle share of what it waited for" \
    "$(facts busy.pftrace share idle nginx '^run_queue|cpu_user|cpu_kernel|child')" ">" 90
kill -KILL "$client"
start ab -q -r -k -t 60 -n 100000000 -c 8 "http://127.0.0.1:$port/file" >/dev/null 2>&1
record -q -o kept.pftrace -d 2 -p "$PID,$server"
check_server "nginx and ab -k" kept.pftrace
