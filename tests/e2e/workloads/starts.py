#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Worker processes of Python, and when each was started and began to work.

    starts.py process|pool|executor fork|spawn|forkserver

Lines on standard output, times of CLOCK_MONOTONIC in ns:

    start METHOD PID BEFORE AFTER       around Process.start()
    work PID TIME QUEUED                first line that the worker runs of ours, and
                                        how long it was in line for a CPU until then
"""
import concurrent.futures
import multiprocessing
import multiprocessing.context
import os
import sys
import time

WORKERS = 4


def now():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e9)


def say(*words):
    os.write(1, (" ".join(str(w) for w in words) + "\n").encode())


class Timed:
    def start(self):
        before = now()
        super().start()
        say("start", self._start_method, self.pid, before, now())


class TimedFork(Timed, multiprocessing.context.ForkProcess):
    pass


class TimedSpawn(Timed, multiprocessing.context.SpawnProcess):
    pass


class TimedForkserver(Timed, multiprocessing.context.ForkServerProcess):
    pass


def begin():
    with open("/proc/self/schedstat") as file:
        queued = file.read().split()[1]
    say("work", os.getpid(), now(), queued)


def burn(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def work():
    begin()
    burn(0.05)


def main(kind, method):
    ctx = multiprocessing.get_context(method)
    ctx.Process = {"fork": TimedFork, "spawn": TimedSpawn, "forkserver": TimedForkserver}[method]
    if kind == "process":
        workers = [ctx.Process(target=work) for _ in range(WORKERS)]
        for w in workers:
            w.start()
        for w in workers:
            w.join()
    elif kind == "pool":
        with ctx.Pool(WORKERS, initializer=begin) as pool:
            pool.map(burn, [0.02] * 3 * WORKERS, chunksize=1)
            pool.close()
            pool.join()
    else:
        with concurrent.futures.ProcessPoolExecutor(WORKERS, mp_context=ctx,
                                                    initializer=begin) as pool:
            list(pool.map(burn, [0.05] * 3 * WORKERS))


if __name__ == "__main__":
    main(*sys.argv[1:])
