"""`getCalls` and `getTasks`, and `uncall calls` and `uncall tasks`, which ask them: over real HTTP."""

import asyncio
import io
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from rich.console import Console

from api.app import make_app
from api.json_interface import MODELS
from api.serve import serving
from tests.facade_engine import FacadeEngine
from tests.facade_sight import WAITING
from uncall_ari.cli.live import bar, clock, draw_calls, draw_tasks
from uncall_ari.config import WebSettings
from uncall_ari.dialer.obstacle import Code, Obstacle
from uncall_ari.metrics.views import CallView, TaskView
from uncall_ari.store.records import NewTask, TaskStatus

OPENS = datetime(2026, 3, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
WINDOW = Obstacle(Code.WINDOW_CLOSED, ("时段 09:00 至 18:00", "the window is 09:00 to 18:00"), OPENS)
HOSTILE = "[red]spring[/red]\x1b[31m"


@pytest.fixture
async def engine(tmp_path: Path) -> FacadeEngine:
    """With two tasks: one that cannot be dialled, and one that is finished."""
    engine = FacadeEngine(tmp_path)
    for name in (HOSTILE, "over"):
        await engine.add_task(NewTask(name, "ivr", "801", "sip/test/", "127000", 1))
    await engine.add_numbers(494, ["13800138000"] * 8)
    await engine.update_task(494, TaskStatus.RUN, None, None)
    await engine.update_task(495, TaskStatus.FINISH, None, None)
    engine.hindered[494] = [WINDOW]
    return engine


@asynccontextmanager
async def service(engine: FacadeEngine) -> AsyncIterator[str]:
    async with serving(make_app(engine, WebSettings()), "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


async def data(url: str, model: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/http_uncall_api.php", params={"model": model}) as response,
    ):
        answer = await response.json()
    assert (answer["status"], answer["msg"]) == (True, "success")
    return answer["data"]


def started(command: str, *arguments: str, language: str = "C.UTF-8") -> Any:
    """The command in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    return asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uncall_ari", command, *arguments),
        env={"LC_ALL": language, "PYTHONUTF8": "1"},
        cwd=Path(__file__).parents[2],
        stdout=pipe,
        stderr=pipe,
    )


async def said(command: str, *arguments: str, language: str = "C.UTF-8") -> tuple[int | None, str, str]:
    """Run it; its exit status, and what it has written."""
    process = await started(command, *arguments, language=language)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def drawn(table: Any) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


async def test_the_models_tell_the_views(engine: FacadeEngine) -> None:
    for name, view in (("getcalls", CallView), ("gettasks", TaskView)):
        assert MODELS[name].method.fields == tuple(field.name for field in fields(view))
    async with service(engine) as url:
        talking, waiting = await data(url, "getCalls")
        assert talking == {
            "uid": "1372123897.17",
            "kind": "campaign",
            "state": "talking",
            "seconds": "65",
            "number": "13800138000",
            "extension": "801",
            "queue": "",
            "task": "494",
            "trunk": "sip/test/",
        }
        assert (waiting["kind"], waiting["queue"], waiting["task"]) == ("inbound", "600", "0")
        closed, over = await data(url, "getTasks")
        assert (closed["numbers"], closed["obstacle"], closed["zh"]) == ("8", "window-closed", WINDOW.says[0])
        assert (over["status"], over["obstacle"]) == ("finish", "")


async def test_the_commands_show_them(engine: FacadeEngine) -> None:
    async with service(engine) as url:
        status, out, err = await said("calls", "--url", url)
        assert (status, err) == (0, "")
        assert out.splitlines()[0].strip() == "2 calls"
        assert [line.split() for line in out.splitlines()[2:]] == [
            ["1372123897.17", "campaign", "13800138000", "talking", "1:05", "801", "494"],
            ["1372123897.18", "inbound", "13421829060", "waiting", "0:03", "600"],
        ]
        status, out, err = await said("tasks", "--url", url)
        assert (status, err) == (0, "")
        assert "the window is 09:00 to 18:00" in out
        assert "[red]spring[/red]?[31m" in out
        assert "over" not in out
        status, out, _ = await said("tasks", "--url", url, "--finished", language="zh_CN.UTF-8")
        assert {"over", "任务", "时段", "2 个任务"} <= {*out.replace("，", " ").split(), out.splitlines()[0].strip()}


async def test_for_programs(engine: FacadeEngine) -> None:
    async with service(engine) as url:
        (_, calls, _), (_, tasks, _) = (
            await said("calls", "--json", "--url", url),
            await said("tasks", "--json", "--url", url),
        )
        assert json.loads(calls) == await data(url, "getCalls")
        assert [task["id"] for task in json.loads(tasks)] == ["494"]


async def test_a_watch_looks_again_until_it_is_ended(engine: FacadeEngine) -> None:
    async with service(engine) as url:
        process = await started("calls", "--watch", "--json", "--url", url)
        async with asyncio.timeout(30):
            assert len(json.loads(await process.stdout.readline())) == 2
            engine.sight.call_views = [WAITING]
            assert len(json.loads(await process.stdout.readline())) == 1
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("command", ["calls", "tasks"])
async def test_without_a_service_it_says_what_helps(command: str) -> None:
    status, out, err = await said(command, "--url", "http://127.0.0.1:1")
    assert (status, out) == (2, "")
    assert "start the service with `uncall serve`" in err


async def test_a_database_that_is_away(engine: FacadeEngine) -> None:
    engine.away = True
    async with service(engine) as url:
        status, _, err = await said("tasks", "--url", url)
        assert (status, "Connection Failed" in err) == (2, True)
        assert (await said("calls", "--url", url))[0] == 0


@pytest.mark.parametrize(
    ("part", "whole", "cells"),
    [(0, 0, ""), (0, 9, ""), (9, 9, "█" * 20), (12, 9, "█" * 20), (1, 2, "█" * 10), (1, 160, "▏"), (3, 160, "▍")],
)
def test_the_bar(part: int, whole: int, cells: str) -> None:
    assert bar(part, whole) == cells.ljust(20, "·")


def test_clocks() -> None:
    assert [clock(each) for each in (-1, 0, 65, 3600, 36_005)] == ["0:00", "0:00", "1:05", "1:00:00", "10:00:05"]


def test_a_strange_answer_is_drawn_all_the_same() -> None:
    strange = {"uid": "\x1b[2J", "state": "new", "seconds": "soon", "task": HOSTILE}
    shown = drawn(draw_calls([strange], False))
    assert "\x1b" not in shown
    assert "?[2J" in shown
    assert "0:00" in shown
    assert "0/0" in drawn(draw_tasks([{"numbers": "many"}], True))
