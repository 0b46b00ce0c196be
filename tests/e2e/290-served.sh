#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# timeout: 150
# Real servers: as many requests as their clients count, which take as long as these say.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/servers.sh"
need_tracing
need_cmd redis-server redis-benchmark redis-cli nginx ab gunicorn memcached
need_postgresql

# compare FILE SERVER COUNT MORE [P50 P95 MEAN]: of SERVER's requests there are COUNT, and
# at most MORE besides; times in ms, of which a client sees a little more than the server.
compare()
{
    json_of "$1"
    "$PYTHON" - "$@" <<'PY'
import json, sys
path, name, count, more = sys.argv[1:5]
requests = json.load(open(path + ".json"))["requests"]
servers = [s for s in requests["servers"] if s["name"].startswith(name)]
bad = []
if len(servers) != 1:
    sys.exit("FAIL: %s: servers %s" % (name, requests["servers"]))
seen = servers[0]
print("%-12s clients %6s requests, partrace %6d" % (name, count, seen["count"]))
if not int(count) <= seen["count"] <= int(count) + int(more):
    bad.append("%d requests of %s" % (seen["count"], count))
for key, value in zip(("p50", "p95", "mean"), sys.argv[5:]):
    if value == "-":
        continue
    client, server = float(value), seen["latency_ns"][key] / 1e6
    print("%-12s %-4s clients %7.3f ms, partrace %7.3f ms, %+.1f %%" %
          (name, key, client, server, 100 * (server / client - 1)))
    if not -0.15 < server / client - 1 < 0.03:
        bad.append("%s differs" % key)
sys.exit("FAIL: %s: %s" % (name, "; ".join(bad)) if bad else 0)
PY
}

stop_record()
{
    kill -INT "$recorder"
    ended "$recorder"
    assert_equal "status of partrace" "$STATUS" 0
}

bad=0

# Redis, one thread around an event loop, with commands that take a while: clients queue, for
# longer than a busy machine lets their own process wait for a CPU.
sock=$TMP/redis.sock
start redis-server --port 0 --unixsocket "$sock" --dir "$TMP" --save '' --appendonly no --daemonize no --logfile "$TMP/redis.log"
wait_until 20 "answer from redis" redis-cli -s "$sock" ping
start_record redis.pftrace -q -p "$PID"
recorder=$PID
redis-benchmark -s "$sock" --csv -c 4 -n 400 eval 'local x = 0; for i = 1, 300000 do x = x + i end; return x' 0 >redis.csv
stop_record
# "test","rps","avg_latency_ms","min_latency_ms","p50","p95","p99","max"
read -r mean p50 p95 < <(tail -n 1 redis.csv | awk -F '","' '{ print $(NF - 5), $(NF - 3), $(NF - 2) }')
# The benchmark asks for the server's configuration, too.
compare redis.pftrace redis 400 4 "$p50" "$p95" "$mean" || bad=1

# nginx in front of gunicorn: what nginx asks gunicorn for is a request to gunicorn only.
front=$(free_port)
back=$(free_port)
cat >app.py <<'END'
import time


def application(environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
END
chmod -R a+rX "$TMP"
start gunicorn -b "127.0.0.1:$back" -w 4 --worker-tmp-dir "$TMP" app:application >"$TMP/log" 2>&1
gunicorn=$PID
SERVERS+=("$gunicorn")
wait_until 30 "answer from gunicorn" bash -c "exec 3<>/dev/tcp/127.0.0.1/$back"
start_nginx "$front" "location / { proxy_pass http://127.0.0.1:$back; }"
nginx=$PID
for keep in '' -k; do
    start_record nginx.pftrace -q -p "$nginx,$gunicorn"
    recorder=$PID
    # shellcheck disable=SC2086 # no option is no argument
    ab -q $keep -c 3 -n 400 -e ab.csv "http://127.0.0.1:$front/" >ab.out
    stop_record
    mean=$(sed -n 's/^Time per request: *\([0-9.]*\) .*(mean)$/\1/p' ab.out)
    p50=$(sed -n 's/^50,//p' ab.csv)
    compare nginx.pftrace nginx 400 0 "$p50" - "$mean" || bad=1
    compare nginx.pftrace gunicorn 400 0 || bad=1
done

# PostgreSQL, a process per connection.
start_postgresql
echo 'select pg_sleep(0.01);' >sleep.sql
start_record pg.pftrace -q -p "$PID"
recorder=$PID
as_postgres "$PGBENCH" -h "$TMP/pg" -U test -n -c 3 -t 100 -f sleep.sql postgres >pg.out 2>&1
stop_record
mean=$(sed -n 's/^latency average = \([0-9.]*\) ms.*/\1/p' pg.out)
# Each connection greets, and pgbench makes one more to look around.
compare pg.pftrace postgres 300 16 - - "$mean" || bad=1

# memcached hands each connection to one of its threads.
port=$(free_port)
start memcached -l 127.0.0.1 -p "$port" -U 0 -t 4 -u nobody
wait_until 20 "answer from memcached" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
start_record memcached.pftrace -q -p "$PID"
recorder=$PID
"$PYTHON" - "$port" <<'PY'
import socket, sys
conns = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(16)]
for i in range(50):
    for c in conns:		# all at once, so that they overlap
        c.sendall(b"set k%d 0 0 3\r\nabc\r\n" % i)
    for c in conns:
        assert c.recv(100) == b"STORED\r\n"
PY
stop_record
compare memcached.pftrace memcached 800 0 || bad=1
assert_equal "connections followed" "$(facts memcached.pftrace get requests.missed)" 0
[ "$bad" = 0 ] || fail "partrace and the clients disagree, see above"
