# SPDX-License-Identifier: MIT
"""Names itself, its threads, files and sockets as one who means harm would, for a second.

hostile.py DIRECTORY ARGUMENT…: the arguments only stand in the command line.
"""
import ctypes
import mmap
import os
import socket
import sys
import threading
import time

PR_SET_NAME = 15
ESCAPE = b"\x1b[2J\x1b]0;x\x07"
NAMES = [
    ESCAPE,
    b"=1+cmd|'a'!A0",
    b"<img src=x>&\"'",
    b"\xff\xfe\xc3(\x9b",
    b"a\nb\r;c,d\te",
    b"\xe2\x80\xaegnp.exe",
    b'","x":"',
]
libc = ctypes.CDLL(None)


def set_name(name):
    libc.prctl(PR_SET_NAME, ctypes.c_char_p(name[:15]), 0, 0, 0)


def wait_for_pipe(name, end):
    set_name(name)
    fifo = name.replace(b"/", b"_")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDWR)
    threading.Timer(0.3, os.write, (reader, b"x")).start()
    os.read(reader, 1)
    while time.monotonic() < end:
        with open(fifo + b".dat", "wb", buffering=0) as file:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())


def wait_for_socket(name, end):
    set_name(name)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(b"\0" + name + str(os.getpid()).encode())
    server.listen()
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(server.getsockname())
    taken, _ = server.accept()
    while time.monotonic() < end:
        threading.Timer(0.05, taken.send, (b"x",)).start()
        client.recv(1)


def main():
    os.chdir(sys.argv[1].encode("utf-8", "surrogateescape"))
    end = time.monotonic() + 1
    shared = os.open(b"/dev/shm/" + NAMES[0].replace(b"/", b"_"), os.O_RDWR | os.O_CREAT)
    os.ftruncate(shared, 4096)
    memory = mmap.mmap(shared, 4096)
    os.unlink(b"/dev/shm/" + NAMES[0].replace(b"/", b"_"))
    threads = []
    for name in NAMES:
        threads.append(threading.Thread(target=wait_for_pipe, args=(name, end)))
        threads.append(threading.Thread(target=wait_for_socket, args=(name, end)))
    for thread in threads:
        thread.start()
    set_name(NAMES[2])
    child = os.fork()
    if not child:
        set_name(NAMES[1])
        time.sleep(0.3)
        memory[0] = 1
        os._exit(0)
    os.waitpid(child, 0)
    for thread in threads:
        thread.join()


main()
