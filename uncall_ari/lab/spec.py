"""What a lab shall be: its trunks, extensions, servers and ports. Plain values, checked when made."""

import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_TRUNK = re.compile(r"[a-z][a-z0-9-]{0,30}")
_NUMBER = re.compile(r"[0-9]{2,10}")
_SECRET = re.compile(r"[A-Za-z0-9_.~-]{1,64}")  # no character that means something in Asterisk's files
_HOST = re.compile(r"127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")

RTP_PORTS = 4000  # two per leg: 2000 legs


@dataclass(frozen=True, slots=True)
class TrunkSpec:
    """A carrier: calls for `PJSIP/NUMBER@name` go to host:port, and what comes from there is the
    trunk's. Only loopback: a lab rings no telephone of the world."""

    name: str
    host: str = "127.0.0.1"
    port: int = 5080

    def __post_init__(self) -> None:
        _check(_TRUNK, self.name, "a trunk's name", "a small letter, then letters, digits or -")
        _check(_HOST, self.host, "a trunk's host", "an address in 127.0.0.0/8")
        _check_port(self.port, f"trunk {self.name}")


@dataclass(frozen=True, slots=True)
class Ports:
    """The lab's ports on 127.0.0.1; 0: a free one is chosen. `rtp` is the first of `RTP_PORTS`."""

    http: int = 0
    ami: int = 0
    sip: int = 0
    mariadb: int = 0
    rtp: int = 0

    @classmethod
    def based_on(cls, base: int) -> Self:
        """base, base+1, base+2 and base+3 for HTTP, AMI, SIP and MariaDB; RTP is chosen."""
        return cls(http=base, ami=base + 1, sip=base + 2, mariadb=base + 3)

    def __post_init__(self) -> None:
        for each in fields(self):
            port = getattr(self, each.name)
            if port:
                _check_port(port, each.name)
        if self.rtp > 65535 - RTP_PORTS:
            raise ValueError(f"rtp port {self.rtp}: {RTP_PORTS} ports from there on are needed")


@dataclass(frozen=True, slots=True)
class LabSpec:
    """One lab. With `keep` its servers outlive the program that started them (`uncall lab up`);
    without, they die with it, however it ends. `language` is the phones' prompt language; `patience`
    is how long a call waits, in seconds, for an engine that is away."""

    name: str = "lab"
    trunks: tuple[TrunkSpec, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()  # (number, secret)
    asterisk: bool = True
    mariadb: bool = False
    ports: Ports = field(default_factory=Ports)
    rootfs: Path | None = None  # default: $UNCALL_ROOTFS, or where docker/rootfs builds it
    keep: bool = False
    app: str = "uncall"
    language: str = "zh"
    patience: int = 10

    def __post_init__(self) -> None:
        _check(NAME, self.name, "a lab's name", "small letters, digits and -, 31 at most")
        _check(_TRUNK, self.app, "the app's name", "a small letter, then letters, digits or -")
        _check(_TRUNK, self.language, "the language", "small letters, e.g. zh")
        for number, secret in self.extensions:
            _check(_NUMBER, number, "an extension", "2 to 10 digits")
            _check(_SECRET, secret, f"extension {number}'s secret", "letters, digits and _ . ~ -")
        names = [trunk.name for trunk in self.trunks] + [number for number, _ in self.extensions]
        if len(set(names)) < len(names):
            raise ValueError(f"trunks and extensions need names of their own: {', '.join(sorted(names))}")

    def with_ports(self, ports: Ports) -> Self:
        """The same lab on these ports."""
        return replace(self, ports=ports)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """The spec that `dataclasses.asdict` and JSON have made plain values of."""
        rootfs = plain["rootfs"]
        return cls(
            **plain
            | {
                "trunks": tuple(TrunkSpec(**trunk) for trunk in plain["trunks"]),
                "extensions": tuple((number, secret) for number, secret in plain["extensions"]),
                "ports": Ports(**plain["ports"]),
                "rootfs": Path(rootfs) if rootfs else None,
            }
        )


def _check(pattern: re.Pattern[str], text: str, what: str, allowed: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} cannot be {what}: it takes {allowed}")


def _check_port(port: int, what: str) -> None:
    if not 1024 <= port <= 65535:
        raise ValueError(f"{what}: {port} is no port from 1024 to 65535")
