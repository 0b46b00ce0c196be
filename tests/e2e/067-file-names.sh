#!/bin/bash
# SPDX-License-Identifier: MIT
# Files that are waited for and locked are told by their paths: flock and fcntl, a
# FIFO that is read or polled and what was deleted.
. "$(dirname "$0")/lib.sh"
need_tracing

cat >files.py <<'END'
import fcntl, os, select, time

def holder(path, lock):
    with open(path, "w") as file:
        for _ in range(20):
            lock(file, fcntl.LOCK_EX)
            time.sleep(0.01)
            lock(file, fcntl.LOCK_UN)
            time.sleep(0.001)

for path in ("flocked", "fcntled"):
    lock = fcntl.flock if path == "flocked" else fcntl.lockf
    for _ in range(2):
        if not os.fork():
            holder(path, lock)
            os._exit(0)
os.mkfifo("read.fifo")
os.mkfifo("polled.fifo")
os.mkfifo("deleted.fifo")
for name in ("read.fifo", "polled.fifo", "deleted.fifo"):
    if not os.fork():
        fd = os.open(name, os.O_RDWR)
        if name == "deleted.fifo":
            os.unlink(name)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        pid = os.fork()
        for _ in range(20):
            if pid:
                time.sleep(0.01)
                os.write(fd, b"x")
            else:
                if name == "polled.fifo":
                    poll.poll()
                os.read(fd, 1)
        if pid:
            os.wait()
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
END
run "$PARTRACE" -q -o files.pftrace -- "$PYTHON" files.py
assert_status 0
json_of files.pftrace
has()
{
    "$PYTHON" - files.pftrace.json "$@" <<'END'
import json, sys
facts = json.load(open(sys.argv[1]))
found = [x[sys.argv[3]] for x in facts[sys.argv[2]]]
sys.exit(0 if any(sys.argv[4] in f for f in found) else "no %s among %s" % (sys.argv[4], found))
END
}
has channels id "$TMP/read.fifo"
has channels id "$TMP/polled.fifo"
has channels id "$TMP/deleted.fifo (deleted)"
has locks name "file lock on $TMP/flocked"
has locks name "file lock on $TMP/fcntled"
