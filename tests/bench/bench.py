#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What partrace costs, beside what other tracers cost and the least that any must.

bench.py [--rounds N] [--tracers A,B] [--save FILE] [--lock FILE] [--patience S] [--check] [NAME ...]

Each workload does a fixed amount of work, untraced and under each tracer in turn; every round
begins with another one. Compared is within a round, and what is shown is the median of rounds,
with the lowest and the highest. --save adds the measurements to FILE and shows all that it has;
with --rounds 0, only shows. --lock holds a lock file through each round, where machines are
shared. Beside workloads there are limits, which are measured once. --list names all of them, and the
tracers. Needs root and a quiet machine.

Ends with 1 if something could not be measured; with --check also if a target was missed.
OUT=build and PARTRACE=build/partrace say what is measured; AGAINST="old=/tmp/old/partrace ..."
names other builds to measure it against, as tracers "old" and "old-light".
"""
import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tables  # noqa: E402
from limits import LIMITS  # noqa: E402
from tracers import TRACERS, NotRunnable, Run  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

QUIET = 0.15        # CPUs that others may use when a measurement begins


def others_cpus(seconds=0.2):
    def used():
        with open("/proc/stat") as file:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


def wait_for_quiet(patience):
    deadline = time.monotonic() + patience
    while patience and others_cpus() > QUIET and time.monotonic() < deadline:
        pass


def measure(workload, tracer, folder, patience):
    """One measurement: seconds of the work, switches, and what the tracer itself used."""
    wait_for_quiet(patience)
    work = workload.start(tracer.share)
    run = None
    try:
        if tracer.argv:
            run = Run(tracer, work.pids, folder)
        seconds, switches = work.work()
        cost = run.stop() if run else {}
        run = None
    finally:
        if run:
            run.kill()
        work.close()
        for name in os.listdir(folder):
            if name.split(".")[0] in ("out", "perf", "wprof", "tracer", "strace"):
                os.remove(os.path.join(folder, name))
    return dict(cost, seconds=seconds, switches=switches, share=tracer.share)


@contextlib.contextmanager
def lock(path):
    if not path:
        yield
        return
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_rounds(workload, tracers, args, add, folder):
    broken = set()
    for number in range(args.rounds):
        turn = number % len(tracers)
        with lock(args.lock):
            for tracer in tracers[turn:] + tracers[:turn]:
                if tracer.name in broken:
                    continue
                try:
                    result = measure(workload, tracer, folder, args.patience)
                except NotRunnable as why:
                    broken.add(tracer.name)
                    result = {"not_runnable": str(why)}
                add(dict(result, round="%d-%d" % (os.getpid(), number), workload=workload.name,
                         tracer=tracer.name))


def run_workload(workload, tracers, args, add):
    folder = tempfile.mkdtemp(prefix="partrace-bench.")
    try:
        workload.open(folder)
        try:
            run_rounds(workload, tracers, args, add, folder)
        finally:
            workload.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_limit(name, args, add):
    folder = tempfile.mkdtemp(prefix="partrace-bench.")
    try:
        with lock(args.lock):
            wait_for_quiet(args.patience)
            add(dict(LIMITS[name](folder), limit=name))
    except NotRunnable as why:
        raise RuntimeError(str(why))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_names(known, names):
    for name in names:
        if name not in known:
            raise SystemExit("bench: no '%s': there are %s" % (name, ", ".join(known)))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tracers", default="", help="comma-separated; untraced is always measured")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait for a quiet machine, each time")
    parser.add_argument("--save")
    parser.add_argument("--lock")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("name", nargs="*")
    return parser.parse_args()


def list_all():
    print("workloads:", *("  %-20s %s" % (w.name, w.what) for w in WORKLOADS), sep="\n")
    print("limits:", *("  %-20s %s" % (name, limit.__doc__) for name, limit in LIMITS.items()), sep="\n")
    print("tracers:\n  " + " ".join(t.name for t in TRACERS))


def say(sample):
    if "limit" in sample:
        print("%s: measured" % sample["limit"], file=sys.stderr)
    else:
        print("%-20s %-16s %s" % (sample["workload"], sample["tracer"], sample.get("not_runnable") or
                                  "%.3f s" % sample["seconds"]), file=sys.stderr)


def main():
    args = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are stopped, folders removed
    if args.list:
        list_all()
        return 0
    tracer_names = [n for n in args.tracers.split(",") if n]
    check_names([t.name for t in TRACERS], tracer_names)
    check_names([w.name for w in WORKLOADS] + list(LIMITS), args.name)
    tracers = [t for t in TRACERS if not tracer_names or t.name in ["none"] + tracer_names]
    samples, failures = [], []
    if args.save and os.path.exists(args.save):
        with open(args.save) as file:
            samples = [json.loads(line) for line in file]

    def add(sample):
        samples.append(sample)
        if args.save:
            with open(args.save, "a") as file:
                file.write(json.dumps(sample) + "\n")
        say(sample)

    work = [(w.name, lambda w=w: run_workload(w, tracers, args, add)) for w in WORKLOADS]
    work += [(name, lambda name=name: run_limit(name, args, add)) for name in LIMITS]
    for name, run in work if args.rounds else []:
        if args.name and name not in args.name:
            continue
        try:
            run()
        except (RuntimeError, OSError, subprocess.SubprocessError) as why:
            failures.append("%s: %s" % (name, why))
    tables.show(samples, WORKLOADS, TRACERS)
    tables.show_limits(samples, LIMITS)
    missed = tables.show_targets(samples)
    for failure in failures:
        print("could not be measured: " + failure)
    return 1 if failures or (args.check and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
