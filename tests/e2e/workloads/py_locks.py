# SPDX-License-Identifier: MIT
"""Threads that share a threading.Lock, or what Python builds from one.

    py_locks.py KIND [--seconds S]

lock: four threads contend for one lock. Of all other kinds nobody waits for a lock, but
for work or an answer: queue, simple-queue, executor: idle pools that get a job now and then;
ping-pong, simple-ping-pong: two threads that answer each other through two queues;
condition: four threads that wait to be notified.
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

WORKERS = 4


def start(run, *args):
    def named(i):
        workload.name_thread("worker-%d" % i)
        run(*args)

    threads = [threading.Thread(target=named, args=(i,)) for i in range(WORKERS)]
    for thread in threads:
        thread.start()
    return threads


def contend(lock, end):
    while time.monotonic() < end:
        with lock:
            time.sleep(0.002)
        time.sleep(0.0005)


def serve(jobs):
    while jobs.get() is not None:
        time.sleep(0.001)


def feed_pool(jobs, end):
    threads = start(serve, jobs)
    while time.monotonic() < end:
        jobs.put("job")
        time.sleep(0.01)
    for _ in threads:
        jobs.put(None)


def feed_executor(end):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        # All of its threads start, and then mostly wait.
        list(pool.map(time.sleep, [0.01] * WORKERS))
        while time.monotonic() < end:
            pool.submit(time.sleep, 0.001)
            time.sleep(0.01)


def answer(asked, answers):
    workload.name_thread("worker-0")
    while asked.get() is not None:
        answers.put("answer")


def ask(asked, answers, end):
    thread = threading.Thread(target=answer, args=(asked, answers))
    thread.start()
    while time.monotonic() < end:
        asked.put("question")
        answers.get()
    asked.put(None)


def wait_for(condition, end):
    while time.monotonic() < end:
        with condition:
            condition.wait(0.2)


def notify(end):
    condition = threading.Condition()
    start(wait_for, condition, end)
    while time.monotonic() < end:
        with condition:
            condition.notify_all()
        time.sleep(0.005)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("--seconds", type=float, default=1)
    args = parser.parse_args()
    end = time.monotonic() + args.seconds
    if args.kind == "lock":
        for thread in start(contend, threading.Lock(), end):
            thread.join()
    elif args.kind == "queue":
        feed_pool(queue.Queue(), end)
    elif args.kind == "simple-queue":
        feed_pool(queue.SimpleQueue(), end)
    elif args.kind == "executor":
        feed_executor(end)
    elif args.kind == "ping-pong":
        ask(queue.Queue(), queue.Queue(), end)
    elif args.kind == "simple-ping-pong":
        ask(queue.SimpleQueue(), queue.SimpleQueue(), end)
    elif args.kind == "condition":
        notify(end)


main()
