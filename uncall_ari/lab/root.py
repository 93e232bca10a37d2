"""The root file system that the servers run in, as built by `docker/rootfs`, and how to run in it.

A path of the host below the root means the same file inside it: the root holds a link to itself at its
own path. So engine and Asterisk speak of files by the same names, without any mapping.
"""

import fcntl
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uncall_ari.share import shared

from .errors import LabError

DESCRIPTORS = 65536  # 500 calls with recording take some 10,000


def default_place() -> Path:
    """Where `docker/rootfs` builds the root."""
    place = os.environ.get("UNCALL_ROOTFS")
    if place:
        return Path(place)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uncall-ari" / "rootfs"


def build(place: Path) -> None:
    """Builds the root there, if there is none yet, and shows how it goes on stderr (a minute). Raises
    LabError when that fails; the script has then said why."""
    if _is_there(place):
        return
    script = shared("docker") / "rootfs"
    done = subprocess.run(["bash", str(script)], env=os.environ | {"UNCALL_ROOTFS": str(place)}, check=False)
    if done.returncode:
        raise LabError(f"{script} has not built {place}")


def _is_there(place: Path) -> bool:
    return (place / "usr/sbin/asterisk").exists()


class Root:
    """The root file system. Raises LabError when it is not there, or cannot be used by who calls.

    Root runs each server as the account of its package. Anyone else runs them, through sudo, as
    himself: he may then read, write and delete what they write.
    """

    def __init__(self, place: Path | None = None) -> None:
        self.path = (place or default_place()).resolve()
        if not _is_there(self.path):
            script = shared("docker") / "rootfs"
            raise LabError(f"there is no root file system at {self.path}", f"Build it, once: {script}")
        self._sudo: list[str] = []
        if os.geteuid() != 0:
            if not shutil.which("sudo"):
                raise LabError(
                    "a lab needs root to enter its root file system, and there is no sudo here",
                    "Run it as root, or use an Asterisk of your own: uncall serve",
                )
            self._sudo = ["sudo", "-n"]
        self.labs = self.path / "srv" / "labs"
        if not os.access(self.labs, os.W_OK):
            raise LabError(
                f"{self.labs} is not yours to write to: another account has built this root file system",
                "Build one of your own: unset UNCALL_ROOTFS, or let it name another place",
            )
        self._link_to_itself()

    def _link_to_itself(self) -> None:
        """Makes the link that `docker/rootfs` made, again where the root has been moved."""
        link = self.path / self.path.relative_to("/")
        if link.exists() and link.samefile(self.path):
            return
        target = os.path.relpath(self.path, link.parent)
        subprocess.run([*self._sudo, "mkdir", "-p", str(link.parent)], check=True)
        subprocess.run([*self._sudo, "ln", "-sfn", target, str(link)], check=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time: whoever makes or removes labs here."""
        with (self.labs / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def inside(self, host_path: Path) -> Path:
        """The short name that a file has inside the root: sockets' names have 107 characters at most."""
        return Path("/") / host_path.relative_to(self.path)

    def account(self, package_account: str) -> tuple[int, int]:
        """(uid, gid) that a server runs as: its package's account, or whoever calls."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        for line in (self.path / "etc/passwd").read_text().splitlines():
            name, _, uid, gid, *_ = line.split(":")
            if name == package_account:
                return int(uid), int(gid)
        raise LabError(f"the root file system has no account {package_account}", "docker/rootfs --force")

    def give(self, folder: Path, package_account: str, mode: int = 0o755) -> None:
        """Makes a folder that a server may write to."""
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
        uid, gid = self.account(package_account)
        if (uid, gid) != (os.geteuid(), os.getegid()):
            os.chown(folder, uid, gid)

    def command(self, package_account: str, *argv: str) -> list[str]:
        """The command line that runs `argv` inside the root, as that account, with descriptors enough.
        Every step is an exec, so the server has the first one's pid."""
        uid, gid = self.account(package_account)
        as_account = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--"]
        limit = ["prlimit", f"--nofile={_descriptors()}"]
        return [*self._sudo, "chroot", str(self.path), *limit, *as_account, *argv]

    def run(self, package_account: str, *argv: str, limit: float = 60.0) -> str:
        """Runs a program inside the root to its end, and returns what it printed. Raises LabError with
        its output when it fails or takes longer than `limit` seconds."""
        try:
            done = subprocess.run(
                self.command(package_account, *argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=limit,
                check=False,
                text=True,
                errors="replace",
            )
        except subprocess.TimeoutExpired as late:
            raise LabError(f"`{' '.join(argv)}` has not ended in {limit:g} s") from late
        if done.returncode:
            raise LabError(f"`{' '.join(argv)}` failed ({done.returncode})", log=done.stdout[-2000:])
        return done.stdout


def _descriptors() -> int:
    """What may be asked for: the hard limit can be raised by the mightier roots only."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
