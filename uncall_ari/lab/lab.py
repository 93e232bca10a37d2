"""A lab: real servers in a folder of their own, brought up, found again and taken down."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Self

from uncall_ari.share import shared

from .asterisk import Asterisk
from .errors import LabError
from .mariadb import MariaDB
from .ports import choose
from .process import Process
from .root import Root
from .server import Server
from .spec import NAME, LabSpec

USER = "uncall"
STATE = "state.json"


class Lab:
    """One lab. `up` makes it, `load` finds it again, `down` takes it away with all that it wrote.

    Its `folder` and what is below have the same absolute paths for Asterisk as for everyone else.
    """

    def __init__(self, root: Root, spec: LabSpec, password: str, owner: Process | None) -> None:
        self.root, self.spec, self.name, self._password = root, spec, spec.name, password
        self.folder = root.labs / spec.name
        self.recordings = self.folder / "recordings"  # what clients upload; Asterisk reads it
        self.sounds = self.folder / "sounds"  # a copy of sounds/, where Asterisk can read it
        self._owner = owner  # the program that made it
        self._asterisk = Asterisk(root, self.folder / "asterisk", spec, USER, password)
        self._mariadb = MariaDB(root, self.folder / "mariadb", spec, password)

    @property
    def asterisk(self) -> Asterisk:
        """Its Asterisk; LabError when the lab has none."""
        if not self.spec.asterisk:
            raise LabError(f"lab {self.name} has no Asterisk", "LabSpec(asterisk=True)")
        return self._asterisk

    @property
    def mariadb(self) -> MariaDB:
        """Its MariaDB; LabError when the lab has none."""
        if not self.spec.mariadb:
            raise LabError(f"lab {self.name} has no MariaDB", "LabSpec(mariadb=True)")
        return self._mariadb

    @property
    def servers(self) -> dict[str, Server]:
        """The servers that this lab has, by name."""
        servers: dict[str, Server] = {}
        if self.spec.asterisk:
            servers["asterisk"] = self._asterisk
        if self.spec.mariadb:
            servers["mariadb"] = self._mariadb
        return servers

    @classmethod
    def up(cls, spec: LabSpec) -> Self:
        """Makes a lab and starts its servers; they answer when this returns. Raises LabError when one
        of this name is up, a port is taken, the root is missing, or a server does not start: then
        nothing is left of it."""
        root = Root(spec.rootfs)
        with root.locked():
            clean_up(root)
            lab = cls._make(root, spec)
            try:
                for server in lab.servers.values():
                    server.folder.mkdir()
                    server.prepare()
            except BaseException:
                lab.down()
                raise
        try:
            for server in lab.servers.values():
                server.launch()
            for server in lab.servers.values():
                server.await_ready()
        except BaseException:
            lab.down()
            raise
        return lab

    @classmethod
    def _make(cls, root: Root, spec: LabSpec) -> Self:
        """Its folder, ports and state; still without servers. The caller holds the root's lock."""
        others = list(_labs(root))
        same = next((other for other in others if other.name == spec.name), None)
        if same and same.alive():
            raise LabError(f"lab {spec.name} is up already", f"uncall lab down {spec.name}")
        if same:
            same.down()
        needed = [*(("http", "ami", "sip") if spec.asterisk else ()), *(("mariadb",) if spec.mariadb else ())]
        taken = [other.spec.ports for other in others if other is not same]
        spec = spec.with_ports(choose(spec.ports, taken, needed))
        owner = Process.of(os.getpid(), "")
        lab = cls(root, spec, secrets.token_urlsafe(12), owner)
        lab.folder.mkdir()
        lab._write_state()
        lab.recordings.mkdir()
        shutil.copytree(shared("sounds"), lab.sounds, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        return lab

    @classmethod
    def load(cls, name: str = "lab", rootfs: Path | None = None) -> Self:
        """The lab of this name, whoever made it. Raises LabError when there is none."""
        root = Root(rootfs)
        if NAME.fullmatch(name):
            with suppress(OSError, ValueError, KeyError, TypeError):
                return cls._read(root, root.labs / name / STATE)
        raise LabError(f"there is no lab {name}", "`uncall lab status` shows those that there are.")

    @staticmethod
    def all(rootfs: Path | None = None) -> "list[Lab]":
        """Every lab of the root, by name."""
        return list(_labs(Root(rootfs)))

    def alive(self) -> bool:
        """Does one of its servers run, or the program that made it (which may just be starting them)?"""
        return any(server.process for server in self.servers.values()) or bool(self._owner and self._owner.alive())

    @property
    def owner(self) -> Process | None:
        """The program that it dies with; None when it outlives its maker, or its maker has ended."""
        return self._owner if not self.spec.keep and self._owner and self._owner.alive() else None

    def status(self) -> dict[str, bool]:
        """For each of its servers: does it run and answer?"""
        return {name: bool(server.process) and server.ready() for name, server in self.servers.items()}

    def down(self) -> None:
        """Ends its servers, at once because nothing of them is kept, and removes its folder. May be
        called twice."""
        for server in self.servers.values():
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            raise LabError(f"{self.folder} could not be removed", "It belongs to someone else: remove it by hand")

    def sipp(self, *arguments: str, limit: float = 120.0) -> str:
        """Runs SIPp inside the root to its end and returns what it printed; files are named by their
        host paths below `folder`. Raises LabError when calls failed or it took too long."""
        return self.root.run("asterisk", "sipp", *arguments, limit=limit)

    def start_sipp(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Starts SIPp inside the root. The caller ends it."""
        return subprocess.Popen(
            self.root.command("asterisk", "sipp", *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def _write_state(self) -> None:
        state = {
            "spec": asdict(self.spec),
            "password": self._password,
            "owner": asdict(self._owner) if self._owner else None,
        }
        path = self.folder / STATE
        path.touch(mode=0o600)
        path.write_text(json.dumps(state, indent=1, default=str))

    @classmethod
    def _read(cls, root: Root, path: Path) -> Self:
        state = json.loads(path.read_text())
        owner = Process(**state["owner"]) if state["owner"] else None
        return cls(root, LabSpec.from_plain(state["spec"]), state["password"], owner)


def clean_up(root: Root) -> None:
    """Removes what is left of labs whose programs were killed before they could. The caller holds the
    root's lock."""
    for folder in root.labs.iterdir():
        if not NAME.fullmatch(folder.name):
            continue
        try:
            lab = Lab._read(root, folder / STATE)
        except (OSError, ValueError, KeyError, TypeError):
            shutil.rmtree(folder, ignore_errors=True)  # killed before its state was written
            continue
        if not lab.spec.keep and not lab.owner:
            lab.down()


def _labs(root: Root) -> Iterator[Lab]:
    for folder in sorted(root.labs.iterdir()):
        if NAME.fullmatch(folder.name):
            with suppress(OSError, ValueError, KeyError, TypeError):
                yield Lab._read(root, folder / STATE)
