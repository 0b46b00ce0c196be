#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What partrace costs, beside what other tracers cost and the least that any must.

bench.py [--rounds N] [--tracers A,B] [--save FILE] [--lock FILE] [--patience S] [--check] [WORKLOAD ...]

Each workload does a fixed amount of work, untraced and under each tracer in turn; every round
begins with another one. Compared is within a round, and what is shown is the median of rounds,
with the lowest and the highest. --save adds the measurements to FILE and shows all that it has;
with --rounds 0, only shows. --lock holds a lock file through each round, where machines are
shared. --list names workloads and tracers. Needs root and a quiet machine.

Ends with 1 if something could not be measured; with --check also if a target was missed.
OUT=build and PARTRACE=build/partrace say what is measured.
"""
import argparse
import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tables  # noqa: E402
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


def run_workload(workload, tracers, args, add):
    folder = tempfile.mkdtemp(prefix="partrace-bench.")
    broken = {}
    try:
        workload.open(folder)
        for number in range(args.rounds):
            turn = number % len(tracers)
            with lock(args.lock):
                for tracer in tracers[turn:] + tracers[:turn]:
                    if tracer.name in broken:
                        continue
                    try:
                        result = measure(workload, tracer, folder, args.patience)
                    except NotRunnable as why:
                        broken[tracer.name] = result = {"not_runnable": str(why)}
                    add(dict(result, round="%d-%d" % (os.getpid(), number), workload=workload.name,
                             tracer=tracer.name))
        workload.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def choose(things, names):
    known = {thing.name: thing for thing in things}
    for name in names:
        if name not in known:
            raise SystemExit("bench: no '%s': there are %s" % (name, ", ".join(known)))
    return [known[name] for name in names] or things


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tracers", default="", help="comma-separated; untraced is always measured")
    parser.add_argument("--patience", type=float, default=10, help="seconds to wait for a quiet machine, each time")
    parser.add_argument("--save")
    parser.add_argument("--lock")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("workload", nargs="*")
    return parser.parse_args()


def main():
    args = parse()
    if args.list:
        print("workloads:", *("  %-20s %s" % (w.name, w.what) for w in WORKLOADS), sep="\n")
        print("tracers:", *(t.name for t in TRACERS))
        return 0
    workloads = choose(WORKLOADS, args.workload)
    names = [n for n in args.tracers.split(",") if n]
    tracers = choose(TRACERS, (["none"] if names and "none" not in names else []) + names)
    samples = []
    if args.save and os.path.exists(args.save):
        with open(args.save) as file:
            samples = [json.loads(line) for line in file]

    def add(sample):
        samples.append(sample)
        if args.save:
            with open(args.save, "a") as file:
                file.write(json.dumps(sample) + "\n")
        print("%-20s %-16s %s" % (sample["workload"], sample["tracer"], sample.get("not_runnable") or
                                  "%.3f s" % sample["seconds"]), file=sys.stderr)

    failures = []
    for workload in workloads if args.rounds else []:
        try:
            run_workload(workload, tracers, args, add)
        except (RuntimeError, OSError) as why:
            failures.append("%s: %s" % (workload.name, why))
    tables.show(samples, WORKLOADS, TRACERS)
    missed = tables.show_targets(samples)
    for failure in failures:
        print("could not be measured: " + failure)
    return 1 if failures or (args.check and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
