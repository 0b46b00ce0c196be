# SPDX-License-Identifier: MIT
"""Threads of pure Python inside sub-interpreters, each with a GIL of its own (3.12 on).

    sub_gil.py [--interpreters N] [--threads N] [--seconds S]

Each interpreter's threads share its GIL, and no other. Before that, two threads of the
main interpreter wait on a condition for 5 ms at a time: as long as for a GIL, and yet
for none. Ends with status 77 where there are no such interpreters.
"""

import argparse
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402

CRUNCH = """
import sys, threading, time

def crunch():
    total = 0
    while time.monotonic() < %f:
        for i in range(20000):
            total += i * i %% 7

threads = [threading.Thread(target=crunch) for _ in range(%d)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def interpreters():
    """The module and how to make an interpreter with its own GIL."""
    if sys.version_info < (3, 12):
        sys.exit(77)
    try:
        import _interpreters
        return _interpreters, _interpreters.create
    except ImportError:
        import _xxsubinterpreters
        return _xxsubinterpreters, lambda: _xxsubinterpreters.create(isolated=True)


def nap(name, end):
    workload.name_thread(name)
    condition = threading.Condition()
    with condition:
        while time.monotonic() < end:
            condition.wait(0.005)


def host(code):
    workload.name_thread("host")
    module, create = interpreters()
    module.run_string(create(), code)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--interpreters", type=int, default=2)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    args = parser.parse_args()
    interpreters()
    end = time.monotonic() + args.seconds
    threads = [threading.Thread(target=nap, args=("napper-%d" % i, end)) for i in range(2)]
    threads += [threading.Thread(target=host, args=(CRUNCH % (end, args.threads),))
                for _ in range(args.interpreters)]
    for thread in threads:
        thread.start()
    workload.say_ready()
    for thread in threads:
        thread.join()


main()
