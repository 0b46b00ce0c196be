#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small job for the demonstration: count the words of a web server's log.

    wordcount.py --mode threads|processes [--workers N] [--jobs N | --seconds S]

The log is made up, block by block, so that the program needs nothing but
Python 3.6 or later. Each block is one job; its result is small. What the
program does is the same in both modes, and so is its code: only the kind of
pool differs.

Prints its own throughput: jobs over the time from the first job's start to the
last one's end, so that starting the workers does not count.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import time

PATHS = ["/", "/index.html", "/login", "/cart", "/search", "/static/app.js", "/api/items"]
LINES = 20000


def make_block(seed):
    """LINES log lines. Any generator will do; the same one everywhere is random enough."""
    lines = []
    for _ in range(LINES):
        seed = (seed * 1103515245 + 12345) % 2147483648
        path = PATHS[seed // 65536 % len(PATHS)]
        lines.append('10.0.%d.%d - - "GET %s HTTP/1.1" %d %d'
                     % (seed % 256, seed // 256 % 256, path, 200 if seed % 9 else 404, seed % 5000))
    return lines


def count_block(seed):
    """One job: how often each path was asked for, and how often in vain."""
    start = time.monotonic()
    hits, misses, size = collections.Counter(), collections.Counter(), 0
    for line in make_block(seed):
        fields = line.split()
        path, status = fields[4], int(fields[6])
        hits[path] += 1
        if status == 404:
            misses[path] += 1
        size += int(fields[7])
    return start, time.monotonic(), hits, misses, size


def make_pool(mode, workers):
    if mode == "processes":
        return concurrent.futures.ProcessPoolExecutor(workers)
    return concurrent.futures.ThreadPoolExecutor(workers)


def run(mode, workers, jobs, seconds):
    """Results of all jobs; as many as fit into the seconds, if no number is given."""
    results = []
    with make_pool(mode, workers) as pool:
        if jobs:
            return list(pool.map(count_block, range(jobs)))
        end = time.monotonic() + seconds
        waiting, seed = set(), 0
        while time.monotonic() < end:
            while len(waiting) < 2 * workers:
                waiting.add(pool.submit(count_block, seed))
                seed += 1
            done, waiting = concurrent.futures.wait(
                waiting, return_when=concurrent.futures.FIRST_COMPLETED)
            results += [future.result() for future in done]
        results += [future.result() for future in waiting]
    return results


def main():
    parser = argparse.ArgumentParser(description="Count the words of a made-up log.")
    parser.add_argument("--mode", choices=["threads", "processes"], default="threads")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=0, help="how many; else as many as fit")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--result", metavar="FILE", help="write the throughput there, as JSON")
    args = parser.parse_args()

    results = run(args.mode, args.workers, args.jobs, args.seconds)
    wall = max(r[1] for r in results) - min(r[0] for r in results)
    hits = sum((r[2] for r in results), collections.Counter())
    throughput = len(results) / wall
    print("%d %s: %d jobs of %d lines in %.2f s, %.1f jobs/s; most asked for: %s (%d times)"
          % ((args.workers, args.mode, len(results), LINES, wall, throughput)
             + hits.most_common(1)[0]))
    if args.result:
        with open(args.result, "w") as file:
            json.dump({"mode": args.mode, "workers": args.workers, "jobs": len(results),
                       "wall_seconds": wall, "jobs_per_second": throughput,
                       "pid": os.getpid()}, file)


if __name__ == "__main__":
    main()
