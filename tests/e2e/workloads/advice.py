# SPDX-License-Identifier: MIT
"""Work for tests of the advice: advice.py KIND SECONDS."""
import math
import multiprocessing
import sys
import time


def crunch(seconds):
    end = time.process_time() + seconds
    n = 0
    while time.process_time() < end:
        n += sum(i * i for i in range(2000))
    return n


def tiny(x):
    return math.factorial(20 + x % 10)


def tiny_tasks(seconds):
    end = time.monotonic() + seconds
    with multiprocessing.Pool(2) as pool:
        while time.monotonic() < end:
            sum(1 for _ in pool.imap(tiny, range(2000)))


def crowd(seconds):
    with multiprocessing.Pool(6) as pool:
        pool.map(crunch, [seconds / 3] * 6, chunksize=1)


def brief(seconds):
    spawn = multiprocessing.get_context("spawn")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pair = [spawn.Process(target=crunch, args=(0.05,)) for _ in range(2)]
        for process in pair:
            process.start()
        for process in pair:
            process.join()


if __name__ == "__main__":
    {"tiny": tiny_tasks, "crowd": crowd, "brief": brief}[sys.argv[1]](float(sys.argv[2]))
