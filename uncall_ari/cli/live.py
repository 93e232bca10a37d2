"""`uncall calls` and `uncall tasks`: what goes on in the running service, once or again and again."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from uncall_ari.cli import asking
from uncall_ari.cli.asking import Service
from uncall_ari.cli.terminal import plain, speaks_chinese

EVERY_SECONDS = 2.0  # between two looks of a watch
WIDE = 200  # columns for what is no terminal
BAR_CELLS = 20
BARS = " ▏▎▍▌▋▊▉█"  # eighths of a cell
COLOURS = {"ringing": "yellow", "waiting": "red", "held": "magenta", "talking": "green", "answered": "cyan"}
FINISHED = "finish"  # the status of tasks that are not shown unless asked for

Row = dict[str, str]
Drawing = Callable[[Sequence[Row], bool], RenderableType]

# What stands above the columns, in English and Chinese.
CALLS = {
    "uid": ("uid", "通话标识"),
    "kind": ("kind", "类型"),
    "number": ("who", "号码"),
    "state": ("state", "状态"),
    "seconds": ("time", "时长"),
    "extension": ("agent", "坐席"),
    "queue": ("queue", "队列"),
    "task": ("task", "任务"),
}
TASKS = (
    ("task", "任务"),
    ("name", "名称"),
    ("status", "状态"),
    ("progress", "进度"),
    ("success", "成功"),
    ("call back", "待回访"),
    ("failed", "失败"),
    ("now", "当前"),
    ("a minute", "每分钟"),
    ("in its way", "障碍"),
)


@dataclass(frozen=True, slots=True)
class View:
    """What is asked for, and how it is shown."""

    model: str
    draw: Drawing
    wanted: Callable[[Row], bool] = lambda row: True


@dataclass(frozen=True, slots=True)
class How:
    """How it is shown: once or again and again; as a table or as JSON."""

    watch: bool
    as_json: bool


def calls(config: Path | None, url: str | None, how: How) -> None:
    """Show the calls that go on. Raises NotAnswered, ConfigErrors."""
    _run(asking.service(config, url), View("getCalls", draw_calls), how)


def tasks(config: Path | None, url: str | None, how: How, *, finished: bool) -> None:
    """Show the tasks, those that are `finished` too if asked for. Raises NotAnswered, ConfigErrors."""
    wanted = View("getTasks", draw_tasks, lambda row: finished or row["status"] != FINISHED)
    _run(asking.service(config, url), wanted, how)


def _run(service: Service, view: View, how: How) -> None:
    try:
        asyncio.run(_show(service, view, how))
    except KeyboardInterrupt:
        return  # how a watch is ended


async def _show(service: Service, view: View, how: How) -> None:
    rows = await ask(service, view)
    console, chinese = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE), speaks_chinese()
    if how.as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=None if how.watch else 2), flush=True)
    elif not how.watch:
        console.print(view.draw(rows, chinese))
    if not how.watch:
        return
    with nullcontext() if how.as_json else _screen(console, view.draw(rows, chinese)) as live:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            rows = await ask(service, view)
            if live is None:
                print(json.dumps(rows, ensure_ascii=False), flush=True)
            else:
                live.update(view.draw(rows, chinese), refresh=True)


def _screen(console: Console, first: RenderableType) -> Live:
    """What is drawn again and again; on a terminal it has the whole of it."""
    return Live(first, console=console, auto_refresh=False, screen=console.is_terminal)


async def ask(service: Service, view: View) -> list[Row]:
    """The rows of a view. Raises NotAnswered."""
    data: Any = await asking.ask(service, {"model": view.model}, {})
    try:
        rows = msgspec.convert(data, list[Row])
        return [row for row in rows if view.wanted(row)]
    except (msgspec.ValidationError, KeyError):
        raise asking.no_service(service.url) from None


def draw_calls(rows: Sequence[Row], chinese: bool) -> Table:
    """A line for each call, the oldest first."""
    table = Table(box=None, pad_edge=False, title=_title(len(rows), "call", "路通话", chinese), title_justify="left")
    for name, words in CALLS.items():
        table.add_column(words[chinese], justify="right" if name in ("seconds", "task") else "left", no_wrap=True)
    for row in rows:
        cells = {name: plain(row.get(name, "")) for name in CALLS}
        colour = COLOURS.get(cells["state"], "white")
        cells["seconds"] = clock(number(row, "seconds"))
        cells["task"] = "" if cells["task"] == "0" else cells["task"]
        table.add_row(*(_text(cell, colour if name == "state" else "") for name, cell in cells.items()))
    return table


def draw_tasks(rows: Sequence[Row], chinese: bool) -> Table:
    """A line for each task, with a bar of how much of it is called."""
    table = Table(box=None, pad_edge=False, title=_title(len(rows), "task", "个任务", chinese), title_justify="left")
    for place, head in enumerate(TASKS):
        right = place == 0 or 4 <= place <= 8
        table.add_column(head[chinese], justify="right" if right else "left", no_wrap=place != len(TASKS) - 1)
    for row in rows:
        called, numbers = number(row, "called"), number(row, "numbers")
        figures = [str(number(row, name)) for name in ("success", "call_back", "failed", "calls", "per_minute")]
        says = plain(row.get("zh" if chinese else "en", ""))
        words = [plain(row.get(name, "")) for name in ("id", "name", "status")]
        progress = f"{bar(called, numbers)} {called}/{numbers}"
        table.add_row(*(_text(each) for each in (*words, progress, *figures)), _text(says, "yellow"))
    return table


def bar(part: int, whole: int) -> str:
    """`part` of `whole` as a bar of BAR_CELLS cells, to an eighth of a cell. Nothing of nothing is empty."""
    share = min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
    full, rest = divmod(int(share * BAR_CELLS * 8), 8)
    return (BARS[8] * full + (BARS[rest] if rest else "")).ljust(BAR_CELLS, "·")


def clock(seconds: int) -> str:
    """`1:05`, from an hour on `1:00:05`."""
    minutes, rest = divmod(max(seconds, 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(row: Row, name: str) -> int:
    """A whole number of the answer; 0 for what is none."""
    try:
        return int(row.get(name, "0"))
    except ValueError:
        return 0


def _text(cell: str, style: str = "") -> Text:
    """A cell in which nothing is markup."""
    return Text(cell, style=style)


def _title(count: int, word: str, chinese_word: str, chinese: bool) -> str:
    return f"{count} {chinese_word}" if chinese else f"{count} {word}" + ("" if count == 1 else "s")
