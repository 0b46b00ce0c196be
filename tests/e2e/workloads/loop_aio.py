#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An asyncio server and its clients in one loop, which measures its own turns.

    loop_aio.py WHAT SECONDS TRUTH.json [CLIENTS]

WHAT: healthy, or what every 20th request does to the loop: sleep, cpu, fsync.
The truth: how long the loop was away from its selector each time, what part of that its
calls took, and what turns of a millisecond or more; the 95th percentile of what an arrival
had to wait, and how many clients asked.
A turn is at least what passes from the selector's return to its next call, and at most that
and what the thread was in line for a CPU on its way out of one and into the other.
"""
import asyncio
import json
import os
import selectors
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402

now = time.monotonic
turns = []
calls = {}
asked = 0


class TimedSelector(selectors.EpollSelector):
    back = None
    queued = 0

    def select(self, timeout=None):
        delay, end = workload.run_delay(), now()
        try:
            return super().select(timeout)
        finally:
            begin, back, queued = self.back, now(), workload.run_delay() - delay
            if begin:
                turns.append((end - begin, self.queued + end - begin + queued))
            self.back, self.queued = back, queued


def timed(name, fn, *args):
    delay, begin = workload.run_delay(), now()
    fn(*args)
    seconds = now() - begin
    spent = calls.setdefault(name, [0, 0.0])
    spent[0] += 1
    # In line for a CPU is no blocking; of what computes, both are told together.
    spent[1] += seconds - (workload.run_delay() - delay if name != "cpu" else 0)


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def write_through(file):
    file.write(b"x" * 65536)
    file.flush()
    timed("fsync", os.fsync, file.fileno())


def holder_up(what):
    if what == "sleep":
        return lambda: timed("sleep", time.sleep, 0.05)
    if what == "cpu":
        return lambda: timed("cpu", spin, 0.04)
    if what == "fsync":
        file = tempfile.NamedTemporaryFile(dir=".")
        return lambda: write_through(file)
    return lambda: None


async def main(what, seconds, clients):
    requests = 0
    hold_up = holder_up(what)

    async def serve(reader, writer):
        nonlocal requests
        while await reader.read(64):
            requests += 1
            if requests % 20 == 0:
                hold_up()
            writer.write(b"pong")
        writer.close()

    async def use(port, delay):
        global asked
        await asyncio.sleep(delay)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked += now() < end
        while now() < end:
            writer.write(b"ping")
            await reader.read(64)
            await asyncio.sleep(min(pause, max(0, end - now())))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    end = now() + seconds
    # The last one begins before the end.
    pause = min(clients / 150, 0.9 * seconds)
    await asyncio.gather(*(use(port, pause * i / clients) for i in range(clients)))


def lag_p95(lengths, duration):
    """The smallest x with sum(max(0, length - x)) <= 0.05 * duration."""
    low, high = 0.0, max(lengths)
    for _ in range(60):
        x = (low + high) / 2
        if sum(l - x for l in lengths if l > x) > 0.05 * duration:
            low = x
        else:
            high = x
    return high


what, seconds, truth = sys.argv[1], float(sys.argv[2]), sys.argv[3]
clients = int(sys.argv[4]) if len(sys.argv) > 4 else 10
loop = asyncio.SelectorEventLoop(TimedSelector())
start = now()
loop.run_until_complete(main(what, seconds, clients))
duration = now() - start
bounds = list(zip(*turns))
with open(truth, "w") as out:
    json.dump({"turns": len(turns), "turn_max_ns": [max(b) * 1e9 for b in bounds],
               "long_ns": sum(t for t in bounds[1] if t >= 0.001) * 1e9,
               "clients": asked, "lag_p95_ns": [lag_p95(b, duration) * 1e9 for b in bounds],
               "calls": {c: {"waits": n, "wait_ns": ns * 1e9} for c, (n, ns) in calls.items()}},
              out)
