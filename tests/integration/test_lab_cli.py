"""`uncall lab`: what a person types and sees."""

import os
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from uncall_ari.lab import Lab, LabError
from uncall_ari.lab.cli import lab as app
from uncall_ari.lab.ports import free_port


def uncall_lab(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


@pytest.fixture
def name(rootfs: None) -> Iterator[str]:
    """A name for a lab that outlives its command; it is taken down in any case."""
    name = f"cli-{os.getpid()}"
    yield name
    try:
        left = Lab.load(name)
    except LabError:
        return
    left.down()


def test_up_status_and_down(name: str) -> None:
    carrier = f"carrier:{free_port(udp=True)}"

    up = uncall_lab("up", name, "--trunk", carrier, "--extension", "811:abc")

    assert up.exit_code == 0, up.output
    lab = Lab.load(name)
    assert lab.spec.extensions == (("811", "abc"),)
    assert f'url = "{lab.asterisk.url}"' in up.output  # what uncall.toml needs
    assert lab.mariadb.url in up.output
    first_cells = [line.split()[1] for line in uncall_lab("status").output.splitlines() if line.startswith("│")]
    assert first_cells.count(name) == 2
    assert "Asterisk 22" in uncall_lab("asterisk", "--name", name, "core", "show", "version").output
    assert uncall_lab("sql", "--name", name, "SELECT 6 * 7").output == "42\n"

    again = uncall_lab("up", name)
    assert again.exit_code == 1
    assert f"lab {name} is up already" in again.stderr

    assert uncall_lab("down", name).output == f"lab {name} is down\n"
    assert not lab.folder.exists()


def test_status_tells_of_a_server_that_is_gone(name: str) -> None:
    assert uncall_lab("up", name, "--no-mariadb").exit_code == 0
    Lab.load(name).asterisk.kill()
    status = uncall_lab("status")
    assert status.exit_code == 1
    assert "down" in next(line for line in status.output.splitlines() if name in line)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["up", "../x"], "cannot be a lab's name"),
        (["up", "x", "--trunk", "carrier"], "NAME:PORT is wanted"),
        (["up", "x", "--extension", "801"], "NUMBER:SECRET is wanted"),
        (["up", "x", "--http-port", "80"], "http: 80 is no port"),
        (["down", "no-such-lab"], "there is no lab no-such-lab"),
        (["asterisk", "--name", "no-such-lab", "core"], "there is no lab no-such-lab"),
    ],
)
def test_a_mistake_is_told_in_a_line(rootfs: None, arguments: list[str], complaint: str) -> None:
    result = uncall_lab(*arguments)
    assert result.exit_code == 1
    assert complaint in result.stderr
    assert "Traceback" not in result.output
