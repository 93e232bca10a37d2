"""`/healthz` and `/readyz`, for what starts, watches and restarts the service: containers, load balancers.

Both are open to everybody: who asks has mostly no key, and learns no more than that the service is here and which of
its two neighbours is not. A flood of questions costs the database one statement a second.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler

from api.context import FACADE
from api.engine import Engine

KEPT_SECONDS = 1.0  # that an answer counts


@dataclass(slots=True)
class Readiness:
    """The last look at what the service needs."""

    missing: list[str] = field(default_factory=list)
    until: float = 0.0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self, engine: Engine) -> list[str]:
        """Return what is missing, nothing when the service is ready. Not older than a second."""
        async with self._looking:
            if time.monotonic() >= self.until:
                self.missing = await engine.sight.missing()
                self.until = time.monotonic() + KEPT_SECONDS
            return self.missing


READINESS = web.AppKey("readiness", Readiness)


def add_health(app: web.Application) -> None:
    """Let the application answer both; the middleware `health` comes before the one that authenticates."""
    app[READINESS] = Readiness()


@web.middleware
async def health(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what concerns health, let all else pass."""
    if request.path not in ("/healthz", "/readyz"):
        return await handler(request)
    if request.method not in ("GET", "HEAD"):
        raise web.HTTPMethodNotAllowed(request.method, ("GET", "HEAD"))
    if request.path == "/healthz":
        return _json({"alive": True})
    missing = await request.app[READINESS].look(request.app[FACADE].engine)
    return _json({"ready": not missing, "missing": missing}, 503 if missing else 200)


def _json(told: dict[str, object], status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(told) + "\n", status=status, content_type="application/json", charset="utf-8")
