#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Event loops that wait for one thing each: one process per role, named after it.

    aio_roles.py SECONDS

aio-client waits for the answers of aio-server, which takes 20 ms for each; aio-server
for the next request (idle) and for its own timers (sleep); aio-sleep for timers;
aio-wakee for call_soon_threadsafe() of a thread of its own; aio-pipe for the output
of another process.
"""
import asyncio
import ctypes
import os
import signal
import socket
import sys
import threading
import time

PR_SET_NAME, PR_SET_PDEATHSIG = 15, 1


def prctl(option, value):
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def role(name, run, *args):
    pid = os.fork()
    if pid:
        return pid
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NAME, name.encode())
    asyncio.run(run(*args))
    os._exit(0)


async def serve(listener):
    async def answer(reader, writer):
        while await reader.read(1):
            await asyncio.sleep(0.02)
            writer.write(b"x")

    await asyncio.start_server(answer, sock=listener)
    await asyncio.sleep(3600)


async def ask(port, until, pause):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        writer.write(b"x")
        await reader.read(1)
        if pause:
            await asyncio.sleep(pause)


async def nap(until):
    while time.monotonic() < until:
        await asyncio.sleep(0.02)


async def be_woken(until):
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def wake():
        while time.monotonic() < until:
            time.sleep(0.02)
            loop.call_soon_threadsafe(event.set)

    threading.Thread(target=wake).start()
    while time.monotonic() < until:
        await event.wait()
        event.clear()


async def follow(fd):
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb"))
    while await reader.read(1):
        pass


def main(seconds):
    until = time.monotonic() + seconds
    listener = socket.create_server(("127.0.0.1", 0))
    read_fd, write_fd = os.pipe()
    role("aio-server", serve, listener)
    pids = [role("aio-client", ask, listener.getsockname()[1], until, 0),
            role("aio-sleep", nap, until), role("aio-wakee", be_woken, until)]
    role("aio-pipe", follow, read_fd)
    while time.monotonic() < until:
        time.sleep(0.02)
        os.write(write_fd, b"x")
    for pid in pids:
        os.waitpid(pid, 0)


main(float(sys.argv[1]))
