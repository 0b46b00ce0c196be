# SPDX-License-Identifier: MIT
"""Four threads that compute under one interpreter lock: gil.py PIECES. Speaks as bench.h has it."""
import resource
import sys
import threading
import time

THREADS = 4


def compute(pieces):
    total = 0
    for _ in range(pieces):
        for i in range(20000):
            total += i * i % 7


def switches():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_nvcsw + used.ru_nivcsw


pieces = max(1, int(sys.argv[1]) // THREADS)
threads = [threading.Thread(target=compute, args=(pieces,)) for _ in range(THREADS)]
print("ready", flush=True)
sys.stdin.readline()
before, start = switches(), time.monotonic()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("elapsed_ns %d switches %d" % ((time.monotonic() - start) * 1e9, switches() - before), flush=True)
sys.stdin.read()
