"""Recordings of an Asterisk on another host: written where ARI can read them, and fetched, each after its call.

MixMonitor takes a path, and one that begins with no slash starts at Asterisk's monitor folder; ARI's stored recordings
are the files of the recording folder beside it. So neither host needs to know the other's paths.
"""

import asyncio
import contextlib
import re
from datetime import UTC, datetime
from pathlib import Path

import structlog

from uncall_ari.ari import Ari, RequestFailed
from uncall_ari.ari.connection import path
from uncall_ari.errors import ConnectionFailed
from uncall_ari.media.calls import CallRecordings

log = structlog.get_logger(__name__)

FILE_SECONDS = 600.0  # for one file: an hour of talk is 58 MB
AWAY_SECONDS = 600.0  # for a lost Asterisk to come back
LOOKS = 10  # at a recording that Asterisk has not closed yet
LOOK_SECONDS = 1.0
AT_ONCE = 2  # more would take the network from the calls
NOT_FOUND = 404

_NO_NAME = re.compile(r"[^0-9A-Za-z-]")


class Fetcher:
    """Brings recordings of ended calls from Asterisk into the folder of `recordings`."""

    def __init__(self, ari: Ari, recordings: CallRecordings) -> None:
        self._ari, self._recordings = ari, recordings
        self._turns = asyncio.Semaphore(AT_ONCE)

    def place(self, uid: str) -> str:
        """Return the file that MixMonitor is to write."""
        return f"../recording/{_name(uid)}.wav"

    async def bring(self, uid: str) -> None:
        """Fetch the recording of a call that is over, complete. Raises OSError, TimeoutError, ConnectionFailed."""
        part = self._recordings.part(uid)
        async with self._turns:
            for _ in range(LOOKS):
                await self._ari.connection.wait_up(AWAY_SECONDS)
                with contextlib.suppress(FileNotFoundError):  # MixMonitor makes it with the first sound
                    await self._download(uid, part)
                    if await asyncio.to_thread(self._recordings.is_complete, uid, datetime.now(UTC)):
                        return
                await asyncio.sleep(LOOK_SECONDS)
        if not await asyncio.to_thread(part.exists):
            raise FileNotFoundError(f"Asterisk has no recording {_name(uid)}")
        raise TimeoutError

    async def discard(self, uid: str) -> None:
        """Have Asterisk delete a recording that we have. One that stays costs it disk only: it is told."""
        try:
            await self._ari.connection.http("DELETE", path("recordings", "stored", _name(uid)))
        except (ConnectionFailed, RequestFailed) as error:
            log.warning("a fetched recording stays in Asterisk, too", recording=_name(uid), reason=str(error))

    async def _download(self, uid: str, part: Path) -> None:
        pieces = self._ari.connection.download(path("recordings", "stored", _name(uid), "file"), FILE_SECONDS)
        try:
            with await asyncio.to_thread(part.open, "wb") as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
        except RequestFailed as error:
            await asyncio.to_thread(part.unlink, missing_ok=True)
            if error.status == NOT_FOUND:
                raise FileNotFoundError(error.request) from error
            raise OSError(str(error)) from error


def _name(uid: str) -> str:
    return "uncall-" + _NO_NAME.sub("-", uid)
