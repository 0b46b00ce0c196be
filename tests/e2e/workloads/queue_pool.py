# SPDX-License-Identifier: MIT
"""A pool of threads that has nothing to do, save for a job now and then.

    queue_pool.py [--threads N] [--seconds S] [--kind queue|simple|executor]

The workers wait in get() of a queue.Queue or a queue.SimpleQueue, or as those of a
ThreadPoolExecutor do: coordination, not contention. SimpleQueue is of 3.7.
"""

import argparse
import concurrent.futures
import os
import queue
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402


def serve(name, jobs):
    workload.name_thread(name)
    while jobs.get() is not None:
        pass


def queue_pool(threads, jobs):
    """Start it; returns how to give it a job, and how to end it."""
    started = [threading.Thread(target=serve, args=("idler-%d" % i, jobs)) for i in range(threads)]
    for thread in started:
        thread.start()

    def stop():
        for _ in started:
            jobs.put(None)
        for thread in started:
            thread.join()

    return lambda: jobs.put("job"), stop


def executor_pool(threads):
    pool = concurrent.futures.ThreadPoolExecutor(threads)
    # A thread is started per job, until there are enough: all at once, and none is done.
    gate = threading.Barrier(threads)
    names = ["idler-%d" % i for i in range(threads)]
    list(pool.map(lambda name: (workload.name_thread(name), gate.wait()), names))
    return lambda: pool.submit(len, names), pool.shutdown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--kind", choices=("queue", "simple", "executor"), default="queue")
    args = parser.parse_args()
    if args.kind == "executor":
        put, stop = executor_pool(args.threads)
    elif args.kind == "queue":
        put, stop = queue_pool(args.threads, queue.Queue())
    elif hasattr(queue, "SimpleQueue"):
        put, stop = queue_pool(args.threads, queue.SimpleQueue())
    else:
        sys.exit(77)
    workload.say_ready()
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        time.sleep(0.05)
        put()
    stop()


main()
