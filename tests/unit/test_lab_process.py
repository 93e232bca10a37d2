"""A process is known by more than its pid, and a server dies with the program that started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from uncall_ari.lab import wait_until
from uncall_ari.lab.process import Process, Running

SERVER = ["sleep", "71.5"]
MARK = "71.5"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Running, Process]]:
    """A server that does nothing."""
    started = Running(SERVER, tmp_path / "log", tmp_path / "pid", keep=False)
    process = Process.of(int((tmp_path / "pid").read_text()), MARK)
    assert process
    yield started, process
    process.kill()
    started.close()


def test_it_is_known_by_pid_start_and_mark(running: tuple[Running, Process]) -> None:
    _, process = running
    assert process.alive()
    assert Process.of(process.pid, "another program") is None
    assert not replace(process, started=process.started - 1).alive()


def test_another_process_of_its_pid_is_not_signalled(running: tuple[Running, Process]) -> None:
    _, process = running
    stranger = replace(process, started=process.started - 1)
    stranger.signal(signal.SIGKILL)
    assert stranger.wait(0.0)
    assert process.alive()


def test_ending_it(running: tuple[Running, Process]) -> None:
    started, process = running
    process.end(grace=5.0)
    assert not process.alive()
    assert started.ended()
    process.kill()  # once more does no harm


def test_what_does_not_listen_to_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]
    started = Running(stubborn, tmp_path / "log", tmp_path / "pid", keep=False)
    wait_until(lambda: "ready" in (tmp_path / "log").read_text(), "the trap to be set")
    process = Process.of(int((tmp_path / "pid").read_text()), "trap")
    assert process
    process.end(grace=0.1)
    assert not process.alive()
    started.close()


PROGRAM = """
import sys, time
from pathlib import Path
from uncall_ari.lab.process import Running
folder = Path(sys.argv[1])
running = Running(["sleep", "71.5"], folder / "log", folder / "pid", keep=sys.argv[2] == "keep")
print("started", flush=True)
time.sleep(20)
"""


@pytest.mark.parametrize("keep", ["keep", "die"])
def test_without_keep_it_dies_with_its_program(tmp_path: Path, keep: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    argv = [sys.executable, "-c", PROGRAM, str(tmp_path), keep]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment) as program:
        assert program.stdout
        assert program.stdout.readline() == b"started\n"
        process = Process.of(int((tmp_path / "pid").read_text()), MARK)
        program.kill()

    assert process
    if keep == "keep":
        assert not process.wait(0.2)
        process.kill()
    else:
        assert process.wait(5.0)
