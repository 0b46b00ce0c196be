# SPDX-License-Identifier: MIT
"""Threads whose work releases the interpreter lock: they compress.

    zlib_pool.py [--threads N] [--seconds S]

Prints, per thread, "NAME WALL_NS CPU_NS".
"""

import argparse
import os
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402


def squeeze(name, block, end, lines):
    workload.name_thread(name)
    start = time.monotonic()
    start_cpu = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
    while time.monotonic() < end:
        zlib.compress(block, 6)
    cpu = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) - start_cpu
    lines.append("%s %d %d" % (name, (time.monotonic() - start) * 1e9, cpu * 1e9))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    block = b"".join(b"%d %d\n" % (i, i * 7919 % 65537) for i in range(100000))
    end = time.monotonic() + args.seconds
    lines = []
    threads = [threading.Thread(target=squeeze, args=("squeeze-%d" % i, block, end, lines))
               for i in range(args.threads)]
    for thread in threads:
        thread.start()
    workload.say_ready()
    for thread in threads:
        thread.join()
    print("\n".join(sorted(lines)))


main()
