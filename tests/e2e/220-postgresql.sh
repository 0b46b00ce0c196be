#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# timeout: 90
# PostgreSQL, a tree of processes: idle, and under pgbench.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd setpriv

bin=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1) || true
[ -x "$bin/initdb" ] || skip "needs postgresql"
pgbench=$(command -v pgbench || echo "$bin/pgbench")
[ -x "$pgbench" ] || skip "needs pgbench (postgresql-contrib)"

user()
{
    setpriv --reuid=65534 --regid=65534 --clear-groups env -u PGDATABASE HOME="$TMP/pg" "$@"
}

# The server dies with its data directory's process group at the latest.
undo()
{
    user "$bin/pg_ctl" -D "$TMP/pg/data" -m immediate -w stop >/dev/null 2>&1
}

chmod 755 "$TMP"
install -d -o 65534 -g 65534 pg
cd pg
user "$bin/initdb" -D data -U test -A trust --no-sync >initdb.log || fail "initdb: $(cat initdb.log)"
user "$bin/pg_ctl" -D data -w -l log -o "-k $TMP/pg -c listen_addresses= -c autovacuum_naptime=3600" start >/dev/null ||
    fail "pg_ctl start: $(cat log)"
server=$(head -n 1 data/postmaster.pid)
user "$pgbench" -h "$TMP/pg" -U test -i -s 2 -q postgres >/dev/null 2>&1
cd "$TMP"

record -q -o idle.pftrace -d 3 -p "$server"
check_server "PostgreSQL, idle" idle.pftrace
assert_number "processes" "$(facts idle.pftrace count processes)" ">=" 5
assert_equal "class" "$(facts idle.pftrace get verdict.class)" idle

start setpriv --reuid=65534 --regid=65534 --clear-groups "$pgbench" -h "$TMP/pg" -U test -c 4 -T 30 -n postgres >/dev/null 2>&1
client=$PID
record -q -o busy.pftrace -d 4 -p "$server"
check_server "PostgreSQL, pgbench" busy.pftrace
assert_equal "current" "$(facts busy.pftrace get verdict.current)" processes
assert_in "class" "$(facts busy.pftrace get verdict.class)" io-bound cpu-bound mixed oversubscribed lock-bound
record -q -o client.pftrace -d 1 -p "$client"
check_server "pgbench" client.pftrace
kill -KILL "$client"
