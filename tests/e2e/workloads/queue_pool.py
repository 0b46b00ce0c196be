# SPDX-License-Identifier: MIT
"""A pool of threads that has nothing to do, save for a job now and then.

    queue_pool.py [--threads N] [--seconds S]

The workers wait in queue.get(): coordination, not contention.
"""

import argparse
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    jobs = queue.Queue()
    threads = [threading.Thread(target=serve, args=("idler-%d" % i, jobs))
               for i in range(args.threads)]
    for thread in threads:
        thread.start()
    workload.say_ready()
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        time.sleep(0.05)
        jobs.put("job")
    for _ in threads:
        jobs.put(None)
    for thread in threads:
        thread.join()


main()
