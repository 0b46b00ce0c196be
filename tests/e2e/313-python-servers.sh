#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 250 records gunicorn
# timeout: 120
# gunicorn, uvicorn and celery are recognised, with the options that say how many.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/servers.sh"
need_tracing

# framework_of RECORDING: "name: options" of the first process that has one
framework_of()
{
    json_of "$1"
    "$PYTHON" -c 'import json, sys
for p in json.load(open(sys.argv[1]))["processes"]:
    if p["framework"]:
        print(p["framework"]["name"] + ": " + p["framework"]["options"])
        break' "$1.json"
}

cat >app.py <<'END'
def application(environ, start_response):
    body = str(sum(i * i for i in range(20000))).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    body = str(sum(i * i for i in range(20000))).encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
END

did=
if command -v gunicorn >/dev/null && command -v ab >/dev/null; then
    port=$(free_port)
    start gunicorn -b "127.0.0.1:$port" -w 1 -k gthread --threads 4 --worker-tmp-dir "$TMP" \
        app:application >log 2>&1
    SERVERS+=("$PID")
    wait_until 30 "answer from gunicorn" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    start ab -q -r -t 60 -n 100000000 -c 8 "http://127.0.0.1:$port/" >/dev/null 2>&1
    record -q -o gunicorn.pftrace -d 3 -p "${SERVERS[-1]}"
    assert_equal "framework" "$(framework_of gunicorn.pftrace)" "gunicorn: -w 1 -k gthread --threads 4"
    "$PARTRACE" report gunicorn.pftrace >report
    # Where others have the CPUs, it is not the GIL that these threads wait for.
    grep -q machine-busy report || assert_says report "gunicorn: --workers [0-9]+ in place of threads"
    did=1
fi
if command -v uvicorn >/dev/null && command -v ab >/dev/null; then
    port=$(free_port)
    start uvicorn --port "$port" --log-level error app:asgi >log 2>&1
    SERVERS+=("$PID")
    wait_until 30 "answer from uvicorn" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    start ab -q -r -t 60 -n 100000000 -c 8 "http://127.0.0.1:$port/" >/dev/null 2>&1
    record -q -o uvicorn.pftrace -d 3 -p "${SERVERS[-1]}"
    assert_equal "framework" "$(framework_of uvicorn.pftrace)" "uvicorn: "
    did=1
fi
# Not the command: that takes the first python3 in PATH, whose libraries may be others.
if /usr/bin/python3 -c "import celery" 2>/dev/null; then
    cat >tasks.py <<'END'
from celery import Celery

app = Celery("tasks", broker="memory://")
END
    start /usr/bin/python3 -m celery -A tasks worker -c 2 -P prefork -l error >log 2>&1
    SERVERS+=("$PID")
    celery_works() { [ "$(pgrep -c -P "${SERVERS[-1]}")" -ge 2 ]; }
    wait_until 60 "celery's workers" celery_works
    record -q -o celery.pftrace -d 1 -p "${SERVERS[-1]}"
    assert_equal "framework" "$(framework_of celery.pftrace)" "celery: -c 2 -P prefork"
    did=1
fi
[ -n "$did" ] || skip "needs gunicorn, uvicorn (and ab), or celery"
