"""Log lines tell what they are about, however deep they are written."""

import asyncio
import io
import json
import sys
from typing import Any

import pytest
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from uncall_ari.calls.board import Board
from uncall_ari.logs import about, log_to_stderr


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The lines of this test's log, as a process writes them to a file."""
    before = structlog.get_config()
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log_to_stderr()
    structlog.configure(cache_logger_on_first_use=False)
    clear_contextvars()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    clear_contextvars()
    structlog.configure(**before)


async def deep(event: str) -> None:
    async def deeper() -> None:
        structlog.get_logger().info(event)

    await asyncio.create_task(deeper())


async def test_a_flows_lines_tell_the_call_and_others_do_not(written: Any) -> None:
    one = asyncio.create_task(deep("one"), context=about(uid="1", task=4, number_id=7))
    two = asyncio.create_task(deep("two"), context=about(uid="2"))
    await asyncio.gather(one, two)
    structlog.get_logger().info("none")
    told = {
        line["event"]: {key: line[key] for key in ("uid", "task", "number_id") if key in line} for line in written()
    }
    assert told == {"one": {"uid": "1", "task": 4, "number_id": 7}, "two": {"uid": "2"}, "none": {}}


async def test_about_keeps_what_is_told_already_and_changes_nothing_here() -> None:
    clear_contextvars()
    bind_contextvars(uid="1", task=4)
    inner = about(uid="2")
    assert inner.run(get_contextvars) == {"uid": "2", "task": 4}
    assert get_contextvars() == {"uid": "1", "task": 4}
    clear_contextvars()


async def test_while_a_phone_rings_lines_tell_the_extension(written: Any) -> None:
    board = Board()
    with board.ringing("801", "1"):
        structlog.get_logger().info("rings")
    structlog.get_logger().info("later")
    assert [line.get("extension") for line in written()] == ["801", None]


async def test_a_line_says_when_how_and_what(written: Any) -> None:
    structlog.get_logger().warning("ümläut", reason="x")
    (line,) = written()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "ümläut", "level": "warning", "reason": "x"}
