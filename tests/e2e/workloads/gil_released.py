# SPDX-License-Identifier: MIT
"""Threads whose work runs with or without the interpreter lock.

    gil_released.py [--seconds S] KIND[:THREADS]...

KIND is zlib, sha256 (both release it), json, pure, or calls (which releases it for next
to nothing, again and again). Prints, per thread, "NAME CPU_NS ROUNDS".
"""

import argparse
import hashlib
import json
import os
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402

BLOCK = b"".join(b"%d %d\n" % (i, i * 7919 % 65537) for i in range(100000))
TREE = [{"id": i, "name": "item %d" % i, "tags": ["a", "b", str(i)]} for i in range(500)]
HUGE = BLOCK * 8
NOTHING = os.open(os.devnull, os.O_WRONLY)


def pure():
    total = 0
    for i in range(20000):
        total += i * i % 7
    return total


def calls():
    for _ in range(500):
        os.write(NOTHING, b"x")


KINDS = {
    "zlib": lambda: zlib.compress(BLOCK, 6),
    "sha256": lambda: hashlib.sha256(HUGE).digest(),
    "json": lambda: json.loads(json.dumps(TREE)),
    "pure": pure,
    "calls": calls,
}


def run(name, work, end, lines):
    workload.name_thread(name)
    start_cpu = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
    rounds = 0
    while time.monotonic() < end:
        work()
        rounds += 1
    cpu = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) - start_cpu
    lines.append("%s %d %d" % (name, cpu * 1e9, rounds))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("kinds", nargs="+")
    args = parser.parse_args()
    end = time.monotonic() + args.seconds
    lines, threads = [], []
    for kind in args.kinds:
        name, _, cnt = kind.partition(":")
        for i in range(int(cnt or 1)):
            threads.append(threading.Thread(target=run,
                                            args=("%s-%d" % (name, i), KINDS[name], end, lines)))
    for thread in threads:
        thread.start()
    workload.say_ready()
    for thread in threads:
        thread.join()
    print("\n".join(sorted(lines)))


main()
