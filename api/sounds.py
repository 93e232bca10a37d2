"""Sounds for an Asterisk on another host: prompts and uploaded recordings, which it fetches and keeps.

Whoever has an address may fetch its file: the address is signed (`uncall_ari.media.addresses`), so nobody can make
one up. Asterisk can send neither a key nor a password, and to let its whole host in by `[web] networks` would open
every web method to whatever else runs there.
"""

import asyncio

import structlog
from aiohttp import web

from api.audio import Audio
from api.auth import SIGNED
from api.context import FACADE
from uncall_ari.media.addresses import PATH, NoSuchSound

log = structlog.get_logger(__name__)

# What is under an address never changes, so Asterisk need not ask again, and plays on while we are away. It reads
# max-age, and expects no more of Cache-Control than that.
FOREVER = "private, max-age=31536000, immutable"
REPLACED = "private, no-cache"  # the file has another address now: to be played this once, not to be kept

# Braces too: a part of a path that aiohttp takes by itself has none.
_ADDRESS = PATH + "/" + "/".join(f"{{{part}:[^/]+}}" for part in ("signature", "version", "shelf", "name"))


def sound_routes() -> list[web.RouteDef]:
    """Return the route, to be added to an application that has a FACADE."""
    return [web.get(_ADDRESS, _send, name=SIGNED)]


async def _send(request: web.Request) -> web.StreamResponse:
    """Send the file of a signed address, with ETag, Last-Modified and Range; 404 for any other address."""
    sounds = request.app[FACADE].engine.sounds
    try:
        if sounds is None:
            raise NoSuchSound
        file, same = await asyncio.to_thread(sounds.find, **request.match_info)
    except NoSuchSound:
        log.warning("refused", address=request.remote, path=request.path[:200], reason="no such sound")
        return web.Response(status=404, text="no such sound\n")
    answer = Audio(file, file.name)
    answer.headers["Cache-Control"] = FOREVER if same else REPLACED
    return answer
