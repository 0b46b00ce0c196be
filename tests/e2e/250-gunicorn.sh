#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, the program recorded is what differs
# gunicorn: two processes with four threads each, that compute a little per request.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/servers.sh"
need_tracing
need_cmd gunicorn ab

port=$(free_port)
cat >app.py <<'END'
import json


def application(environ, start_response):
    body = json.dumps({str(i): i for i in range(2000)}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
END
start gunicorn -b "127.0.0.1:$port" -w 2 -k gthread --threads 4 --worker-tmp-dir "$TMP" app:application \
    >"$TMP/log" 2>&1
server=$PID
SERVERS+=("$server")
wait_until 30 "answer from gunicorn" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
start ab -q -r -t 60 -n 100000000 -c 8 "http://127.0.0.1:$port/" >/dev/null 2>&1
record -q -o busy.pftrace -d 4 -p "$server"
check_server "gunicorn, ab" busy.pftrace
assert_equal "runtime" "$(facts busy.pftrace get processes.0.runtime.name)" cpython
assert_number "GIL share" "$(facts busy.pftrace share gil)" ">" 1
