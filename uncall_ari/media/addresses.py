"""Sounds under addresses: how an Asterisk on another host comes to the files that it is to play.

An address is `URL/uncall_api/sounds/SIGNATURE/VERSION/SHELF/FILE`. The version is made of the file's time and size, so
a recording that is replaced has another address, and Asterisk may keep forever what it has fetched. The signature says
that we have made the address: it is all that is needed to fetch the file, and is worth nothing for any other.
"""

import base64
import hmac
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

PATH = "/uncall_api/sounds"
RECORDINGS = "recordings"  # the shelf of what clients upload; the prompts' are called like their languages

MediaUri = Callable[[Path], str]

_SIGNATURE = 18  # bytes: 144 bits, 24 characters without padding
_PURPOSE = b"uncall-ari: addresses of sounds"  # the key serves for nothing else, and does not show the password


class NoSuchSound(Exception):
    """The address is none of ours, or its file is gone."""


def by_path(file: Path) -> str:
    """Return the media URI of a file that Asterisk sees under the same path: without its extension, which Asterisk
    adds."""
    return f"sound:{file.with_suffix('')}"


class SoundAddresses:
    """Makes the addresses, and finds the file of one.

    `url` is our web service as Asterisk reaches it, `secret` what the signatures are made with, `shelves` the folders
    by the names that they have in an address.
    """

    def __init__(self, url: str, secret: str, shelves: Mapping[str, Path]) -> None:
        self._url = url.rstrip("/")
        self._key = hmac.digest(secret.encode(), _PURPOSE, "sha256")
        self._shelves = dict(shelves)
        self._names = {folder: name for name, folder in shelves.items()}

    def uri(self, file: Path) -> str:
        """Return the media URI of a file of one of the shelves. Raises KeyError for any other."""
        shelf, version = self._names[file.parent], _version(file)
        parts = (self._sign(version, shelf, file.name), version, shelf, file.name)
        return f"sound:{self._url}{PATH}/" + "/".join(quote(part, safe="") for part in parts)

    def find(self, signature: str, version: str, shelf: str, name: str) -> tuple[Path, bool]:
        """Return the file of an address, and whether it still is the version that the address means.

        Raises NoSuchSound. Links are not followed.
        """
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(version, shelf, name).encode()):
            raise NoSuchSound
        folder = self._shelves.get(shelf)
        file = folder / name if folder is not None else None
        if file is None or file.parent != folder or not _is_file(file):
            raise NoSuchSound
        return file, _version(file) == version

    def _sign(self, version: str, shelf: str, name: str) -> str:
        said = "/".join((version, shelf, name)).encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(hmac.digest(self._key, said, "sha256")[:_SIGNATURE]).decode()


def _version(file: Path) -> str:
    """Return what is another one as soon as the file is replaced; "0" when it is gone."""
    try:
        state = file.lstat()
    except OSError:
        return "0"
    return f"{state.st_mtime_ns:x}-{state.st_size:x}"


def _is_file(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except (OSError, ValueError):  # ValueError: a NUL in it
        return False
