# SPDX-License-Identifier: MIT
"""Threads of pure Python, which share one interpreter lock.

    gil.py [--threads N] [--seconds S]

Prints, per thread, what it measured: "NAME WALL_NS CPU_NS". CPython 3.6 and later.
"""

import argparse
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402


def cpu_ns():
    return int(time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) * 1e9)


def crunch(name, end, lines):
    workload.name_thread(name)
    start, start_cpu = time.monotonic(), cpu_ns()
    total = 0
    while time.monotonic() < end:
        for i in range(20000):
            total += i * i % 7
    lines.append("%s %d %d" % (name, (time.monotonic() - start) * 1e9, cpu_ns() - start_cpu))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    end = time.monotonic() + args.seconds
    lines = []
    threads = [threading.Thread(target=crunch, args=("crunch-%d" % i, end, lines))
               for i in range(args.threads)]
    for thread in threads:
        thread.start()
    workload.say_ready()
    for thread in threads:
        thread.join()
    print("\n".join(sorted(lines)))


main()
