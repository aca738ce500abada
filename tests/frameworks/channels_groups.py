#!/usr/bin/env python3
"""channels_redis: a chat. Members join a group, another process sends to it, members leave it."""

import asyncio

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeout

from support import Report, arguments

PUBSUB = "Pub/Sub"
# How long a member waits for a message, and how long it must hear nothing after it has left.
ARRIVES, SILENT = 2, 0.15


async def heard(layer, channel, seconds):
    try:
        return (await asyncio.wait_for(layer.receive(channel), seconds))["text"]
    except (asyncio.TimeoutError, RedisTimeout):
        return None


async def joined(url, group):
    """Waits until the server knows the subscription of a group, which `group_add` does not wait for."""
    async with Redis.from_url(url) as server:
        for _ in range(100):
            if (await server.pubsub_numsub(f"asgi__group__{group}"))[0][1]:
                return
            await asyncio.sleep(ARRIVES / 100)


async def join(report, kind, layers, number, options):
    """Two members join a room and hear what another process sends; then one of them leaves."""
    server, web = layers
    group, text = f"room-{number}", f"message {number}"
    members = [await server.new_channel() for _ in range(2)]
    for member in members:
        await server.group_add(group, member)
    if kind == PUBSUB:
        await joined(options.url, group)
    await web.group_send(group, {"type": "chat", "text": text})
    found = await asyncio.gather(*(heard(server, member, ARRIVES) for member in members))
    for message in found:
        report.check(f"{kind}: message reaches a new member", message == text, message)
    gone, rest = members
    await server.group_discard(group, gone)
    await web.group_send(group, {"type": "chat", "text": f"{text} again"})
    message = await heard(server, rest, ARRIVES)
    report.check(f"{kind}: message reaches the rest", message == f"{text} again", message)
    return gone


async def run(report, options):
    for kind, layer in ("list", RedisChannelLayer), (PUBSUB, RedisPubSubChannelLayer):
        layers = [layer(hosts=[options.url]) for _ in range(2)]
        gone = []
        for start in range(0, options.count, 5):
            rooms = range(start, min(start + 5, options.count))
            gone += await asyncio.gather(*(join(report, kind, layers, room, options)
                                           for room in rooms))
        # Last, because to stop waiting is to close a connection in a blocking command: a message of
        # another room that it takes at that moment is lost.
        found = await asyncio.gather(*(heard(layers[0], member, SILENT) for member in gone))
        for message in found:
            report.check(f"{kind}: former member hears nothing", message is None, message)
        for each in layers:
            await (each.close_pools() if layer is RedisChannelLayer else each.flush())


def main():
    options = arguments(__doc__)
    report = Report("channels_redis", "channels_redis", "redis")
    asyncio.run(run(report, options))
    report.print()


if __name__ == "__main__":
    main()
