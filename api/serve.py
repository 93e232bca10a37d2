"""Putting the application on a port, and taking it off again."""

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from uncall_ari.errors import ConfigError

CLOSING_SECONDS = 10  # for answers that are being sent when the service ends


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app` while inside; the value is the real port (port 0 takes any free one).

    Raises ConfigError when the address cannot be listened on.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _explained(error, host, port) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _explained(error: OSError, host: str, port: int) -> ConfigError:
    # From Python 3.13 on, asyncio passes an address that is not here over, and then says without a number that
    # none is left.
    if isinstance(error, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, None):
        remedy = 'Write an address that this computer has, "0.0.0.0" for all of them'
        return ConfigError("[web]", "web.host", f"{host} is no address of this computer", remedy)
    if error.errno == errno.EADDRINUSE:
        remedy = "End the program that has it, or choose another port"
        return ConfigError("[web]", "web.port", f"port {port} on {host} is taken", remedy)
    if error.errno == errno.EACCES:
        remedy = "Choose a port above 1023, or give the service the right to bind low ports"
        return ConfigError("[web]", "web.port", f"port {port} needs special rights", remedy)
    return ConfigError("[web]", "web.port", f"cannot listen on {host} port {port}: {error.strerror}", "See above")
