#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same work in threads or in processes, for `partrace diff`.

fixed_work.py threads|processes|lock [--amount N] [--workers N]

Says on standard output how many seconds it took. `lock`: threads that wait for each
other's lock while its holder sleeps, for --amount ms altogether.
"""
import argparse
import concurrent.futures
import threading
import time

PIECES = 32         # so that whoever is faster does more
LOCK = threading.Lock()


def piece(amount):
    total = 0
    for i in range(amount):
        total += i * i % 7
    return total


def hold(seconds):
    with LOCK:
        time.sleep(seconds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["threads", "processes", "lock"])
    parser.add_argument("--amount", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    threads = concurrent.futures.ThreadPoolExecutor
    pool = concurrent.futures.ProcessPoolExecutor if args.mode == "processes" else threads
    start = time.monotonic()
    with pool(args.workers) as executor:
        if args.mode == "lock":
            list(executor.map(hold, [args.amount / 1000 / PIECES] * PIECES))
        else:
            list(executor.map(piece, [args.amount * 1000] * PIECES))
    print("%.4f" % (time.monotonic() - start))


if __name__ == "__main__":
    main()
