# SPDX-License-Identifier: MIT
"""What it costs to hand work over: queues, tiny tasks, large arguments and results, shared
memory, and the ways to start a process."""
import hashlib
import json
import multiprocessing
import queue
import threading
import time
import zlib
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.shared_memory import SharedMemory

import work


def count(n):
    """Plain Python: the lock is held."""
    total = 0
    for i in range(n):
        total += i & 3
    return total


# ---- workers that take from one queue and put into another ----

def serve(inbox, outbox):
    for n in iter(inbox.get, None):
        outbox.put(count(n))


def queue_workers(variant, workers, scale):
    """1,700 tasks of some 4 ms, through a queue that takes 16."""
    tasks = work.scaled(1700, scale)
    if variant == "threads":
        inbox, outbox, start = queue.Queue(16), queue.Queue(), threading.Thread
    else:
        inbox, outbox = multiprocessing.Queue(16), multiprocessing.Queue()
        start = multiprocessing.Process
    crew = [start(target=serve, args=(inbox, outbox)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    for _ in range(tasks):
        inbox.put(150000)
    for worker in crew:
        inbox.put(None)
    total = sum(outbox.get() for _ in range(tasks))
    for worker in crew:
        worker.join()
    return total


# ---- tasks of a few microseconds, one by one and in chunks ----

def tiny(variant, workers, scale):
    return sum(work.pool(variant, workers, count, [200] * work.scaled(200000, scale)))


def chunks(variant, workers, scale):
    """Longer ones, a thousand at a time."""
    parts = [[1000] * 1000] * work.scaled(260, scale)
    return sum(work.pool(variant, workers, count_all, parts))


def count_all(part):
    return sum(map(count, part))


# ---- large arguments, large results ----

def digest(data):
    """hashlib lets go of the lock."""
    return hashlib.sha256(data).digest()[0]


def large_arguments(variant, workers, scale):
    """16 MB to the worker, for 15 ms of work on them."""
    block = bytes(range(256)) * 65536
    return sum(work.pool(variant, workers, digest, [block] * work.scaled(720, scale)))


PACKED = zlib.compress(b"0123456789abcdef" * (1 << 20), 1)


def unpack(_):
    """A small argument, 16 MB of result; zlib lets go of the lock."""
    return zlib.decompress(PACKED)


def large_results(variant, workers, scale):
    total = 0
    for _ in range(work.scaled(28, scale)):
        total += sum(map(len, work.pool(variant, workers, unpack, range(8))))
    return total


ROWS = json.dumps([{"id": i, "name": "n%d" % i, "tags": [i, i + 1]} for i in range(20000)])


def parse(_):
    return json.loads(ROWS)


def large_objects(variant, workers, scale):
    """The lock is held to parse, and again to pickle and unpickle what came of it."""
    return sum(map(len, work.pool(variant, workers, parse, range(work.scaled(95, scale)))))


# ---- one array for all ----

def sum_slice(job):
    """Plain Python over a slice of shared memory."""
    name, start, end = job
    memory = SharedMemory(name)
    total = 0
    for byte in memory.buf[start:end]:
        total += byte & 7
    memory.close()
    return total


def sum_bytes(data):
    total = 0
    for byte in data:
        total += byte & 7
    return total


def shared_memory(variant, workers, scale):
    """The sum of 224 MB, in slices of 1 MB; `shipped` sends each slice to its worker."""
    size, step = work.scaled(224, scale) << 20, 1 << 20
    memory = SharedMemory(create=True, size=size)
    memory.buf[:] = bytes(range(256)) * (size // 256)
    try:
        if variant == "shipped":
            slices = [bytes(memory.buf[at:at + step]) for at in range(0, size, step)]
            return sum(work.pool("processes", workers, sum_bytes, slices))
        jobs = [(memory.name, at, at + step) for at in range(0, size, step)]
        return sum(work.pool(variant, workers, sum_slice, jobs))
    finally:
        memory.close()
        memory.unlink()


# ---- next to nothing to do ----

def idle_pool(variant, workers, scale):
    """A task now and then, for workers that wait."""
    crew = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}[variant](workers)
    total = 0
    with crew:
        for _ in range(work.scaled(20, scale)):
            total += crew.submit(count, 1000).result()
            time.sleep(0.2)
    return total


# ---- ways to start a process ----

def start_methods(variant, workers, scale):
    """One pool; a spawned worker imports this file anew, a forked one has it."""
    tasks = [100000] * work.scaled(2400, scale)
    if variant == "threads":
        return sum(work.pool(variant, workers, count, tasks))
    context = multiprocessing.get_context(variant)
    with ProcessPoolExecutor(workers, mp_context=context) as crew:
        return sum(crew.map(count, tasks))


if __name__ == "__main__":
    work.main({"queue-workers": queue_workers, "tiny-tasks": tiny, "chunks": chunks,
               "large-arguments": large_arguments, "large-results": large_results,
               "large-objects": large_objects, "shared-memory": shared_memory,
               "start-methods": start_methods, "idle-pool": idle_pool})
