#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is the verdict right? Records each job of the corpus in each of its variants, then runs
the real variants unrecorded, and compares: `sudo make corpus`, or

    sudo tests/corpus/run.py [--only JOB…] [--save DIR]
    tests/corpus/run.py --again DIR                      judge what was saved there anew
    sudo tests/corpus/run.py --again DIR --record-again  with new recordings and the saved times

DIR holds JOB/VARIANT.pftrace, JOB/times.json (seconds of each run of each variant), and the
result of all, results.json. Exit: 0; 1 if a required number is missed; 2 if it can't run.
"""
import argparse
import contextlib
import fcntl
import json
import os
import statistics
import subprocess
import sys

import judge
import table
from jobs import HERE, JOBS, PYTHON

TOP = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(TOP, os.environ.get("OUT", "build"))
BIN = os.path.join(OUT, "tests", "corpus")  # what make builds of the jobs
TIMEOUT = 300           # seconds that one run may take


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
    parser.add_argument("--runs", type=int, default=3, help="of each variant (default: 3)")
    parser.add_argument("--scale", type=float, default=1, help="part of the work (default: all)")
    parser.add_argument("--lock", metavar="FILE", help="hold this lock while a job runs")
    parser.add_argument("--write-docs", action="store_true", help="the table into docs/verdicts.md")
    parser.add_argument("--no-limits", action="store_true",
                        help="show the numbers, require nothing of them")
    args = parser.parse_args()
    names = {job.name for job in JOBS}
    for name in args.only:
        if name not in names:
            parser.error("no job '%s'; there are %s" % (name, ", ".join(sorted(names))))
    if args.record_again and not args.again:
        parser.error("--record-again needs --again DIR, where the times are")
    return args


@contextlib.contextmanager
def held(path):
    """Nobody else measures meanwhile."""
    if not path:
        yield
        return
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def slow_server(wanted):
    """The server that fetching jobs wait for; yields the environment that names it."""
    env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", LC_ALL="C")
    if not wanted:
        yield env
        return
    with subprocess.Popen([PYTHON, os.path.join(HERE, "server.py")], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as server:
        env["CORPUS_SERVER"] = "127.0.0.1:" + server.stdout.readline().strip()
        yield env
        server.stdin.close()


@contextlib.contextmanager
def quota_group(cpus):
    """A control group that may use so many CPUs; yields the file that members are written to."""
    if not cpus:
        yield None
        return
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


def run(command, env, tasks):
    """Run a job; (seconds, sum) as it says itself."""
    def join_group():
        if tasks:
            with open(tasks, "w") as file:
                file.write(str(os.getpid()))

    try:
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=TIMEOUT, preexec_fn=join_group)
    except subprocess.TimeoutExpired:
        raise Failed("took longer than %d s" % TIMEOUT)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith('{"job"') and done.returncode == 0:
            said = json.loads(line)
            return said["seconds"], said["sum"]
    raise Failed("status %d: %s" % (done.returncode, (done.stderr.strip() or "no result")[-400:]))


def path_of(args, job, file):
    return os.path.join(args.again or args.save, job.name, file)


def record(args, job, partrace, env, tasks):
    """Record each variant once; the seconds that each took under watch."""
    seconds = {}
    for v in job.variants:
        to = path_of(args, job, v.name + ".pftrace")
        with contextlib.suppress(FileNotFoundError):
            os.remove(to)
        command = [partrace, "record", "-q", "-o", to, "--"]
        command += job.command(v, args.scale, BIN)
        seconds[v.name], _ = run(command, env, tasks)
    return seconds


def measure(args, job, env, tasks):
    """Run each variant as often as asked for, in turns: seconds of each."""
    times, sums = {v.name: [] for v in job.variants}, set()
    for _ in range(args.runs):
        for v in job.variants:
            command = job.command(v, args.scale, BIN)
            seconds, total = run(command, env, tasks)
            times[v.name].append(seconds)
            sums.add(total)
    if len(sums) > 1:
        raise Failed("its variants don't do the same work: sums %s" % sorted(sums))
    return times


def run_job(args, job, partrace):
    """Record and measure what was asked for, and leave it in files."""
    os.makedirs(path_of(args, job, ""), exist_ok=True)
    saved = path_of(args, job, "times.json")
    with held(args.lock), slow_server(job.server) as env, quota_group(job.quota) as tasks:
        recorded = record(args, job, partrace, env, tasks)
        if args.record_again:
            with open(saved) as file:
                times = json.load(file)["times"]
        else:
            times = measure(args, job, env, tasks)
    with open(saved, "w") as file:
        json.dump({"times": times, "recorded": recorded}, file, indent=1)


def facts_of(partrace, path):
    done = subprocess.run([partrace, "report", "--json", path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed(done.stderr.strip())
    return json.loads(done.stdout)


def judge_job(args, job, partrace):
    """The rows of one job, from its files."""
    with open(path_of(args, job, "times.json")) as file:
        times = {name: statistics.median(t) for name, t in json.load(file)["times"].items()}
    return [judge.judge(job, v, facts_of(partrace, path_of(args, job, v.name + ".pftrace")), times)
            for v in job.variants if v.name in times]


def main():
    args = parse_arguments()
    partrace = os.environ.get("PARTRACE", os.path.join(OUT, "partrace"))
    runs = not args.again or args.record_again
    if runs and os.getuid() != 0:
        print("corpus: recording needs root: sudo make corpus", file=sys.stderr)
        return 2
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
