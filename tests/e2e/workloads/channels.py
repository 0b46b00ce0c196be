#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One of Python's ways to talk to other processes, and what it sent, as JSON.

    channels.py METHOD WAY TRUTH.json

METHOD is fork, spawn or forkserver; WAY one of the functions below. Messages and
bytes are what the program handed over, a length of 4 bytes before each pickle
included; null where the library alone knows.
"""
import json
import multiprocessing as mp
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.reduction import ForkingPickler

COUNT = 1000
TASKS = 250
HEADER = 4


def size(obj):
    return len(ForkingPickler.dumps(obj)) + HEADER


def line(use, kind, messages, nbytes, sender, receiver, two_way=False):
    return {"used_as": use, "kind": kind, "messages": messages, "bytes": nbytes,
            "from": sender, "to": receiver, "two_way": two_way}


def get_all(queue, linger):
    for _ in range(COUNT):
        queue.get()
    time.sleep(linger)


def queue():
    q = mp.Queue()
    child = mp.Process(target=get_all, args=(q, 1.3))
    child.start()
    for i in range(COUNT):
        q.put(b"x" * 100)
    child.join()
    return [line("multiprocessing.Queue", "pipe", COUNT, COUNT * size(b"x" * 100),
                 [os.getpid()], [child.pid])]


def echo(conn):
    for _ in range(COUNT):
        conn.send(conn.recv())


def pipe():
    here, there = mp.Pipe()
    child = mp.Process(target=echo, args=(there,))
    child.start()
    for i in range(COUNT):
        here.send(b"y" * 50)
        here.recv()
    child.join()
    return [line("multiprocessing.Pipe", "unix", 2 * COUNT, 2 * COUNT * size(b"y" * 50),
                 [os.getpid()], [child.pid], True)]


def receive_all(conn):
    for _ in range(COUNT):
        conn.recv()


def oneway():
    reader, writer = mp.Pipe(duplex=False)
    child = mp.Process(target=receive_all, args=(reader,))
    child.start()
    for i in range(COUNT):
        writer.send(b"z" * 70)
    child.join()
    return [line("Pipe", "pipe", COUNT, COUNT * size(b"z" * 70), [os.getpid()], [child.pid])]


def fill(shared):
    for i in range(COUNT):
        shared[i] = i
    time.sleep(0.2)


def manager():
    with mp.Manager() as server:
        shared = server.dict()
        child = mp.Process(target=fill, args=(shared,))
        child.start()
        child.join()
        pid = server._process.pid
    # A request and an answer each.
    return [line("multiprocessing Manager or Listener", "unix", 2 * COUNT, None,
                 [child.pid], [pid], True)]


def attach(name, done):
    from multiprocessing import shared_memory
    memory = shared_memory.SharedMemory(name=name)
    memory.buf[0] = 1
    done.wait()
    memory.close()


def memory():
    from multiprocessing import shared_memory
    block = shared_memory.SharedMemory(create=True, size=3 << 20)
    done = mp.Event()
    child = mp.Process(target=attach, args=(block.name, done))
    child.start()
    time.sleep(2)
    done.set()
    child.join()
    block.close()
    block.unlink()
    return [line("multiprocessing.shared_memory", "shm", 0, 3 << 20, [os.getpid()], [child.pid],
                 True)]


def work(n):
    return sum(range(n))


def executor():
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(work, [20000] * COUNT))
        workers = list(pool._processes)
        list(pool.map(work, [20000] * COUNT))
    us = [os.getpid()]
    return [line("call queue of a ProcessPoolExecutor", "pipe", 2 * COUNT, None, us, workers),
            line("result queue of a ProcessPoolExecutor", "pipe", 2 * COUNT, None, workers, us),
            line("wake-up pipe of an executor", "pipe", None, None, us, us, True)]


def pool():
    with mp.Pool(2) as workers:
        pids = [p.pid for p in workers._pool]
        workers.map(work, [20000] * 4 * COUNT, chunksize=4)
    us = [os.getpid()]
    return [line("task queue of a multiprocessing.Pool", "pipe", COUNT, None, us, pids),
            line("result queue of a multiprocessing.Pool", "pipe", COUNT, None, pids, us)]


def joblib_numpy():
    import joblib
    import numpy
    big = numpy.zeros(1 << 20)
    joblib.Parallel(n_jobs=2, batch_size=1)(joblib.delayed(touch)(big) for _ in range(TASKS))
    us = [os.getpid()]
    return [line("call queue of joblib's executor (loky)", "pipe", TASKS, None, us, None),
            line("result queue of joblib's executor (loky)", "pipe", TASKS, None, None, us),
            line("resource tracker of joblib (loky)", "pipe", None, None, None, None),
            line("an array that joblib has put into a file", "shm", 0, None, None, None)]


def touch(array):
    time.sleep(0.02)
    return float(array[0])


if __name__ == "__main__":
    mp.set_start_method(sys.argv[1])
    truth = globals()[sys.argv[2]]()
    with open(sys.argv[3], "w") as out:
        json.dump(truth, out, indent=1)
