#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 185 records the same
# Several loops in several processes are; threads that wait for one connection each are not.
. "$(dirname "$0")/lib.sh"
need_tracing

loops() { "$PYTHON" "$E2E/loops.py" "$@"; }

# Like uvicorn --workers 2: two processes, a loop in each.
cat >workers.py <<'PY'
import os, subprocess, sys
workers = [subprocess.Popen([sys.executable, sys.argv[1], "cpu", "2", "%d.json" % i])
           for i in range(2)]
sys.exit(max(w.wait() for w in workers))
PY
record -q -o workers.pftrace -- "$PYTHON" workers.py "$E2E/workloads/loop_aio.py"
assert_equal "loops of two workers" "$(loops workers.pftrace count)" 2
assert_equal "current of two workers" "$(facts workers.pftrace get verdict.current)" async

# A thread per connection; each waits in recv, or by poll for its socket alone.
cat >threads.py <<'PY'
import select, socket, threading, time
end = time.monotonic() + 2
def serve(conn, by_poll):
    poll = select.poll()
    poll.register(conn, select.POLLIN)
    while True:
        if by_poll:
            poll.poll()
        if not conn.recv(10):
            return
        conn.send(b"!")
def use(conn):
    while time.monotonic() < end:
        conn.send(b"?")
        conn.recv(10)
        time.sleep(0.02)
    conn.close()
pairs = [socket.socketpair() for _ in range(8)]
threads = [threading.Thread(target=serve, args=(p[0], i % 2)) for i, p in enumerate(pairs)]
threads += [threading.Thread(target=use, args=(p[1],)) for p in pairs]
for t in threads:
    t.start()
for t in threads:
    t.join()
PY
record -q -o threads.pftrace -- "$PYTHON" threads.py
assert_equal "loops among threads with a connection each" "$(loops threads.pftrace count)" 0
