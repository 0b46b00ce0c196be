# SPDX-License-Identifier: MIT
"""What the Python workloads share: names the kernel knows, its run delay, the ready handshake."""

import ctypes
import os
import threading

PR_SET_NAME = 15


def name_thread(name):
    """Name the calling thread as the kernel sees it; Python itself does so from 3.14 only."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


of_thread = threading.local()


def run_delay():
    """Seconds that the calling thread was runnable without a CPU: the machine may be busy."""
    if not hasattr(of_thread, "schedstat"):
        of_thread.schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    return int(os.pread(of_thread.schedstat, 64, 0).split()[1]) / 1e9


def say_ready():
    """Tell the test, if it waits on descriptor $READY_FD, that everything runs."""
    fd = os.environ.pop("READY_FD", None)
    if fd:
        os.write(int(fd), b"ready\n")
        os.close(int(fd))
