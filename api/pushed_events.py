"""Pops as they happen: `GET /uncall_api/events`, a stream of server-sent events for agents' screens.

The same records that popEvent tells, without polling; both may be used side by side. The stream follows the HTML
standard's server-sent events (section 9.2): `EventSource` in a browser reads it, and reconnects by itself.
"""

import asyncio
import json
from functools import partial

from aiohttp import web

from api.auth import cross_site
from api.context import FACADE
from uncall_ari.calls.records import Pop

ALIVE_SECONDS = 15.0  # between two signs of life, so that proxies keep the connection
SEND_SECONDS = 10.0  # for a listener to take an event


_OPEN = web.AppKey("open streams", set[asyncio.Queue[Pop | None]])


def add_event_stream(app: web.Application, alive_seconds: float = ALIVE_SECONDS) -> None:
    """Add the stream, under both folder names that clients know; it ends at once when the service does."""
    app[_OPEN] = set()
    app.on_shutdown.append(_end_all)
    handler = partial(_stream, alive_seconds)
    app.add_routes([web.get(f"/{folder}/events", handler) for folder in ("uncall_api", "uncall_lib")])


async def _end_all(app: web.Application) -> None:
    for stream in app[_OPEN]:
        stream.put_nowait(None)


async def _stream(alive_seconds: float, request: web.Request) -> web.StreamResponse:
    """Send each pop of `?extension=` (several by commas; none: of all) until the client leaves."""
    if cross_site(request.headers):
        return web.Response(status=403, text="a page of another site may not listen\n")
    wanted = {each.strip() for each in request.query.get("extension", "").split(",") if each.strip()}
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    with request.app[FACADE].engine.pops() as pops:
        request.app[_OPEN].add(pops)
        try:
            await response.write(b"retry: 2000\n\n")
            while True:
                message = await _next(pops, wanted, alive_seconds)
                if message is None:
                    return response
                async with asyncio.timeout(SEND_SECONDS):
                    await response.write(message)
        except (ConnectionError, TimeoutError):  # gone, or it takes nothing any more
            return response
        finally:
            request.app[_OPEN].discard(pops)


async def _next(pops: asyncio.Queue[Pop | None], wanted: set[str], alive_seconds: float) -> bytes | None:
    """The next message: a pop for this listener or a sign of life; None: the stream ends."""
    try:
        async with asyncio.timeout(alive_seconds):
            while True:
                pop = await pops.get()
                if pop is None:
                    return None
                if not wanted or pop.extension in wanted:
                    return _message(pop)
    except TimeoutError:
        return b": alive\n\n"


def _message(pop: Pop) -> bytes:
    """One event, in the words of popEvent. JSON escapes line ends, so nothing can begin a second event."""
    told = {
        "extension": pop.extension,
        "calla": pop.caller,
        "callb": pop.callee,
        "uid": pop.uid,
        "status": pop.direction.value,
        "at": pop.at.isoformat(timespec="milliseconds"),
    }
    return f"event: pop\nid: {pop.uid}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n".encode()
