"""Free ports: what is taken is refused by name, what is chosen is nobody else's."""

import socket

import pytest

from uncall_ari.lab import LabError, Ports
from uncall_ari.lab.ports import choose, free_port, is_free
from uncall_ari.lab.spec import RTP_PORTS

SERVERS = ("http", "ami", "sip", "mariadb")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_listened_on_is_not_free(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as server:
        server.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        port = server.getsockname()[1]
        assert not is_free(port, udp=kind == socket.SOCK_DGRAM)
    assert is_free(port, udp=kind == socket.SOCK_DGRAM)


def test_a_wanted_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(LabError, match=rf"port {port} \(ami\) is in use"):
            choose(Ports(ami=port), [], SERVERS)


def test_the_port_of_a_server_that_is_not_wanted_does_not_matter() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert choose(Ports(mariadb=port), [], ("http", "ami", "sip")).mariadb == port


def test_labs_get_ports_of_their_own() -> None:
    first = choose(Ports(), [], SERVERS)
    second = choose(Ports(), [first], SERVERS)
    ports = [getattr(lab, name) for lab in (first, second) for name in SERVERS]
    assert 0 not in ports
    assert len(set(ports)) == len(ports)
    assert abs(first.rtp - second.rtp) >= RTP_PORTS


def test_more_labs_than_rtp_ranges_share_them() -> None:
    taken: list[Ports] = []
    for _ in range(8):
        taken.append(choose(Ports(), taken, SERVERS))
    assert all(10000 <= ports.rtp <= 65535 - RTP_PORTS for ports in taken)


def test_ports_to_avoid_are_not_given() -> None:
    with pytest.raises(LabError, match="no free port"):
        free_port(avoid=range(10000, 65536))
