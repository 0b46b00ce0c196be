# SPDX-License-Identifier: MIT
"""Threads that share a lock of CPython's parking lot, and hold it while they sleep.

    parked.py [--threads N] [--seconds S] pymutex|lock

pymutex: a PyMutex, by the C API of 3.13 on; lock: a threading.Lock, which is one from
3.14 on. Prints "ADDRESS WAITED_NS": where the lock is (0: Python does not tell), and how
long the threads waited for it, without the time in line for a CPU that followed. Ends with
status 77 where there is no PyMutex.
"""

import argparse
import ctypes
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402


def functions(kind):
    """The lock's address, and how to take and release it."""
    if kind == "lock":
        lock = threading.Lock()
        return 0, lock.acquire, lock.release
    take = getattr(ctypes.pythonapi, "PyMutex_Lock", None)
    release = getattr(ctypes.pythonapi, "PyMutex_Unlock", None)
    if not take or not release:
        sys.exit(77)
    memory = ctypes.create_string_buffer(64)
    functions.memory = memory  # lives as long as we do
    address = ctypes.addressof(memory)
    for function in (take, release):
        function.argtypes, function.restype = [ctypes.c_void_p], None
    return address, lambda: take(address), lambda: release(address)


def share(name, take, release, end, waited):
    workload.name_thread(name)
    total = 0
    while time.monotonic() < end:
        delay, start = workload.run_delay(), time.monotonic()
        take()
        total += time.monotonic() - start - (workload.run_delay() - delay)
        time.sleep(0.01)
        release()
    waited.append(total)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("kind", choices=("pymutex", "lock"))
    args = parser.parse_args()
    address, take, release = functions(args.kind)
    end = time.monotonic() + args.seconds
    waited = []
    threads = [threading.Thread(target=share, args=("parker-%d" % i, take, release, end, waited))
               for i in range(args.threads)]
    for thread in threads:
        thread.start()
    workload.say_ready()
    for thread in threads:
        thread.join()
    print("%d %d" % (address, sum(waited) * 1e9))


main()
