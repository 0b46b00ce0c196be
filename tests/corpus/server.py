# SPDX-License-Identifier: MIT
"""A slow web server for the jobs that fetch: GET /MILLISECONDS/BYTES answers after that
time with so much text. It prints its port, and ends with its standard input."""
import asyncio
import sys


class Slow(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.data = b""

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            request, self.data = self.data.split(b"\r\n\r\n", 1)
            milliseconds, size = request.split()[1].decode().strip("/").split("/")
            asyncio.get_running_loop().call_later(int(milliseconds) / 1000, self.answer, int(size))

    def answer(self, size):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                             % (size, b"x" * size))


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Slow, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
