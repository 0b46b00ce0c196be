# SPDX-License-Identifier: MIT
"""Threads that fetch beside threads that crunch, in one interpreter.

    fetch_crunch.py --serve                 a server that answers after 20 ms; prints its port
    fetch_crunch.py PORT [--seconds S]      4 threads fetch-N, 2 threads crunch-N
"""

import argparse
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workload  # noqa: E402


def answer(conn):
    while conn.recv(64):
        time.sleep(0.02)
        conn.sendall(b"x" * 1000)
    conn.close()


def serve():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=answer, args=(conn,), daemon=True).start()


def fetch(name, port, end):
    workload.name_thread(name)
    conn = socket.create_connection(("127.0.0.1", port))
    while time.monotonic() < end:
        conn.sendall(b"GET")
        conn.recv(2000)
    conn.close()


def crunch(name, end):
    workload.name_thread(name)
    while time.monotonic() < end:
        sum(i * i for i in range(20000))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int, nargs="?")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--seconds", type=float, default=3)
    args = parser.parse_args()
    if args.serve:
        serve()
    end = time.monotonic() + args.seconds
    threads = [threading.Thread(target=fetch, args=("fetch-%d" % i, args.port, end)) for i in range(4)]
    threads += [threading.Thread(target=crunch, args=("crunch-%d" % i, end)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
