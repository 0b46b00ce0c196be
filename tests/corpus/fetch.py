# SPDX-License-Identifier: MIT
"""Waiting for a server: a few at a time, a thousand at a time, and crunching what came.

The server, server.py, is started by the runner; its address is in CORPUS_SERVER."""
import asyncio
import os
import socket
import threading
import time
import urllib.request
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import work

HOST, PORT = os.environ.get("CORPUS_SERVER", "127.0.0.1:0").split(":")


def fetch(path):
    with urllib.request.urlopen("http://%s:%s%s" % (HOST, PORT, path)) as answer:
        return len(answer.read())


def crunch(size):
    """Plain Python, some 80 ms of it: the lock is held."""
    return sum(i * i % 7 for i in range(size * 800))


def fetch_and_crunch(path):
    return crunch(fetch(path))


async def ask(reader, writer, path):
    writer.write(b"GET %s HTTP/1.1\r\nHost: here\r\n\r\n" % path.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    return len(await reader.readexactly(int(head.split(b"Content-Length: ")[1])))


async def converse(paths, pause=0, aside=False):
    """One connection, requests one after the other; a pause stops the whole loop, unless it
    is spent aside, in a thread of the loop's pool."""
    reader, writer = await asyncio.open_connection(HOST, int(PORT))
    total = 0
    for path in paths:
        total += await ask(reader, writer, path)
        if aside:
            await asyncio.to_thread(time.sleep, pause)
        else:
            time.sleep(pause)
    writer.close()
    return total


def converse_blocking(paths, pause=0):
    """The same with a thread's own socket."""
    total = 0
    with socket.create_connection((HOST, int(PORT))) as connection, \
            connection.makefile("rb") as answers:
        for path in paths:
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: here\r\n\r\n" % path.encode())
            answers.readline()
            size = int(answers.readline().split()[1])
            answers.readline()
            total += len(answers.read(size))
            time.sleep(pause)
    return total


def urls(variant, workers, scale):
    """160 pages of a server that takes 200 ms for each."""
    paths = ["/200/1000"] * work.scaled(160, scale)
    if variant != "async":
        return sum(work.pool(variant, workers, fetch, paths))

    async def all_of_them():
        return sum(await asyncio.gather(*(converse(paths[i::workers]) for i in range(workers))))
    return asyncio.run(all_of_them())


def crunched(variant, workers, scale):
    """Fetch for 100 ms, then crunch. Hybrid: threads fetch, processes crunch."""
    paths = ["/100/1000"] * work.scaled(160, scale)
    if variant != "hybrid":
        return sum(work.pool(variant, workers, fetch_and_crunch, paths))
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as processes, \
            ThreadPoolExecutor(workers) as threads:
        return sum(threads.map(lambda path: processes.submit(crunch, fetch(path)).result(), paths))


def on_each(connections, variant, paths, pause=0):
    """The same requests on each of so many connections."""
    if variant != "threads":
        async def all_of_them():
            return sum(await asyncio.gather(*(converse(paths, pause, variant == "hybrid")
                                              for _ in range(connections))))
        return asyncio.run(all_of_them())
    threading.stack_size(256 * 1024)
    return sum(work.pool(variant, connections, partial(converse_blocking, pause=pause),
                         [paths] * connections))


def sockets(variant, workers, scale):
    """A thousand connections, six requests of 600 ms on each."""
    return on_each(workers, variant, ["/600/100"] * work.scaled(6, scale))


def blocked_loop(variant, workers, scale):
    """A call after each answer that blocks for 10 ms: of an event loop it stops everything.
    Hybrid: the loop's pool makes these calls."""
    return on_each(workers, variant, ["/50/100"] * work.scaled(50, scale), pause=0.01)


if __name__ == "__main__":
    work.main({"urls": urls, "fetch-and-crunch": crunched, "sockets": sockets,
               "blocked-loop": blocked_loop})
