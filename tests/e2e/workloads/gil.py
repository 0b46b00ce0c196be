# SPDX-License-Identifier: MIT
"""Threads of pure Python, which share one interpreter lock.

    gil.py [--threads N] [--seconds S]

Prints, per thread, "NAME WALL_NS CPU_NS LIFE_NS": what it measured itself, and how
long it lived at most, as the main thread saw it. CPython 3.6 and later.
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
    lines[name] = "%d %d" % ((time.monotonic() - start) * 1e9, cpu_ns() - start_cpu)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    end = time.monotonic() + args.seconds
    lines, born = {}, {}
    threads = {}
    for name in ["crunch-%d" % i for i in range(args.threads)]:
        threads[name] = threading.Thread(target=crunch, args=(name, end, lines))
        born[name] = time.monotonic()
        threads[name].start()
    workload.say_ready()
    for name, thread in threads.items():
        thread.join()
        print("%s %s %d" % (name, lines[name], (time.monotonic() - born[name]) * 1e9))


main()
