#!/bin/bash
# SPDX-License-Identifier: MIT
# sanitized: no, 040 runs the same program
# timeout: 90
# Each lock by its kind, and who held it: of a program that knows both.
. "$(dirname "$0")/lib.sh"
need_tracing
need_workload truth

check()
{
    json_of "$1"
    "$PYTHON" - "$1.json" <<'END'
import json, sys
facts = json.load(open(sys.argv[1]))
name_of = {t["tid"]: t["name"] for t in facts["threads"]}
pid_of = {t["tid"]: t["pid"] for t in facts["threads"]}
# Who waits: kind, who held it or brought the signal, what part of the time is contention.
wanted = {
    "mutex": ("mutex", "h-mutex", 1), "timed-mutex": ("mutex", "h-timed-mutex", 1),
    "robust-mutex": ("mutex", "h-robust-mutex", 1), "pi-mutex": ("pi", "h-pi-mutex", 1),
    "rwlock": ("rwlock", "h-rwlock", 1), "reader": ("rwlock", "h-reader", 1),
    "writer": ("rwlock", "h-writer", 1), "flock": ("file", "h-flock", 1),
    "sem-lock": ("semaphore", "h-sem-lock", None), "semaphore": ("semaphore", "h-semaphore", 0),
    "condvar": ("condvar", "h-condvar", 0), "condvar-timed": ("condvar", "h-condvar-timed", 0),
    "condvar-late": ("condvar", None, 0), "sem-late": ("semaphore", None, 0),
    "barrier": ("barrier", "h-barrier", 0), "join": ("join", "h-join", 0),
    "shared-mutex": ("mutex", "truth", 0), "shared-sem": ("semaphore", "truth", 0),
}
bad = []
for lock in facts["locks"]:
    edges = sum(e["wait_ns"] for e in lock["edges"])
    if edges != lock["wait_ns"] or sum(e["waits"] for e in lock["edges"]) != lock["waits"]:
        bad.append("%s: edges add up to %d of %d ns" % (lock["name"], edges, lock["wait_ns"]))
    if lock["max_ns"] > lock["wait_ns"] or lock["contended_ns"] > lock["wait_ns"]:
        bad.append("%s: %s" % (lock["name"], lock))
for waiter, (kind, holder, contended) in sorted(wanted.items()):
    found = [l for l in facts["locks"]
             if waiter in [name_of.get(e["waiter"]) for e in l["edges"]] and l["waits"] > 5]
    if waiter == "join":  # of another thread each time
        found = [l for l in facts["locks"] if l["kind"] == "join" and
                 waiter in [name_of.get(e["waiter"]) for e in l["edges"]]]
    if not found:
        bad.append("%s: nothing it waits for" % waiter)
        continue
    lock = max(found, key=lambda l: l["wait_ns"])
    mine = [e for e in lock["edges"] if name_of.get(e["waiter"]) == waiter]
    total = sum(e["wait_ns"] for e in mine)
    known = sum(e["wait_ns"] for e in mine if name_of.get(e["holder"]) == holder)
    part = lock["contended_ns"] / lock["wait_ns"]
    print("%-14s %-10s %-50s holder known %3.0f %%, contention %3.0f %%"
          % (waiter, lock["kind"], lock["name"], 100 * known / total, 100 * part))
    if lock["kind"] != kind:
        bad.append("%s: a %s, not a %s" % (waiter, lock["kind"], kind))
    if holder and known < 0.9 * total:
        bad.append("%s: waits for %s: %s" % (waiter, holder, mine))
    if holder == "truth" and any(pid_of.get(e["holder"]) == lock["pid"] for e in mine if e["holder"]):
        bad.append("%s: no other process holds it: %s" % (waiter, mine))
    if contended is not None and part != contended:
        bad.append("%s: contention is %.2f of it" % (waiter, part))
    if waiter == "sem-lock" and part < 0.7:
        bad.append("%s: only %.2f of it as a lock" % (waiter, part))
    if kind == "file" and "truth.lock" not in lock["name"]:
        bad.append("%s: no path in '%s'" % (waiter, lock["name"]))
if facts["deadlocks"]:
    bad.append("deadlocks: %s" % facts["deadlocks"])
print("\n".join("FAIL: " + b for b in bad), file=sys.stderr)
sys.exit(bool(bad))
END
}

kinds=mutex,timed-mutex,robust-mutex,pi-mutex,rwlock,reader,writer,flock,sem-lock,semaphore
kinds+=,condvar,condvar-timed,condvar-late,sem-late,barrier,join,shared-mutex,shared-sem
start_ready "$WORKLOADS/truth" --only $kinds --truth truth.json --dir "$TMP"
bad=0
for mode in '' --light; do
    record $mode -o "locks$mode.pftrace" -d 2 -p "$PID"
    check "locks$mode.pftrace" || bad=1
done
# In a container threads have numbers of their own, and write those into their locks.
mkdir container
start_ready unshare --pid --fork --kill-child "$WORKLOADS/truth" --only $kinds --dir "$TMP/container"
record -o container.pftrace -d 2 -p "$PID"
check container.pftrace || bad=1
[ "$bad" = 0 ] || fail "kinds or holders are wrong, see above"
