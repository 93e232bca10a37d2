"""`uncall demo` and `uncall lab serve` as somebody runs them: real processes, real servers, the exit status."""

import asyncio
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from uncall_ari.demo.world import recording
from uncall_ari.lab import Lab
from uncall_ari.lab.ports import free_port

pytestmark = pytest.mark.usefixtures("rootfs")

SMALL = ("--numbers", "12", "--seconds", "12")
DEMO_SECONDS = 180.0
START_SECONDS = 60.0
END_SECONDS = 30.0
SCENE = (" ✓ click to call: ", " ✓ whisper: ", " ✓ transfer: ", " ✓ survey: nobody")
READY = "Ctrl-C ends it"  # the end of the welcome

Start = Callable[..., Coroutine[Any, Any, "Command"]]


@dataclass
class Command:
    """A running `uncall …`, and what it has printed so far, both streams together."""

    process: asyncio.subprocess.Process
    text: str = ""

    async def prints(self, words: str, seconds: float) -> None:
        """Wait until it has printed `words`."""
        assert self.process.stdout
        try:
            async with asyncio.timeout(seconds):
                while words not in self.text:
                    line = await self.process.stdout.readline()
                    assert line, f"ended without {words!r}:\n{self.text}"
                    self.text += line.decode()
        except TimeoutError:
            pytest.fail(f"waited {seconds:g} s for {words!r}:\n{self.text}")

    async def ends(self, seconds: float) -> int:
        """Wait for its end; return its exit status."""
        assert self.process.stdout
        try:
            async with asyncio.timeout(seconds):
                self.text += (await self.process.stdout.read()).decode()
                return await self.process.wait()
        except TimeoutError:
            pytest.fail(f"has not ended in {seconds:g} s:\n{self.text}")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


@pytest.fixture
async def uncall(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts `uncall` with some arguments; its temporary files and its state are below `tmp_path`."""
    started: list[Command] = []

    async def start(*arguments: str, **environment: str) -> Command:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "uncall_ari", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | {"TMPDIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "COLUMNS": "150"} | environment,
        )
        started.append(Command(process))
        return started[-1]

    yield start
    for command in started:
        with suppress(ProcessLookupError):
            command.process.kill()
        await command.process.wait()


def left_of(demo: Command, folder: Path) -> list[str]:
    """What a demo has left behind: files in `folder`, and its lab."""
    labs = [lab.name for lab in Lab.all() if lab.name == f"demo-{demo.process.pid}"]
    return [*map(str, folder.iterdir()), *labs]


@pytest.mark.timeout(240)
async def test_a_small_demo_agrees(uncall: Start, tmp_path: Path) -> None:
    # A variable that would lead the service elsewhere is not heeded.
    demo = await uncall("demo", *SMALL, UNCALL_DATABASE__URL=f"sqlite:///{tmp_path / 'somebody.db'}")
    assert await demo.ends(DEMO_SECONDS) == 0, demo.text
    assert "ALL AGREE: 72 numbers, 30 checks" in demo.text
    assert "✗" not in demo.text
    for method in ("getTrunkList", "getIncomingIVR", "addIvrTask", "addPhoneToTask", "updateTask", "getAllTask"):
        assert f"SOAP {method}(" in demo.text
    assert "S1 上传成功" in demo.text
    for method in ("OnClickCall", "popEvent", "whisper", "transferCall", "feedBack"):
        assert f"SOAP {method}(" in demo.text
    assert [line for line in demo.text.splitlines() if line.startswith(SCENE)] == [
        " ✓ click to call: 801 hears customer, customer hears 801",
        " ✓ whisper: 801 hears 803 and customer, 803 hears 801 and customer, customer hears 801",
        " ✓ transfer: 802 hears customer, customer hears 802",
        " ✓ survey: nobody hears anybody",
    ]
    assert " ✓ survey: the answer 5 is kept for 802" in demo.text
    assert demo.text.count("hears →") == 9  # before and after each of the four steps, and a sample of the agents' talks
    for method in ("getIncomingQueues", "addQueueTask"):
        assert f"SOAP {method}(" in demo.text
    (talks,) = re.findall(r" ✓ customer and agent heard each other in each of (\d+) talks", demo.text)
    assert int(talks) >= 1
    for figure in ("dialled", "answered", "connected", "abandoned", "occupancy", "answer to agent", "the pacer said"):
        assert f"│ {figure} " in demo.text
    assert left_of(demo, tmp_path) == []  # all agreed: nothing is left, and nothing went elsewhere


@pytest.mark.timeout(240)
async def test_a_demo_that_is_interrupted_leaves_nothing(uncall: Start, tmp_path: Path) -> None:
    demo = await uncall("demo", *SMALL)
    await demo.prints("getAllTask #1", START_SECONDS)
    demo.interrupt()
    assert await demo.ends(END_SECONDS) != 0
    assert "Traceback" not in demo.text
    assert left_of(demo, tmp_path) == []


async def test_two_services_side_by_side(uncall: Start, tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    services = [await uncall("lab", "serve", "--port", str(port)) for port in ports]
    async with aiohttp.ClientSession() as http:
        for port, service in zip(ports, services, strict=True):
            await service.prints(READY, START_SECONDS)
            base = f"http://127.0.0.1:{port}/uncall_api"
            assert f"{base}/index.php?wsdl" in service.text
            assert "incoming_queue_values  600 (agents 811 to 818" in service.text
            async with http.get(f"{base}/index.php?wsdl") as answer:
                assert f'location="{base}/index.php"' in await answer.text()
            async with http.get(f"{base}/upfiles.html") as answer:
                assert answer.status == 200
    for port, service in zip(ports, services, strict=True):
        assert Lab.load(f"serve-{port}").status() == {"asterisk": True}
        service.interrupt()
    for port, service in zip(ports, services, strict=True):
        assert await service.ends(END_SECONDS) == 0, service.text
        assert "Traceback" not in service.text
        assert (tmp_path / "uncall-ari" / f"lab-{port}" / "uncall.db").is_file()
        assert f"serve-{port}" not in [lab.name for lab in Lab.all()]


async def test_a_taken_port_is_told_in_one_line(uncall: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = await uncall("lab", "serve", "--port", str(port))
        assert await service.ends(START_SECONDS) == 1
    assert service.text.splitlines() == [
        f"cannot listen on 127.0.0.1 port {port}: Address already in use. "
        f"Choose another one, such as --port {port + 1} (make serve PORT={port + 1})"
    ]


@asynccontextmanager
async def served(uncall: Start, *arguments: str) -> AsyncIterator[str]:
    """A service on a lab while inside, which must end well; the value is its URL."""
    port = free_port()
    service = await uncall("lab", "serve", "--port", str(port), *arguments)
    await service.prints(READY, START_SECONDS)
    yield f"http://127.0.0.1:{port}/uncall_api"
    service.interrupt()
    assert await service.ends(END_SECONDS) == 0, service.text


async def test_data_that_is_kept_is_there_again(uncall: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with aiohttp.ClientSession() as http:
        async with (
            served(uncall, "--data", str(data)) as base,
            http.post(f"{base}/recording_files.php?name=kept.wav", data=recording()) as answer,
        ):
            assert await answer.text() == "S1 上传成功"
        with sqlite3.connect(data / "uncall.db") as database:
            database.execute("INSERT INTO o_uncall_task (task_name, task_type) VALUES ('kept', 'ivr')")
        database.close()
        async with served(uncall, "--data", str(data)) as base:
            async with http.get(f"{base}/play_files.php?name=kept.wav") as answer:
                assert answer.status == 200
            async with http.get(f"{base}/upfiles.html") as answer:
                assert "kept.wav" in await answer.text()
    with sqlite3.connect(data / "uncall.db") as database:
        assert database.execute("SELECT task_name, task_run_id FROM o_uncall_task").fetchall() == [
            ("kept", "o_task_run_1")
        ]
    database.close()
