#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is the verdict right? Records each job of the corpus in each of its variants, then runs
the real variants unrecorded, and compares: `sudo make corpus`, or

    sudo tests/corpus/run.py [--only JOB…] [--save DIR]
    tests/corpus/run.py --again DIR                      judge what was saved there anew
    sudo tests/corpus/run.py --again DIR --record-again  with new recordings and the saved times
    sudo tests/corpus/run.py --again DIR --add-runs      with the saved recordings and more times

DIR holds JOB/VARIANT.pftrace, JOB/times.json (seconds of each run of each variant), and the
result of all, results.json. Exit: 0; 1 if a required number is missed; 2 if it can't run.
"""
import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import judge
import table
from jobs import HERE, JOBS, PYTHON

TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, os.environ.get("OUT", "build"))
BIN = os.path.join(OUT, "tests", "corpus")  # what make builds of the jobs
TIMEOUT = 300           # seconds that one run may take
QUIET = 0.05            # CPUs that others may use while a run is measured
QUIET_WAIT = 60         # seconds to wait for that, and
RETRIES = 3             # so many more runs of one variant; then the quietest count


class Failed(Exception):
    """A run that is no measurement; says why."""


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare verdicts with what a change really brings.")
    parser.add_argument("--only", nargs="+", metavar="JOB", default=[])
    parser.add_argument("--save", metavar="DIR", default=os.path.join(OUT, "corpus"),
                        help="where recordings and times are left (default: build/corpus)")
    parser.add_argument("--again", metavar="DIR", help="judge what was saved there; run nothing")
    parser.add_argument("--record-again", action="store_true",
                        help="with --again: make the recordings anew, keep the times")
    parser.add_argument("--add-runs", action="store_true",
                        help="with --again: keep recordings and times, add --runs of each variant")
    parser.add_argument("--runs", type=int, default=3, help="of each variant (default: 3)")
    parser.add_argument("--scale", type=float, default=1, help="part of the work (default: all)")
    parser.add_argument("--lock", metavar="FILE", help="hold this lock (flock) while jobs run, some minutes at a time")
    parser.add_argument("--any-load", action="store_true",
                        help="neither wait for other programs nor run again because of them")
    parser.add_argument("--write-docs", action="store_true", help="the table into docs/verdicts.md")
    parser.add_argument("--no-limits", action="store_true",
                        help="show the numbers, require nothing of them")
    args = parser.parse_args()
    names = {job.name for job in JOBS}
    for name in args.only:
        if name not in names:
            parser.error("no job '%s'; there are %s" % (name, ", ".join(sorted(names))))
    if (args.record_again or args.add_runs) and not args.again:
        parser.error("--record-again and --add-runs need --again DIR, where the times are")
    return args


class Lock:
    """Nobody else measures while we hold it; others get their turn between two jobs."""
    MOST = 240              # seconds after which no further job is begun

    def __init__(self, path):
        self.file = open(path, "a") if path else None
        self.since = None

    def take(self):
        """Before each job."""
        if not self.file:
            return
        if self.since and time.monotonic() - self.since > self.MOST:
            fcntl.flock(self.file, fcntl.LOCK_UN)
            time.sleep(1)
            self.since = None
        if not self.since:
            fcntl.flock(self.file, fcntl.LOCK_EX)
            self.since = time.monotonic()


class Place:
    """What surrounds a run: environment, the slow server's pid, a control group's file."""
    def __init__(self, quiet):
        self.quiet = quiet      # CPUs that others may use meanwhile
        self.env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", LC_ALL="C")
        self.server = self.tasks = None


@contextlib.contextmanager
def place_for(args, job):
    place = Place(os.cpu_count() if args.any_load else QUIET)
    with contextlib.ExitStack() as stack:
        if job.server:
            server = stack.enter_context(subprocess.Popen(
                [PYTHON, os.path.join(HERE, "server.py")], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True))
            stack.callback(server.stdin.close)
            place.server = server.pid
            place.env["CORPUS_SERVER"] = "127.0.0.1:" + server.stdout.readline().strip()
        if job.quota:
            place.tasks = stack.enter_context(quota_group(job.quota))
        yield place


@contextlib.contextmanager
def quota_group(cpus):
    """A control group that may use so many CPUs; yields the file that members are written to."""
    group = os.path.join(quota_mount(), "partrace-corpus-%d" % os.getpid())
    os.mkdir(group)
    try:
        for name, value in (("cpu.cfs_period_us", 100000), ("cpu.cfs_quota_us", 100000 * cpus)):
            with open(os.path.join(group, name), "w") as file:
                file.write("%d" % value)
        yield os.path.join(group, "tasks")
    finally:
        os.rmdir(group)


def quota_mount():
    """Where the cpu controller (version 1) is mounted, or None."""
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, where, kind, options = line.split()[:4]
            if kind == "cgroup" and "cpu" in options.split(",") and os.access(where, os.W_OK):
                return where
    return None


def used_cpu(server):
    """CPU seconds: (of the whole machine, of what ran here and of the server)."""
    tick = os.sysconf("SC_CLK_TCK")
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    mine = own.ru_utime + own.ru_stime + time.process_time()
    if server:
        with open("/proc/%d/stat" % server) as file:
            mine += sum(map(int, file.read().rpartition(")")[2].split()[11:13])) / tick
    return (user + nice + system + irq + softirq) / tick, mine


class Others:
    """CPUs that programs which are none of ours use: since it was made."""
    def __init__(self, server):
        self.server, self.start, self.used = server, time.monotonic(), used_cpu(server)

    def cpus(self):
        machine, mine = used_cpu(self.server)
        return (machine - self.used[0] - mine + self.used[1]) / (time.monotonic() - self.start)


def wait_for_quiet(place):
    deadline = time.monotonic() + QUIET_WAIT
    while place.quiet <= QUIET and time.monotonic() < deadline:
        others = Others(place.server)
        time.sleep(0.5)
        if others.cpus() <= place.quiet:
            return


def adopt_orphans():
    """What a job leaves behind (a fork server, a resource tracker) becomes our child, so
    that its CPU time counts as ours."""
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(server):
    """Wait until only the server is left, for a second at most."""
    for _ in range(100):
        with open("/proc/self/task/%d/children" % os.getpid()) as file:
            orphans = [int(pid) for pid in file.read().split() if int(pid) != server]
        if not orphans:
            return
        for pid in orphans:
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)


def run(command, place):
    """Run a job: what it says of itself, and `others`, who used CPUs meanwhile."""
    def join_group():
        if place.tasks:
            with open(place.tasks, "w") as file:
                file.write(str(os.getpid()))

    wait_for_quiet(place)
    others = Others(place.server)
    try:
        done = subprocess.run(command, env=place.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=TIMEOUT, preexec_fn=join_group)
    except subprocess.TimeoutExpired:
        raise Failed("took longer than %d s" % TIMEOUT)
    reap_orphans(place.server)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith('{"job"') and done.returncode == 0:
            return dict(json.loads(line), others=round(others.cpus(), 3))
    raise Failed("status %d: %s" % (done.returncode, (done.stderr.strip() or "no result")[-400:]))


def path_of(args, job, file):
    return os.path.join(args.again or args.save, job.name, file)


def record(args, job, partrace, place):
    """Record each variant once, again if others use the CPUs: what the runs say."""
    said = {}
    for v in job.variants:
        to = path_of(args, job, v.name + ".pftrace")
        command = [partrace, "record", "-q", "-o", to, "--"] + job.command(v, args.scale, BIN)
        for _ in range(1 + RETRIES):
            with contextlib.suppress(FileNotFoundError):
                os.remove(to)
            said[v.name] = run(command, place)
            if said[v.name]["others"] <= place.quiet:
                break
    return said


def measure(args, job, place):
    """Run each variant as often as asked for, in turns: what the quietest runs say."""
    said, sums = {v.name: [] for v in job.variants}, set()
    for turn in range(args.runs + RETRIES):
        for v in job.variants:
            runs = said[v.name]
            if turn >= args.runs and sum(r["others"] <= place.quiet for r in runs) >= args.runs:
                continue
            runs.append(run(job.command(v, args.scale, BIN), place))
            sums.add(runs[-1]["sum"])
    if len(sums) > 1:
        raise Failed("its variants don't do the same work: sums %s" % sorted(sums))
    return {name: sorted(runs, key=lambda r: r["others"])[:args.runs]
            for name, runs in said.items()}


def run_job(args, job, partrace):
    """Record and measure what was asked for, and leave it in files."""
    os.makedirs(path_of(args, job, ""), exist_ok=True)
    path = path_of(args, job, "times.json")
    saved = {"runs": {}, "recorded": {}}
    if args.again:
        with open(path) as file:
            saved = json.load(file)
    with place_for(args, job) as place:
        if not args.add_runs:
            saved["recorded"] = record(args, job, partrace, place)
        if not args.record_again:
            for name, runs in measure(args, job, place).items():
                saved["runs"].setdefault(name, []).extend(runs)
    with open(path, "w") as file:
        json.dump(saved, file, indent=1)


def facts_of(partrace, path):
    done = subprocess.run([partrace, "report", "--json", path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return json.loads(done.stdout)


def judge_job(args, job, partrace):
    """The rows of one job, from its files."""
    with open(path_of(args, job, "times.json")) as file:
        times = {name: statistics.median(r["seconds"] for r in runs)
                 for name, runs in json.load(file)["runs"].items()}
    return [judge.judge(job, v, facts_of(partrace, path_of(args, job, v.name + ".pftrace")), times)
            for v in job.variants if v.name in times]


def main():
    args = parse_arguments()
    partrace = os.environ.get("PARTRACE", os.path.join(OUT, "partrace"))
    runs = not args.again or args.record_again or args.add_runs
    if runs and os.getuid() != 0:
        print("corpus: recording needs root: sudo make corpus", file=sys.stderr)
        return 2
    adopt_orphans()
    lock = Lock(args.lock)
    rows, skipped, failed = [], [], False
    for job in JOBS:
        if args.only and job.name not in args.only:
            continue
        why = job.missing() if runs else None
        if job.quota and runs and not quota_mount():
            why = "needs a cgroup's CPU quota: no cpu controller (version 1) that can be used"
        if not runs and not os.path.exists(path_of(args, job, "times.json")):
            why = "nothing saved"
        if why:
            skipped.append((job.name, why))
            continue
        try:
            if runs:
                lock.take()
                run_job(args, job, partrace)
            new = judge_job(args, job, partrace)
        except (Failed, OSError) as error:
            print("corpus: %s: %s" % (job.name, error), file=sys.stderr)
            failed = True
            continue
        table.print_rows(new, heading=not rows)
        sys.stdout.flush()
        rows += new
    return finish(args, rows, skipped, failed)


def finish(args, rows, skipped, failed):
    total = judge.totals(rows)
    table.print_totals(total, skipped)
    os.makedirs(args.again or args.save, exist_ok=True)
    with open(os.path.join(args.again or args.save, "results.json"), "w") as file:
        json.dump({"rows": rows, "total": total, "skipped": skipped}, file, indent=1)
    if args.write_docs:
        reasons = table.read_reasons(os.path.join(HERE, "reasons.txt"))
        table.write_docs(os.path.join(TOP, "docs", "verdicts.md"),
                         list(table.markdown(rows, total, skipped, reasons)))
    if failed or not rows:
        return 2
    return 1 if any(judge.missed(total)) and not args.no_limits else 0


if __name__ == "__main__":
    sys.exit(main())
