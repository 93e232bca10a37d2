"""Ports on loopback: which are free, which are taken, and a set of free ones for a new lab."""

import random
import socket
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from .errors import LabError
from .spec import RTP_PORTS, Ports

_LOWEST = 10000
_UDP = {"sip"}


def is_free(port: int, *, udp: bool = False) -> bool:
    """Can a server listen on this port of 127.0.0.1 now?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as probe:
        if not udp:  # connections that are closing do not keep a server from listening
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(*, udp: bool = False, avoid: Collection[int] = ()) -> int:
    """A port that is free now, below those that the kernel hands out by itself: so no outgoing
    connection takes it before its server listens. Raises LabError when there is none."""
    highest = _first_of_the_kernels() - 1
    for _ in range(500):
        port = random.randint(_LOWEST, highest)
        if port not in avoid and is_free(port, udp=udp):
            return port
    raise LabError(f"no free port between {_LOWEST} and {highest}", "End what is not needed: uncall lab down --all")


def choose(wanted: Ports, taken: Collection[Ports], servers: Collection[str]) -> Ports:
    """`wanted` with free ports for its zeros, away from those of other labs. `servers` are the fields
    that will be listened on: of these the wanted ones must be free, else LabError."""
    theirs = {port for ports in taken for port in (ports.http, ports.ami, ports.sip, ports.mariadb)}
    chosen = wanted
    for name in ("http", "ami", "sip", "mariadb"):
        port, udp = getattr(wanted, name), name in _UDP
        if not port:
            port = free_port(udp=udp, avoid=theirs)
        elif name in servers:
            require_free(name, port)
        theirs.add(port)
        chosen = replace(chosen, **{name: port})
    return chosen if chosen.rtp else replace(chosen, rtp=_rtp_range({ports.rtp for ports in taken}))


def require_free(name: str, port: int) -> None:
    """Raises LabError naming the port when it is taken."""
    if not is_free(port, udp=name in _UDP):
        kind = "u" if name in _UDP else "t"
        raise LabError(
            f"port {port} ({name}) is in use",
            f"`ss -l{kind}np sport = :{port}` shows by whom; or give another port.",
        )


def _rtp_range(taken: set[int]) -> int:
    """The first port of a range that no other lab has. When all are had, one is shared: Asterisk
    skips a port that is taken, so a shared range is only a little slower."""
    starts = range(_LOWEST, _first_of_the_kernels() - RTP_PORTS, RTP_PORTS)
    free = [start for start in starts if all(abs(start - other) >= RTP_PORTS for other in taken)]
    return random.choice(free or list(starts))


def _first_of_the_kernels() -> int:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return first if first > _LOWEST + 2 * RTP_PORTS else 32768
