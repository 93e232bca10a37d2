"""Asterisk's account, and what the modes of files and folders let it do.

It is told by the kernel's table of sockets, which everyone may read: whose the port is that ARI listens on. A Linux
that grants more than modes do (ACLs) is not seen, so what is found here is a warning.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from uncall_ari.config import Settings
from uncall_ari.doctor.finding import Check, Finding, Words, fine, shown, skipped, warning
from uncall_ari.doctor.modules import records

_LISTENS = "0A"


@dataclass(frozen=True, slots=True)
class Account:
    """A user's id, and those of his groups."""

    user: int
    groups: frozenset[int]

    @property
    def name(self) -> str:
        """For people."""
        try:
            return f"{pwd.getpwuid(self.user).pw_name}, uid {self.user}"
        except KeyError:
            return f"uid {self.user}"

    def may(self, path: Path, rights: int) -> bool:
        """Whether the mode of this file or folder gives these rights (4 read, 2 write, 1 enter). Raises OSError."""
        if self.user == 0:
            return True
        there = path.stat()
        mode = stat.S_IMODE(there.st_mode)
        granted = mode >> 6 if there.st_uid == self.user else mode >> 3 if there.st_gid in self.groups else mode
        return granted & rights == rights


def listener(port: int, table: Path = Path("/proc/net/tcp")) -> Account | None:
    """The account whose process listens on a TCP port of this machine; None when nobody does."""
    for line in table.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
            user = int(fields[7])
            try:
                entry = pwd.getpwuid(user)
                groups = frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
            except KeyError:
                groups = frozenset()
            return Account(user, groups)
    return None


def asterisk_of(settings: Settings) -> Account | None:
    """The account of the Asterisk of these settings; None when it is not on this machine, or not to be known."""
    try:
        return listener(urlsplit(settings.asterisk.url).port or 80)
    except (OSError, ValueError, IndexError):
        return None


def closed_to(asterisk: Account, folder: Path, rights: int, proven: Path | None) -> Path | None:
    """The first folder, from above, whose mode keeps Asterisk out; None when none does.

    `rights` is what it needs in the last one. Folders above `proven`, out of which it has played, are open, whatever
    this machine's modes say: Asterisk may run in a root of its own.
    """
    known = {proven, *proven.parents} if proven else set()
    for each in (*reversed(folder.parents), folder):
        needs = rights if each == folder else 1
        if each not in known and not asterisk.may(each, needs):
            return each
    return None


def call_recordings(settings: Settings, proven: Path | None) -> Finding:
    """Whether Asterisk can write the recordings of calls, and we can rename them."""
    if not records(settings):
        return skipped(Check.CALLS, "calls are not recorded", "未启用通话录音")
    folder = settings.recording.folder
    if not folder.is_dir():
        return _not_there(folder)
    if settings.recording.fetch:
        return fine(Check.CALLS, "the engine fetches them from Asterisk", "由引擎从 Asterisk 取回")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return _not_written(Words("the account that runs this", "当前账号"), folder, folder)
    asterisk = asterisk_of(settings)
    if asterisk is None:
        return skipped(Check.CALLS, "Asterisk's account is not known", "无法得知 Asterisk 的账号")
    closed = closed_to(asterisk, folder, 3, proven)
    if closed is not None:
        return _not_written(Words(f"Asterisk ({asterisk.name})", f" Asterisk（{asterisk.name}）"), folder, closed)
    return fine(Check.CALLS, f"Asterisk may write into {shown(folder)}", f"Asterisk 可写入 {shown(folder)}")


def empty_folder(settings: Settings, folder: Path, proven: Path | None) -> Finding:
    """Whether Asterisk can read a folder of recordings in which there is nothing yet that it could play."""
    asterisk = asterisk_of(settings)
    closed = closed_to(asterisk, folder, 5, proven) if asterisk is not None else None
    if asterisk is None or closed is None:
        return fine(Check.RECORDINGS, "none is uploaded yet: not tried", "尚无上传的录音：未试播")
    return warning(
        Check.RECORDINGS,
        Words(
            f"Asterisk ({asterisk.name}) cannot read {shown(folder)}: {shown(closed)} is closed to it",
            f"Asterisk（{asterisk.name}）无法读取 {shown(folder)}：{shown(closed)} 不允许",
        ),
        Words(f"chmod o+rx {shown(closed)}", f"chmod o+rx {shown(closed)}"),
    )


def _not_there(folder: Path) -> Finding:
    make = f"install -d -m 2770 -o uncall -g asterisk {shown(folder)}"
    found = Words(f"there is no folder {shown(folder)} yet", f"目录 {shown(folder)} 尚不存在")
    return warning(Check.CALLS, found, Words(make, make))


def _not_written(who: Words, folder: Path, closed: Path) -> Finding:
    share = f"chgrp asterisk {shown(folder)}; chmod 2770 {shown(folder)}"
    return warning(
        Check.CALLS,
        Words(
            f"{who.en} cannot write into {shown(folder)}: {shown(closed)} is closed to it",
            f"{who.zh}无法写入 {shown(folder)}：{shown(closed)} 不允许",
        ),
        Words(
            f"Let both accounts be of one group: {share}; the folders above need x for Asterisk",
            f"请使两个账号同属一组：{share}；上级目录须允许 Asterisk 进入",
        ),
    )
