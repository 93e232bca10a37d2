"""`uncall serve`: engine and facade in one process, until a signal or until another engine takes over."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
import uvloop
from aiohttp import web

from api.app import make_app, use_settings
from api.serve import serving
from uncall_ari.config import Settings
from uncall_ari.engine import Engine
from uncall_ari.errors import ConfigErrors, UncallError
from uncall_ari.logs import log_to_stderr

log = structlog.get_logger(__name__)

Reader = Callable[[], Settings]


def run(read: Reader) -> None:
    """Serve until Ctrl-C. `read` returns the settings; it is called again for a reload."""
    log_to_stderr()
    uvloop.run(_serve(read))


@asynccontextmanager
async def service(settings: Settings) -> AsyncIterator["Service"]:
    """Run engine and facade."""
    async with Engine.running(settings) as engine:
        app = make_app(engine, settings.web)
        async with serving(app, settings.web.host, settings.web.port) as port:
            yield Service(engine, app, port)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service and the port that it listens on."""

    engine: Engine
    app: web.Application
    port: int

    def reload(self, settings: Settings) -> list[str]:
        """Take new settings; returns the keys that need a restart. Raises ConfigErrors, and nothing has changed."""
        waiting = self.engine.reload(settings)
        use_settings(self.app, settings.web)
        return waiting


async def _serve(read: Reader) -> None:
    settings = read()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    async with service(settings) as running:
        loop.add_signal_handler(signal.SIGHUP, _reload, running, read)
        log.info("serving", wsdl=f"http://{settings.web.host}:{running.port}/uncall_api/index.php?wsdl")
        await _until_ended(stop, running.engine)
        log.info("ending: no new calls are made; Ctrl-C again ends at once")
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)


async def _until_ended(stop: asyncio.Event, engine: Engine) -> None:
    stopped = asyncio.create_task(stop.wait())
    failed = asyncio.create_task(engine.failed())
    try:
        await asyncio.wait((stopped, failed), return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise UncallError(failed.result())
    finally:
        stopped.cancel()
        failed.cancel()


def _reload(running: Service, read: Reader) -> None:
    """Take the settings anew; with a mistake in them, tell it and go on with the old ones."""
    try:
        waiting = running.reload(read())
    except ConfigErrors as errors:
        for error in errors.errors:
            log.error("the settings are not taken", mistake=str(error))
        return
    log.info("the settings are taken", restart_needed_for=waiting)
