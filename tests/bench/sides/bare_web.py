"""A bare aiohttp handler: reads the request, and answers with the bytes that it was given."""

import asyncio
import sys
from pathlib import Path

import uvloop
from aiohttp import web

PORT, ANSWER = int(sys.argv[1]), Path(sys.argv[2])


async def serve(body: bytes) -> None:
    """Answer so until we are ended."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=body, headers={"Content-Type": "text/xml; charset=utf-8"})

    app = web.Application()
    app.router.add_post("/uncall_api/index.php", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", PORT).start()
    print("ready", flush=True)
    await asyncio.Event().wait()  # until it is ended


if __name__ == "__main__":
    uvloop.run(serve(ANSWER.read_bytes()))
