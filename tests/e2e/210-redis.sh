#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# Redis, idle and busy: an idle server is idle, not I/O-bound.
. "$(dirname "$0")/lib.sh"
need_tracing
need_cmd redis-server redis-benchmark redis-cli

sock=$TMP/redis.sock
start redis-server --port 0 --unixsocket "$sock" --dir "$TMP" --save '' --appendonly no --daemonize no --logfile "$TMP/redis.log"
redis=$PID
wait_until 20 "answer from redis" redis-cli -s "$sock" ping

record -q -o idle.pftrace -d 2 -p "$redis"
check_server "Redis, idle" idle.pftrace
assert_equal "class" "$(facts idle.pftrace get verdict.class)" idle
assert_number "idle share" "$(facts idle.pftrace share 'idle|sleep|sync' '' '^run_queue')" ">=" 97

start redis-benchmark -s "$sock" -q -n 100000000 -c 20 -t get,set >/dev/null 2>&1
record -q -o busy.pftrace -d 2 -p "$redis"
check_server "Redis, redis-benchmark" busy.pftrace
# One thread does it all; the rest of it are background threads that wait.
cpu=$(facts busy.pftrace thread redis-server bucket 'cpu_user|cpu_kernel|run_queue')
life=$(facts busy.pftrace thread redis-server lifetime)
assert_number "work of the main thread" "$cpu" ">=" "$((life * 40 / 100))"
class=$(facts busy.pftrace get verdict.class)
assert_in "class of busy redis" "$class" cpu-bound io-bound ipc-bound oversubscribed mixed
