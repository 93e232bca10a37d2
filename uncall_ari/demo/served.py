"""`uncall lab serve`: the service on a lab with the simulated carrier, to try clients on, until Ctrl-C."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog
import uvloop

from uncall_ari.config import Settings, load_settings
from uncall_ari.config.sources import read_file
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.settings import write_settings
from uncall_ari.demo.welcome import welcome
from uncall_ari.demo.world import lab_of, outside
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import PhoneError
from uncall_ari.logs import log_to_stderr

log = structlog.get_logger(__name__)

RING_SECONDS = 10


class Running(Protocol):
    """A running service: `uncall_ari.cli.serving.Service`."""

    @property
    def engine(self) -> Engine: ...
    @property
    def port(self) -> int: ...


Service = Callable[[Settings], AbstractAsyncContextManager[Running]]


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, and the folder of the database and the recordings; None: a fresh one each time."""

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path | None = None


def run(options: Options, service: Service) -> None:
    """Serve until Ctrl-C; `service` runs engine and facade. Raises LabError, ConfigError, DemoFailed."""
    _require_free(options.host, options.port)
    folder = options.data or _fresh_folder(options.port)
    folder.mkdir(parents=True, exist_ok=True)
    log_to_stderr()
    with lab_of(f"serve-{options.port}") as lab, _recordings(lab, folder / "recordings"):
        database = f"sqlite:///{folder.absolute() / 'uncall.db'}"
        config = folder / "uncall.toml"
        write_settings(config, lab, database=database, host=options.host, port=options.port, ring_seconds=RING_SECONDS)
        # Given as explicit settings: a variable of the environment may name somebody's real database.
        settings = load_settings(config, read_file(config).values)
        try:
            uvloop.run(_serve(settings, lab, folder.absolute(), service))
        except PhoneError as error:
            raise DemoFailed(f"the simulated phones: {error}") from error


async def _serve(settings: Settings, lab: Lab, folder: Path, service: Service) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for each in signals:
        loop.add_signal_handler(each, stop.set)
    async with outside(lab), service(settings) as running:
        welcome(lab, settings, running.port, folder)
        await _until_ended(stop, running.engine)
        log.info("ending: no new calls are made; Ctrl-C again ends at once")
        for each in signals:
            loop.remove_signal_handler(each)


async def _until_ended(stop: asyncio.Event, engine: Engine) -> None:
    stopped, failed = asyncio.create_task(stop.wait()), asyncio.create_task(engine.failed())
    try:
        await asyncio.wait((stopped, failed), return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise DemoFailed(failed.result())
    finally:
        stopped.cancel()
        failed.cancel()


def _require_free(host: str, port: int) -> None:
    """Raise DemoFailed when the port is taken, before anything is started."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        remedy = f"Choose another one, such as --port {port + 1} (make serve PORT={port + 1})"
        raise DemoFailed(f"cannot listen on {host} port {port}: {reason}. {remedy}") from error


def _fresh_folder(port: int) -> Path:
    """An empty folder below the state directory (XDG Base Directory Specification). What an earlier run on this
    port has left there is removed only now, so that it can be looked at after the end."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = state / "uncall-ari" / f"lab-{port}"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@contextmanager
def _recordings(lab: Lab, kept: Path) -> Iterator[None]:
    """Bring recordings that an earlier run left in `kept`, and keep those of this one there. Asterisk, in its root
    file system, reads only what is in the lab's own folder."""
    if kept.is_dir():
        shutil.copytree(kept, lab.recordings, dirs_exist_ok=True)
    try:
        yield
    finally:
        fresh = kept.with_name(kept.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(lab.recordings, fresh, ignore=shutil.ignore_patterns(".*"))
        shutil.rmtree(kept, ignore_errors=True)
        fresh.rename(kept)
