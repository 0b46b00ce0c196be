#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read and check the facts of a recording, for the end-to-end tests.

    facts.py FILE get PATH              one value, as verdict.class or recording.cpus.usable
    facts.py FILE count ARRAY           how many processes, threads, ...
    facts.py FILE thread NAME bucket B  nanoseconds of all threads of that name in bucket
                                        B ('a|b' sums), or: lifetime, count
    facts.py FILE share B [NAME [OF]]   per cent of thread time in bucket B, of threads whose
                                        process or own name starts with NAME; or of their
                                        time in buckets OF ('^a|b': in all but these)
    facts.py FILE process PID KEY       one value of one process
    facts.py FILE row NAME              a row of the table in docs/coverage.md
    facts.py FILE lost                  how many records were lost
    facts.py FILE check-sums            each thread's buckets sum to its life, exactly
    facts.py FILE check-keys            every key of schema 1 is there, with the right type
    facts.py FILE check-truth TRUTH     what truth.c measured, within 5 per cent

FILE is the JSON of `partrace report --json`, or a recording, of which $PARTRACE makes it.
Checks print what is wrong, one line each, and end with status 1.
"""

import datetime
import json
import os
import subprocess
import sys

BUCKETS = ("cpu_user cpu_kernel run_queue throttled gil lock kernel_lock sync ipc child disk "
           "network memory sleep idle stopped other").split()
CLASSES = ("cpu-bound gil-bound lock-bound kernel-lock-bound io-bound ipc-bound oversubscribed "
           "imbalanced idle mixed inconclusive").split()
FITS = "threads processes hybrid async single either inconclusive".split()

INT, NUM, STR, BOOL = (int,), (int, float), (str,), (bool,)
NULL = (type(None),)

# Schema 1. A list with one item: any number of these. NULL: was not measured.
SCHEMA = {
    "schema": INT, "partrace": STR,
    "recording": {
        "start": STR, "duration_ns": INT, "command": [STR], "pids": [INT], "kernel": STR,
        "arch": STR,
        "cpus": {"online": INT, "affinity": INT, "quota": NUM + NULL, "usable": NUM},
        "memory_bytes": INT + NULL, "cpu_split": STR, "steal_ns": INT, "events": INT, "lost": {"ring": INT, "state": INT},
        "unavailable": [STR],
        "overhead": {"bpf_ns": INT, "collector_ns": INT, "fraction": NUM, "bpf_measured": BOOL},
    },
    "processes": [{
        "pid": INT, "ppid": INT, "name": STR, "exe": STR + NULL, "started_ns": INT,
        "ended_ns": INT + NULL, "exit_code": INT + NULL,
        "runtime": ({"name": STR, "version": STR + NULL, "global_lock": BOOL,
                     "free_threaded": BOOL}, None),
        "start_method": STR + NULL, "startup_ns": INT + NULL,
        "rss_bytes": INT + NULL, "pss_bytes": INT + NULL, "private_bytes": INT + NULL,
        "exit_signal": STR + NULL, "started_by": STR + NULL, "exec": BOOL + NULL,
        "helper": STR + NULL, "framework": ({"name": STR, "options": STR}, None),
    }],
    "threads": [{
        "tid": INT, "pid": INT, "name": STR, "role": STR, "lifetime_ns": INT,
        "time_ns": {b: INT for b in BUCKETS},
        "switches": {"voluntary": INT, "involuntary": INT}, "migrations": INT, "wakeups": INT,
        "run_queue_ns": {"p50": INT, "p95": INT, "p99": INT, "max": INT},
        "gil_released": ({"cpu_ns": INT, "released_ns": INT}, None),
        "loop": ({"sockets": INT, "loop_ns": INT, "poll_ns": INT, "turns": INT + NULL,
                  "turn_max_ns": INT + NULL, "cpu_max_ns": INT + NULL, "lag_p95_ns": INT + NULL,
                  "long": ({k: INT for k in ("turns", "ns", "cpu_ns", "queue_ns", "blocked_ns")},
                           None),
                  "blocked_ns": INT,
                  "blocked_in": [{"call": STR, "bucket": STR, "waits": INT, "wait_ns": INT}]},
                 None),
    }],
    "concurrency": {"on_cpu_avg": NUM, "on_cpu_max": INT, "runnable_avg": NUM,
                    "usable_cpus": NUM},
    "locks": [{
        "kind": STR, "name": STR, "address": STR, "pid": INT, "waits": INT, "wait_ns": INT,
        "max_ns": INT,
        "edges": [{"waiter": INT, "holder": INT, "waits": INT, "wait_ns": INT}],
        "contended_ns": INT,
    }],
    "channels": [{
        "kind": STR, "id": STR, "writers": [INT], "readers": [INT], "messages": INT,
        "bytes": INT, "read_wait_ns": INT, "write_wait_ns": INT, "used_as": STR + NULL,
        "size_bytes": INT,
        "ends": [{"pid": INT, "name": STR + NULL, "traced": BOOL, "reads": BOOL, "writes": BOOL,
                  "messages_sent": INT, "bytes_sent": INT, "messages_received": INT,
                  "bytes_received": INT, "read_wait_ns": INT, "write_wait_ns": INT}],
    }],
    "syscalls": [{"name": STR, "calls": INT, "errors": INT, "total_ns": INT + NULL,
                  "blocked_ns": INT, "bytes": INT}],
    "io": {"disk": {"reads": INT, "writes": INT, "bytes": INT, "wait_ns": INT},
           "faults": {"minor": INT, "major": INT}},
    "requests": {"count": INT + NULL, "per_second": NUM + NULL,
                 "latency_ns": {p: INT + NULL for p in ("p50", "p95", "p99")},
                 "basis": STR + NULL},
    "series": [{"t_ns": INT, "cpu": NUM}],
    "verdict": {
        "class": STR, "current": STR, "fit": STR, "confidence": NUM, "summary": STR,
        "roles": [{"role": STR, "threads": INT, "class": STR, "fit": STR, "summary": STR}],
        "evidence": [{"rule": STR, "text": STR, "value": NUM, "threshold": NUM, "unit": STR}],
        "predictions": [{"change": STR, "workers": INT, "speedup": NUM, "low": NUM,
                         "high": NUM, "basis": STR}],
        "not_predicted": [{"change": STR, "why": STR}],
        "advice": [STR],
    },
    "slo": [{"name": STR, "limit": NUM, "value": NUM, "met": BOOL}],
    "deadlocks": [{"threads": [INT], "locks": [STR], "text": STR}],
}


def load(path):
    with open(path, "rb") as file:
        text = file.read()
    if text.lstrip()[:1] != b"{":
        text = subprocess.check_output([os.environ["PARTRACE"], "report", "--json", path])
    return json.loads(text.decode())


def names(buckets):
    wanted = buckets.lstrip("^").split("|")
    for bucket in wanted:
        if bucket not in BUCKETS:
            sys.exit("facts.py: no bucket '%s'" % bucket)
    return [b for b in BUCKETS if b not in wanted] if buckets[:1] == "^" else wanted


def bucket_ns(thread, buckets):
    return sum(thread["time_ns"].get(b, 0) for b in names(buckets))


def get(facts, path):
    value = facts
    for key in path.split("."):
        value = value[int(key) if isinstance(value, list) else key]
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def threads_named(facts, name):
    return [t for t in facts["threads"] if t["name"] == name]


def thread(facts, name, what, buckets=None):
    found = threads_named(facts, name)
    if what == "count":
        return len(found)
    if not found:
        sys.exit("facts.py: no thread '%s' among: %s"
                 % (name, ", ".join(sorted({t["name"] for t in facts["threads"]}))))
    if what == "bucket":
        return sum(bucket_ns(t, buckets) for t in found)
    return sum(t[what + "_ns"] for t in found)


def share(facts, buckets, prefix="", of="|".join(BUCKETS)):
    pids = {p["pid"] for p in facts["processes"] if p["name"].startswith(prefix)}
    found = [t for t in facts["threads"] if t["pid"] in pids or t["name"].startswith(prefix)]
    whole = sum(bucket_ns(t, of) for t in found)
    if not whole:
        sys.exit("facts.py: no time of '%s'" % prefix)
    return "%.3f" % (100.0 * sum(bucket_ns(t, buckets) for t in found) / whole)


def process(facts, pid, key):
    for p in facts["processes"]:
        if p["pid"] == int(pid):
            return p[key]
    sys.exit("facts.py: no process %s among: %s"
             % (pid, ", ".join(str(p["pid"]) for p in facts["processes"])))


def check_sums(facts):
    if not facts["threads"]:
        yield "no thread was recorded"
    for t in facts["threads"]:
        total = sum(t["time_ns"].values())
        if total != t["lifetime_ns"]:
            yield ("thread %d (%s): buckets sum to %d ns, its life is %d ns (%+d)"
                   % (t["tid"], t["name"], total, t["lifetime_ns"], total - t["lifetime_ns"]))
        if t["lifetime_ns"] > facts["recording"]["duration_ns"]:
            yield "thread %d (%s) lived longer than the recording" % (t["tid"], t["name"])
        if min(t["time_ns"].values()) < 0:
            yield "thread %d (%s): negative time" % (t["tid"], t["name"])
        unknown = set(t["time_ns"]) - set(BUCKETS)
        if unknown:
            yield "thread %d: unknown buckets %s" % (t["tid"], sorted(unknown))


def check_shape(value, shape, path):
    if isinstance(shape, tuple) and shape and isinstance(shape[0], dict):
        if value is None:
            return
        shape = shape[0]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield "%s is no object" % path
            return
        for key, inner in shape.items():
            where = "%s.%s" % (path, key) if path else key
            if key in value:
                for problem in check_shape(value[key], inner, where):
                    yield problem
            elif not may_lack(value, path, key):
                yield "%s is missing" % where
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield "%s is no array" % path
            return
        for i, item in enumerate(value):
            for problem in check_shape(item, shape[0], "%s.%d" % (path, i)):
                yield problem
    elif type(value) not in shape:
        yield "%s is %r" % (path, value)


def may_lack(value, path, key):
    """Buckets that this kernel cannot measure are left out, and named in 'unavailable'."""
    return path.endswith("time_ns") and key in check_keys.unavailable


def check_keys(facts):
    check_keys.unavailable = facts.get("recording", {}).get("unavailable", [])
    for problem in check_shape(facts, SCHEMA, ""):
        yield problem
    if facts.get("schema") != 1:
        yield "schema is %r" % facts.get("schema")
    verdict = facts.get("verdict", {})
    if verdict.get("class") not in CLASSES:
        yield "verdict.class is %r" % verdict.get("class")
    if verdict.get("fit") not in FITS:
        yield "verdict.fit is %r" % verdict.get("fit")


def window(facts):
    """The recording's start and end, wall clock, in ns."""
    start = facts["recording"]["start"].rstrip("Z")
    whole, _, fraction = start.partition(".")
    seconds = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(
        tzinfo=datetime.timezone.utc).timestamp()
    start_ns = int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])
    return start_ns, start_ns + facts["recording"]["duration_ns"]


def measured_ns(waits, start, end):
    """What the program measured between start and end; a wait cut by them counts in part."""
    total = 0.0
    for begin, finish, blocked in waits["intervals"]:
        inside = min(finish, end) - max(begin, start)
        if inside > 0:
            total += blocked * min(1.0, inside / max(1, finish - begin))
    return total


def family(facts, pid):
    """Process ids of pid and all that descend from it."""
    pids, before = {pid}, 0
    while len(pids) > before:
        before = len(pids)
        pids |= {p["pid"] for p in facts["processes"] if p["ppid"] in pids}
    return pids


def in_flight(found, waits, want):
    """What partrace may call run_queue and the program a wait: the way to a sleeping CPU.

    From the waking until that CPU has the thread in line, the kernel counts no run delay. On
    a machine with a host that is tens of microseconds, and at times a whole stall of the CPU.
    """
    queued = sum(t["time_ns"]["run_queue"] for t in found)
    longest = max(t["run_queue_ns"]["max"] for t in found)
    if waits["at_least"]:
        return min(0.2 * want, queued)
    return min(longest, queued) if longest > 30e6 else 0


def check_truth(facts, path, tolerance=0.05):
    with open(path) as file:
        truth = json.load(file)
    start, end = window(facts)
    # Somebody else may run the same program, on a machine recorded as a whole.
    pids = family(facts, truth["pid"])
    for waits in truth["waits"]:
        name = waits["thread"]
        found = [t for t in threads_named(facts, name) if t["pid"] in pids]
        if not found:
            yield "%-15s was not recorded" % name
            continue
        got = sum(bucket_ns(t, waits["bucket"]) for t in found)
        want = measured_ns(waits, start, end)
        life = sum(t["lifetime_ns"] for t in found)
        slack = 0.005 * life  # clocks are read beside the call, not in it
        low = want * (waits["at_least"] or 1 - tolerance) - slack
        high = want * (1 + tolerance) + slack
        if not waits["bucket"].startswith("cpu"):
            low -= in_flight(found, waits, want)
        line = ("%-15s %-20s measured %8.1f ms, partrace says %8.1f ms"
                % (name, waits["bucket"], want / 1e6, got / 1e6))
        print(line)
        if want < 0.02 * life and not waits["at_least"]:
            yield "%s: the program itself hardly waited: nothing was tested" % line
        if not low <= got <= high:
            rest = {b: round(sum(t["time_ns"].get(b, 0) for t in found) / 1e6, 1) for b in BUCKETS}
            yield "%s; all: %s" % (line, {b: ms for b, ms in rest.items() if ms})
        other = sum(bucket_ns(t, "other") for t in found)
        other -= sum(measured_ns(w, start, end) for w in truth["waits"]
                     if w["thread"] == name and w["bucket"] == "other")
        if other > 0.01 * life:
            yield "%-15s %.1f %% of its time is unexplained" % (name, 100.0 * other / life)


def check_crowd(facts, path):
    """What crowd has done is all there, though its threads are preempted in the midst of it."""
    with open(path) as file:
        truth = json.load(file)
    calls = sum(s["calls"] for s in facts["syscalls"] if s["name"] == "prctl")
    missed = facts["recording"]["lost"].get("passed_over", 0)
    # Whoever launched it may have made a few itself.
    if not truth["renames"] <= calls + missed <= truth["renames"] + 8 + missed:
        yield "%d calls of prctl (%d passed over), not %d" % (calls, missed, truth["renames"])
    if len(facts["processes"]) != truth["processes"]:
        yield "%d processes, not %d" % (len(facts["processes"]), truth["processes"])
    names = sorted(t["name"] for t in facts["threads"] if t["name"].startswith("named-"))
    if names != ["named-%d" % i for i in range(truth["names"])]:
        yield "threads are called %s" % names
    programs = {os.path.basename(p["exe"] or "") for p in facts["processes"]}
    if programs != {"crowd"} and not missed:
        yield "programs are %s" % programs


GROUPS = (("cpu_user", "cpu_kernel"), ("run_queue", "throttled"), ("gil",), ("lock",),
          ("kernel_lock",), ("sync",), ("ipc",), ("child",), ("disk",), ("network",), ("memory",),
          ("sleep", "idle", "stopped"), ("other",))


def row(facts, name):
    life = sum(t["lifetime_ns"] for t in facts["threads"]) or 1
    shares = [100.0 * sum(bucket_ns(t, "|".join(g)) for t in facts["threads"]) / life
              for g in GROUPS]
    cells = ["%.2f" % s if g == ("other",) else "" if s < 0.005 else "%.1f" % s if s >= 0.1
             else "<0.1" for g, s in zip(GROUPS, shares)]
    return "| %s | %d | %d | %s | %d |" % (name, len(facts["processes"]), len(facts["threads"]),
                                          " | ".join(cells), lost(facts))


def lost(facts):
    """Records. What no program ran for (passed_over) never became one."""
    counts = facts["recording"]["lost"]
    return counts["ring"] + counts["state"]


def main(path, what, *args):
    asks = {"get": get, "thread": thread, "share": share, "process": process, "lost": lost, "row": row,
            "count": lambda facts, array: len(facts[array])}
    checks = {"check-sums": check_sums, "check-keys": check_keys, "check-truth": check_truth,
              "check-crowd": check_crowd}
    facts = load(path)
    if what in asks:
        value = asks[what](facts, *args)
        print({True: "true", False: "false", None: "null"}.get(value, value)
              if isinstance(value, (bool, type(None))) else value)
        return 0
    problems = list(checks[what](facts, *args))
    for problem in problems[:20]:
        print("FAIL: %s" % problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
