#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare what a recording says of processes' starts with what they said themselves.

    starts.py FILE TRUTH MS WAY=METHOD[,STARTED_BY]…

TRUTH has lines of workloads/starts.py or starts.c. A worker that was in line for a CPU
may have been so between its start-up's end and the line that says so. Of each way all
workers must have that start method, and a start-up time that is on the whole right within
10 per cent (or MS), and in no case far off: somebody else may have had the CPU between two
looks.
"""

import sys

import facts

ROUGH_NS = 10 * 10**6


def truth_of(path):
    starts, works = {}, {}
    with open(path) as file:
        for line in file:
            words = line.split()
            if words[0] == "start":
                starts[int(words[2])] = (words[1], int(words[3]), int(words[4]))
            elif words[0] == "work":
                queued = int(words[3]) if len(words) > 3 else 0
                works.setdefault(int(words[1]), (int(words[2]), queued))
    return starts, works


def off_by(startup, low, high):
    """How far outside what can be true; the fork was somewhere between the two."""
    return max(0, low - startup, startup - high)


def check_way(way, expected, fine_ns, processes, starts, works):
    method, _, started_by = expected.partition(",")
    errors, lengths = [], []
    for pid, (its_way, before, after) in starts.items():
        if its_way != way:
            continue
        p = processes.get(pid)
        if not p or pid not in works:
            yield "%s: process %d was not %s" % (way, pid, "recorded" if not p else "at work")
            continue
        if p["start_method"] != method:
            yield "%s: start_method of %d is %s" % (way, pid, p["start_method"])
        if started_by and p["started_by"] != started_by:
            yield "%s: started_by of %d is %s" % (way, pid, p["started_by"])
        if p["exec"] != (method in ("exec", "spawn", "loky")):
            yield "%s: exec of %d is %s" % (way, pid, p["exec"])
        if p["startup_ns"] is None:
            yield "%s: startup_ns of %d is null" % (way, pid)
            continue
        work, queued = works[pid]
        low, high = work - after - queued, work - before
        errors.append(off_by(p["startup_ns"], max(0, low), high))
        lengths.append(high)
        line = ("%-10s %d took %.1f to %.1f ms, partrace says %.1f ms"
                % (way, pid, low / 1e6, high / 1e6, p["startup_ns"] / 1e6))
        print(line)
        if errors[-1] > 0.5 * high + ROUGH_NS:
            yield line
    if not lengths:
        yield "%s: no process was started so" % way
        return
    middle = len(errors) // 2
    error, length = sorted(errors)[middle], sorted(lengths)[middle]
    if error > max(0.1 * length, fine_ns):
        yield "%s: half of all are off by %.1f of %.1f ms" % (way, error / 1e6, length / 1e6)


def main(path, truth, fine_ms, *ways):
    processes = {p["pid"]: p for p in facts.load(path)["processes"]}
    starts, works = truth_of(truth)
    problems = []
    for arg in ways:
        way, _, expected = arg.partition("=")
        problems += check_way(way, expected, float(fine_ms) * 1e6, processes, starts, works)
    for problem in problems:
        print("FAIL: %s" % problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
