# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Real servers from Debian, for tests that source lib.sh first.

# Their process ids; those that start_… starts are added by themselves.
SERVERS=()

# Killed the hard way, a master would leave its workers behind.
undo()
{
    local pid

    for pid in "${SERVERS[@]}"; do
        kill -TERM "$pid" 2>/dev/null
        timeout 10 tail --pid="$pid" -f /dev/null
    done
    # It ends with its data directory's process group at the latest.
    [ ! -d "$TMP/pg/data" ] ||
        as_postgres "$PG_BIN/pg_ctl" -D "$TMP/pg/data" -m immediate -w stop >/dev/null 2>&1
}

# start_nginx PORT DIRECTIVES: two workers, that serve as the directives say; the master is $PID.
start_nginx()
{
    mkdir temp
    cat >nginx.conf <<END
daemon off;
worker_processes 2;
pid $TMP/nginx.pid;
error_log $TMP/error.log;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path temp/1; proxy_temp_path temp/2; fastcgi_temp_path temp/3;
    uwsgi_temp_path temp/4; scgi_temp_path temp/5;
    server { listen 127.0.0.1:$1; $2 }
}
END
    start nginx -p "$TMP" -e "$TMP/error.log" -c "$TMP/nginx.conf"
    SERVERS+=("$PID")
    wait_until 20 "answer from nginx" bash -c "exec 3<>/dev/tcp/127.0.0.1/$1"
}

# ---- PostgreSQL, which does not run as root ----

# Where its programs are: $PG_BIN and $PGBENCH.
need_postgresql()
{
    need_cmd setpriv
    PG_BIN=$(find /usr/lib/postgresql/*/bin -maxdepth 0 2>/dev/null | sort -V | tail -n 1) || true
    [ -x "$PG_BIN/initdb" ] || skip "needs postgresql"
    PGBENCH=$(command -v pgbench || echo "$PG_BIN/pgbench")
    [ -x "$PGBENCH" ] || skip "needs pgbench (postgresql-contrib)"
}

as_postgres()
{
    setpriv --reuid=65534 --regid=65534 --clear-groups env -u PGDATABASE HOME="$TMP/pg" "$@"
}

# A server on a socket in $TMP/pg, with nothing to do by itself; its process id is in $PID.
start_postgresql()
{
    chmod 755 "$TMP"
    install -d -o 65534 -g 65534 pg
    cd pg
    as_postgres "$PG_BIN/initdb" -D data -U test -A trust --no-sync >initdb.log ||
        fail "initdb: $(cat initdb.log)"
    as_postgres "$PG_BIN/pg_ctl" -D data -w -l log \
        -o "-k $TMP/pg -c listen_addresses= -c autovacuum_naptime=3600" start >/dev/null ||
        fail "pg_ctl start: $(cat log)"
    PID=$(head -n 1 data/postmaster.pid)
    cd "$TMP"
}
