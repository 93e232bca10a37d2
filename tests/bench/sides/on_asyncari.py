"""(b) The same flow on asyncari, as its examples do it.
In an environment of its own: requirements/bench.lock.
"""

import itertools
import logging
from typing import Any

import anyio
import asyncari  # type: ignore[import-not-found, unused-ignore]

from tests.bench.sides.place import Orders, at_rate, measured, orders

APP = "bench-asyncari"


async def main(told: Orders) -> None:
    waiting: dict[str, anyio.Event] = {}
    numbers = itertools.count(1)
    url = f"{told.url}/"
    async with asyncari.connect(url, APP, told.user, told.password) as client, anyio.create_task_group() as group:

        async def play(channel: Any) -> None:
            playback = await channel.play(media=told.media)
            await playback.wait_done()
            await channel.safe_hangup()

        async def starts() -> None:
            async with client.on_channel_event("StasisStart") as listener:
                async for objects, _ in listener:
                    group.start_soon(play, objects["channel"] if isinstance(objects, dict) else objects)

        async def ends() -> None:
            async with client.on_channel_event("ChannelDestroyed") as listener:
                async for channel, _ in listener:
                    over = waiting.pop(channel.id, None)
                    if over is not None:
                        over.set()

        async def call(number: int) -> None:
            uid = f"bench-asyncari-{next(numbers):07d}"
            over = waiting[uid] = anyio.Event()
            endpoint = told.endpoint(number)
            await client.channels.originateWithId(channelId=uid, endpoint=endpoint, app=APP, timeout=told.timeout)
            await over.wait()

        async def calls(count: int) -> int:
            await at_rate(told.rate, count, call)
            return count

        group.start_soon(starts)
        group.start_soon(ends)
        await measured(told, calls)
        group.cancel_scope.cancel()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    anyio.run(main, orders())
