#!/usr/bin/env python3
"""Delays what a server sends: relay.py PORT DELAY_MS listens on a free port, which it prints.

A chunk of bytes is passed on when it is DELAY_MS old, so the delay does not limit the throughput.
What the other side sends (a replica's acknowledgements) passes at once."""

import asyncio
import collections
import sys

CHUNK = 64 * 1024
# Bytes that wait for their time, of one connection; beyond it the relay reads no more.
WAITING = 64 * 1024 * 1024


async def delay(source, sink, seconds):
    loop = asyncio.get_running_loop()
    queue, more, less = collections.deque(), asyncio.Event(), asyncio.Event()
    waiting = 0

    async def read():
        nonlocal waiting
        while True:
            data = await source.read(CHUNK)
            queue.append((loop.time() + seconds, data))
            waiting += len(data)
            more.set()
            if not data:
                return
            while waiting > WAITING:
                less.clear()
                await less.wait()

    reader = asyncio.create_task(read())
    try:
        while True:
            while not queue:
                more.clear()
                await more.wait()
            due, data = queue.popleft()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not data:
                return
            sink.write(data)
            await sink.drain()
            waiting -= len(data)
            less.set()
    finally:
        reader.cancel()


async def main(port, milliseconds):
    async def accept(client_reader, client_writer):
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            client_writer.close()
            return
        ways = [asyncio.create_task(delay(client_reader, server_writer, 0)),
                asyncio.create_task(delay(server_reader, client_writer, milliseconds / 1000))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for result in await asyncio.gather(*ways, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, OSError):
                print(f"relay: {result!r}", file=sys.stderr)
        client_writer.close()
        server_writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
