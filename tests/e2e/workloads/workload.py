# SPDX-License-Identifier: MIT
"""What the Python workloads share: thread names the kernel knows, and the ready handshake."""

import ctypes
import os

PR_SET_NAME = 15


def name_thread(name):
    """Name the calling thread as the kernel sees it; Python itself does so from 3.14 only."""
    ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def say_ready():
    """Tell the test, if it waits on descriptor $READY_FD, that everything runs."""
    fd = os.environ.pop("READY_FD", None)
    if fd:
        os.write(int(fd), b"ready\n")
        os.close(int(fd))
