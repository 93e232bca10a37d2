"""(c) The same flow on bare aiohttp and json: events from the socket, requests over HTTP."""

import asyncio
import itertools
import json
from typing import Any

import aiohttp

from tests.bench.sides.place import Orders, at_rate, measured, orders

APP = "bench-bare"


async def main(told: Orders) -> None:
    auth = aiohttp.BasicAuth(told.user, told.password)
    connector = aiohttp.TCPConnector(limit=16)
    waiting: dict[str, asyncio.Future[None]] = {}
    numbers = itertools.count(1)

    async with aiohttp.ClientSession(f"{told.url}/ari/", auth=auth, connector=connector) as http:

        async def ask(method: str, uri: str, **body: Any) -> None:
            async with http.request(method, uri, json=body or None) as answer:
                await answer.read()
                answer.raise_for_status()

        async def flow(event: dict[str, Any]) -> None:
            match event["type"]:
                case "StasisStart":
                    await ask("POST", f"channels/{event['channel']['id']}/play", media=[told.media])
                case "PlaybackFinished":
                    channel = event["playback"]["target_uri"].removeprefix("channel:")
                    await ask("DELETE", f"channels/{channel}")
                case "ChannelDestroyed":
                    over = waiting.pop(event["channel"]["id"], None)
                    if over is not None:
                        over.set_result(None)

        async def read(events: aiohttp.ClientWebSocketResponse) -> None:
            reactions = set()
            async for message in events:
                reaction = asyncio.create_task(flow(json.loads(message.data)))
                reactions.add(reaction)
                reaction.add_done_callback(reactions.discard)

        async def call(number: int) -> None:
            uid = f"bench-bare-{next(numbers):07d}"
            over = waiting[uid] = asyncio.get_running_loop().create_future()
            endpoint = told.endpoint(number)
            await ask("POST", f"channels/{uid}", endpoint=endpoint, app=APP, timeout=told.timeout)
            await over

        async def calls(count: int) -> int:
            await at_rate(told.rate, count, call)
            return count

        async with http.ws_connect(f"events?app={APP}&subscribeAll=false") as events:
            reader = asyncio.create_task(read(events))
            await measured(told, calls)
            reader.cancel()


if __name__ == "__main__":
    asyncio.run(main(orders()))
