"""The recordings of calls: how they are named, where they lie, when they go. Every method works on files and may
block: from async code it is called through `asyncio.to_thread`.

Asterisk writes `.part-UID.wav`; complete, the file gets its name, `EXT-NUMBER-YYYYMMDD-HHMMSS-UID.WAV` (contract
section 2), in a folder of its day, `YYYY/MM/DD`. So nothing is served that is not complete.
"""

import contextlib
import re
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile

from uncall_ari.media.library import NoSuchRecording
from uncall_ari.media.names import AUDIO

_NAME = re.compile(
    r"[0-9A-Za-z+]{1,32}-[0-9A-Za-z+]{1,32}-(\d{4})(\d{2})(\d{2})-\d{6}-\d{1,10}\.\d{1,10}\.WAV", re.ASCII
)
_LONGEST = 32  # characters of an extension or a number
_KEYS = str.maketrans({"*": "S", "#": "P"})  # star, pound: they mean something to a shell and in a URL
_NO_PART = re.compile(r"[^0-9A-Za-z+]")
_NO_UID = re.compile(r"[^0-9A-Za-z._-]")
_UID = re.compile(r"\d{1,10}\.\d{1,10}$", re.ASCII)
_HEADER = 44  # bytes of the WAV header that Asterisk and libsndfile write
_SETTLED = timedelta(seconds=1)
_ABANDONED = timedelta(days=1)  # nothing written for so long: no call does that, a crash has left it behind
_DAYS = "[0-9]" * 4 + "/" + "[0-9]" * 2 + "/" + "[0-9]" * 2


def recording_name(extension: str, number: str, started_local: datetime, uid: str) -> str:
    """Return the name of a call's recording.

    Of the extension and the number, letters, digits and `+` stay, `*` becomes `S` and `#` becomes `P`; of the uid its
    two numbers, without the name of the system that Asterisk may put in front. `started_local` is local time.
    """
    first, second = (_NO_PART.sub("", text.translate(_KEYS))[:_LONGEST] or "unknown" for text in (extension, number))
    found = _UID.search(uid)
    return f"{first}-{second}-{started_local:%Y%m%d-%H%M%S}-{found[0] if found else '0.0'}.WAV"


class CallRecordings:
    """The folder of all recordings of calls, and of those that are being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._changing = threading.Lock()  # no folder of a day goes while a recording comes into it

    def part(self, uid: str) -> Path:
        """Return where Asterisk writes the recording of a call that goes on."""
        return self.folder / f".part-{_NO_UID.sub('', uid)}.wav"

    def stereo_part(self, uid: str) -> Path:
        """Return where Asterisk writes a recording with both sides apart: it does that without a header only."""
        return self.part(uid).with_suffix(".raw")

    def is_complete(self, uid: str, now: datetime) -> bool:
        """Whether Asterisk has closed the recording of a call that is over. Raises OSError when there is none.

        The header of a WAV says how much is in it only when it is closed. Of a stereo one, which has no header, it is
        that nothing was written for a second. That is then made a WAV.
        """
        raw = self.stereo_part(uid)
        if raw.exists():
            if raw.stat().st_mtime > (now - _SETTLED).timestamp():
                return False
            self._make_wav(raw, self.part(uid))
        file = self.part(uid)
        with file.open("rb") as opened:
            head = opened.read(_HEADER)
        size = file.stat().st_size - _HEADER
        return len(head) == _HEADER and int.from_bytes(head[-4:], "little") == size > 0

    def discard_empty(self, uid: str) -> bool:
        """Remove a recording that is no more than its header; whether it was one. Raises OSError."""
        file = self.part(uid)
        if not file.exists() or file.stat().st_size > _HEADER:
            return False
        file.unlink()
        return True

    def last_written(self, uid: str) -> datetime:
        """Return when the recording of a call that goes on, or went on, was last written. Raises OSError."""
        raw, wav = self.stereo_part(uid), self.part(uid)
        return datetime.fromtimestamp((raw if raw.exists() else wav).stat().st_mtime, UTC)

    def _make_wav(self, raw: Path, wav: Path) -> None:
        samples = np.fromfile(raw, dtype="<i2")
        fresh = wav.with_suffix(".new")  # never half a WAV under the name that is looked at
        soundfile.write(fresh, samples[: len(samples) // 2 * 2].reshape(-1, 2), 8000, subtype="PCM_16", format="WAV")
        fresh.rename(wav)
        raw.unlink()

    def publish(self, uid: str, name: str) -> Path:
        """Give a complete recording its name (of `recording_name`); return where it lies now.

        Raises NoSuchRecording for what is no such name, FileExistsError when it is taken, and OSError, above all
        when Asterisk has written nothing.
        """
        file = self._place(name)
        with self._changing:
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():  # a rename would replace it
                raise FileExistsError(f"there is a recording {name}")
            return self.part(uid).rename(file)

    def path(self, name: str) -> Path:
        """Return the file of a recording, its name with or without `audio:`. Raises NoSuchRecording.

        Links are not followed: a name leads to a file of this folder or nowhere.
        """
        file = self._place(name.removeprefix(AUDIO))
        try:
            regular = stat.S_ISREG(file.lstat().st_mode)
        except OSError:
            regular = False
        if not regular:
            raise NoSuchRecording(name)
        return file

    def prune(self, now: datetime, days: int, most_bytes: int) -> list[Path]:
        """Remove recordings older than `days`, and the oldest until at most `most_bytes` are left; 0: no limit.

        What a crash left half written counts too, from the day after. Returns what was removed, the oldest first.
        Raises OSError when something cannot be removed.
        """
        files = [*self._files(f"{_DAYS}/*.WAV", now), *self._files(".part-*", now - _ABANDONED)]
        files.sort()
        total = sum(size for _, size, _ in files)
        oldest = (now - timedelta(days=days)).timestamp() if days else 0.0
        removed = []
        for changed, size, file in files:
            if changed >= oldest and not (most_bytes and total > most_bytes):
                break  # and all that follow are younger
            file.unlink(missing_ok=True)
            total -= size
            removed.append(file)
            if file.parent != self.folder:
                self._tidy(file.parent)
        return removed

    def _files(self, pattern: str, until: datetime) -> list[tuple[float, int, Path]]:
        """List files that were last written before `until`: when (seconds since 1970), bytes, where."""
        found = []
        for file in self.folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # published or taken away just now
                state = file.lstat()
                if stat.S_ISREG(state.st_mode) and state.st_mtime <= until.timestamp():
                    found.append((state.st_mtime, state.st_size, file))
        return found

    def _tidy(self, day: Path) -> None:
        """Remove the folder of a day, of its month and year, as far as they are empty."""
        with self._changing, contextlib.suppress(OSError):
            for folder in (day, day.parent, day.parent.parent):
                folder.rmdir()

    def _place(self, name: str) -> Path:
        parts = _NAME.fullmatch(name)
        if parts is None:
            raise NoSuchRecording(name)
        return self.folder.joinpath(*parts.groups(), name)
