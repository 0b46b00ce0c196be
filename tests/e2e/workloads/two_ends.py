#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A process and its child, for ever: each has threads that contend for its GIL, and they talk.

    two_ends.py CHILD_PID_FILE

Through a pipe (100 bytes from the parent), a pair of UNIX sockets and a loopback connection
(100 bytes there, 10 back), as often as they get to it.
"""
import os
import socket
import sys
import threading
import time


def connection():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        one = socket.create_connection(listener.getsockname())
        return one, listener.accept()[0]


def compute():
    while True:
        sum(range(20000))


def ask(pipe, sockets):
    while True:
        os.write(pipe, b"x" * 100)
        for s in sockets:
            s.sendall(b"x" * 100)
            s.recv(10)
        time.sleep(0.005)


def answer(pipe, sockets):
    while os.read(pipe, 100):
        for s in sockets:
            s.recv(100)
            s.sendall(b"x" * 10)


def main():
    pipe = os.pipe()
    pairs = [socket.socketpair(), connection()]
    child = os.fork()
    os.close(pipe[0 if child else 1])
    for pair in pairs:
        pair[1 if child else 0].close()
    for _ in range(2):
        threading.Thread(target=compute, daemon=True).start()
    if not child:
        answer(pipe[0], [pair[1] for pair in pairs])
        os._exit(0)
    with open(sys.argv[1], "w") as file:
        file.write("%d\n" % child)
    os.write(int(os.environ["READY_FD"]), b"ready\n")
    ask(pipe[1], [pair[0] for pair in pairs])


main()
