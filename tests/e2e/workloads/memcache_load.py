# SPDX-License-Identifier: MIT
"""memcache_load.py PORT CLIENTS: get and set over that many connections, until killed."""

import socket
import sys
import threading


def client(port):
    with socket.create_connection(("127.0.0.1", port)) as conn:
        replies = conn.makefile("rb")
        value = b"x" * 4000
        while True:
            conn.sendall(b"set key 0 0 %d\r\n%s\r\nget key\r\n" % (len(value), value))
            while replies.readline() != b"END\r\n":
                pass


for _ in range(int(sys.argv[2])):
    threading.Thread(target=client, args=(int(sys.argv[1]),)).start()
