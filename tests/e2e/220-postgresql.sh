#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# timeout: 90
# PostgreSQL, a tree of processes: idle, and under pgbench.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/servers.sh"
need_tracing
need_postgresql

start_postgresql
server=$PID
as_postgres "$PGBENCH" -h "$TMP/pg" -U test -i -s 2 -q postgres >/dev/null 2>&1

record -q -o idle.pftrace -d 3 -p "$server"
check_server "PostgreSQL, idle" idle.pftrace
assert_number "processes" "$(facts idle.pftrace count processes)" ">=" 5
assert_equal "class" "$(facts idle.pftrace get verdict.class)" idle

start as_postgres "$PGBENCH" -h "$TMP/pg" -U test -c 4 -T 300 -n postgres >/dev/null 2>&1
client=$PID
record -q -o busy.pftrace -d 4 -p "$server"
check_server "PostgreSQL, pgbench" busy.pftrace
assert_equal "current" "$(facts busy.pftrace get verdict.current)" processes
assert_in "class" "$(facts busy.pftrace get verdict.class)" io-bound cpu-bound mixed oversubscribed lock-bound
record -q -o client.pftrace -d 1 -p "$client"
check_server "pgbench" client.pftrace
kill -KILL "$client"
