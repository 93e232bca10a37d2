"""The recordings of calls: how they are named, where they lie, when they go.

Asterisk writes `.part-UID.wav`; complete, the file gets its name: `EXT-NUMBER-YYYYMMDD-HHMMSS-UID.WAV` (contract
section 2), in a folder of its day. So nothing is served that is not complete.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path

from uncall_ari.media.library import NoSuchRecording
from uncall_ari.media.names import AUDIO

_NAME = re.compile(
    r"[0-9A-Za-z+]{1,32}-[0-9A-Za-z+]{1,32}-(\d{4})(\d{2})(\d{2})-\d{6}-\d{1,10}\.\d{1,10}\.WAV", re.ASCII
)
_NO_PART = re.compile(r"[^0-9A-Za-z+]")


def recording_name(extension: str, number: str, started: datetime, uid: str) -> str:
    """The name of a call's recording. `started` is local time; what is no digit or letter of a number goes."""
    parts = [_NO_PART.sub("", text)[:32] or "unknown" for text in (extension, number)]
    return f"{parts[0]}-{parts[1]}-{started:%Y%m%d-%H%M%S}-{uid}.WAV"


class CallRecordings:
    """The folder of all recordings. It works on files: to be called through `asyncio.to_thread`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def part(self, uid: str) -> Path:
        """Where Asterisk writes the recording of a call that goes on."""
        return self.folder / f".part-{uid}.wav"

    def publish(self, uid: str, name: str) -> Path:
        """Give a complete recording its name. Raises OSError when it is not there."""
        file = self._place(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        return self.part(uid).rename(file)

    def path(self, name: str) -> Path:
        """The file of a recording, its name with or without `audio:`. Raises NoSuchRecording."""
        file = self._place(name.removeprefix(AUDIO))
        if not file.is_file():
            raise NoSuchRecording(name)
        return file

    def prune(self, now: datetime, days: int, most_bytes: int) -> list[Path]:
        """Remove recordings older than `days`, and the oldest until at most `most_bytes` are left; 0: no limit.

        Returns what was removed.
        """
        files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in self.folder.glob("*/*/*/*.WAV"))
        total, removed = sum(size for _, size, _ in files), []
        oldest = (now - timedelta(days=days)).timestamp() if days else 0.0
        for changed, size, file in files:
            if changed < oldest or (most_bytes and total > most_bytes):
                file.unlink(missing_ok=True)
                total -= size
                removed.append(file)
        return removed

    def _place(self, name: str) -> Path:
        parts = _NAME.fullmatch(name)
        if parts is None:
            raise NoSuchRecording(name)
        return self.folder.joinpath(*parts.groups(), name)
