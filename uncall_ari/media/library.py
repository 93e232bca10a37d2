"""The folder of uploaded recordings. Every method works on files and may block: from async code it is
called through `asyncio.to_thread`."""

import contextlib
import os
import stat
import tempfile
import time
from pathlib import Path

from uncall_ari.errors import RecordingRefused, RefusedBecause, UncallError
from uncall_ari.media import wav
from uncall_ari.media.addresses import MediaUri, by_path
from uncall_ari.media.names import EXTENSION, file_name, recording_name

_UPLOADING = ".uploading-"  # a leading dot: no recording is ever called so
_ABANDONED = 3600  # seconds after which an upload that a crash left behind is cleared away


class NoSuchRecording(UncallError, KeyError):
    """There is no usable recording of this name."""

    def __str__(self) -> str:
        return "there is no recording of this name"


class RecordingLibrary:
    """The recordings in one folder, by name.

    What counts is what lies in the folder at the moment, so files may be put there or taken away by hand.
    Only files that Asterisk can play are shown; links are not followed.
    """

    def __init__(self, folder: Path, uri: MediaUri = by_path) -> None:
        """Use `folder`, and make it if it is not there; `uri` makes the media URI of a file. Raises OSError when the
        folder cannot be made."""
        self.folder = folder.absolute()
        self._uri = uri
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True)
            self.folder.chmod(0o755)  # Asterisk runs as another user and must be able to read
        for leftover in self.folder.glob(f"{_UPLOADING}*"):
            with contextlib.suppress(FileNotFoundError):  # an upload of another process ended just now
                if time.time() - leftover.stat().st_mtime > _ABANDONED:
                    leftover.unlink()

    def names(self) -> list[str]:
        """Return the names of all recordings, sorted. Raises OSError when the folder cannot be read."""
        try:
            files = list(self.folder.iterdir())
        except FileNotFoundError:  # the folder has been taken away
            return []
        return sorted(name for file in files if (name := self._name(file)) is not None)

    def has(self, name: str) -> bool:
        """Tell whether there is a recording of this name, as a client writes it."""
        with contextlib.suppress(NoSuchRecording):
            return bool(self.path(name))
        return False

    def path(self, name: str) -> Path:
        """Return the absolute path of the recording `name`, as a client writes it. Raises NoSuchRecording."""
        file = self._file(name)
        if self._name(file) is None:
            raise NoSuchRecording(name)
        return file

    def sound(self, name: str) -> str:
        """Return the ARI media URI that plays the recording `name`. Raises NoSuchRecording.

        The URI can stand in a list that is separated by commas.
        """
        return self._uri(self.path(name))

    def save(self, name: str, data: bytes) -> str:
        """Check and store a recording; return the name under which it is known.

        Raises RecordingRefused: FORMAT (the name or the file), TOO_LARGE, EXISTS, FAILED. The file system
        decides on EXISTS, so of two uploads of one name at the same moment exactly one is taken; and a
        recording is there completely or not at all, a crash or a full disk in between included.
        """
        name = recording_name(name)
        sound = wav.rewritten(data)
        try:
            _write_new(self.folder / file_name(name), sound)
        except FileExistsError as error:
            raise RecordingRefused(RefusedBecause.EXISTS) from error
        except OSError as error:
            raise RecordingRefused(RefusedBecause.FAILED, error.strerror or type(error).__name__) from error
        return name

    def delete(self, name: str) -> bool:
        """Delete the recording `name`; return False when there is none.

        A call that plays it at this moment hears it to its end. Raises OSError when the folder cannot be
        changed.
        """
        try:
            file = self._file(name)
            if not _is_file(file):
                return False
            file.unlink()
        except (NoSuchRecording, FileNotFoundError):
            return False
        return True

    def _file(self, name: str) -> Path:
        """Return where the recording `name` would lie. Raises NoSuchRecording for what can be no name."""
        try:
            return self.folder / file_name(recording_name(name))
        except RecordingRefused as error:
            raise NoSuchRecording(name) from error

    def _name(self, file: Path) -> str | None:
        """Return the name of the recording in `file`, None when that is not a usable recording."""
        try:
            name = recording_name(file.name)
        except RecordingRefused:
            return None
        return name if file_name(name) == file.name and _is_file(file) and wav.playable(file) else None


def _is_file(file: Path) -> bool:
    """Tell whether this is a file itself: no link, no folder, no pipe, and there."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except OSError:
        return False


def _write_new(file: Path, data: bytes) -> None:
    """Write a file that must not be there yet, all of it or nothing. Raises FileExistsError, OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=_UPLOADING, suffix=EXTENSION, dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        os.link(temporary, file)  # unlike a rename, this never replaces what is there
    finally:
        Path(temporary).unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the name, too, survives a power cut
    finally:
        os.close(folder)
