"""What the tests of campaigns share: settings for a lab, a task with numbers, waiting for what the tables say."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pymysql
import pymysql.cursors

from uncall_ari.config import Settings, load_settings
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.store import Store
from uncall_ari.store.records import CallRecord, NewTask, Task, TaskStatus

T = TypeVar("T")

TRUNK = "sip/test/"
MENU = "127000"
LOOK_SECONDS = 0.05  # the tables tell of no change by themselves


def plain_settings(lab: Lab, database: str, **sections: Any) -> dict[str, Any]:
    """Settings as uncall.toml would hold them; `sections` are laid over them, one level deep."""
    trunk = {
        "value": TRUNK,
        "endpoint": "carrier",
        "channels": 30,
        "calls_per_second": 50,
        "allow": ["1[3-9]XXXXXXXXX"],
    }
    menu = {"keys": {"1": "hang up", "9": "call back", "0": "extension 801"}, "play": ["demo-menu"], "retries": 0}
    settings: dict[str, Any] = {
        "asterisk": {
            "url": lab.asterisk.url,
            "user": lab.asterisk.user,
            "password": lab.asterisk.password,
            "ami_port": lab.asterisk.ami_port,
        },
        "database": {"url": database, "calls": ""},
        "media": {"recordings": str(lab.recordings), "sounds": str(lab.sounds)},
        "dialer": {"ring_seconds": 5, "finish_after": 1, "poll_seconds": 0.5},
        "extensions": {"ring_seconds": 5},
        "trunk": [trunk],
        "ivr": {MENU: {"description": "a menu", "step": {"main": menu}}},
    }
    for name, section in sections.items():
        if name == "trunk":
            settings["trunk"] = [trunk | each for each in section]
        elif isinstance(section, list):
            settings[name] = section
        else:
            settings[name] = settings.get(name, {}) | section
    return settings


def settings_for(lab: Lab, database: str, **sections: Any) -> Settings:
    """Checked settings for a lab."""
    return load_settings(None, plain_settings(lab, database, **sections))


def new_task(**details: Any) -> NewTask:
    """A task as a client orders it, with its window open all day."""
    plain: dict[str, Any] = {
        "name": "test",
        "type": "ivr",
        "created_by": "801",
        "trunk": TRUNK,
        "target": MENU,
        "call_max": 30,
        "day_start": "00:00",
        "day_end": "24:00",
        "recording": "tone.wav",
    }
    return NewTask(**plain | details)


async def start_task(engine: Engine, numbers: list[str], **details: Any) -> int:
    """Order a task with `numbers` and set it to run; return its id."""
    task_id = await engine.add_task(new_task(**details))
    assert await engine.add_numbers(task_id, numbers) == len(numbers)
    await engine.update_task(task_id, TaskStatus.RUN, None, None)
    return task_id


async def until(look: Callable[[], Awaitable[T]], what: str, seconds: float = 30.0) -> T:
    """Return the first true value of `look()`; fail with `what` and the last value after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := await look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}; last seen: {value!r}")
        await asyncio.sleep(LOOK_SECONDS)
    return value


async def finished(store: Store | Engine, task_id: int, seconds: float = 40.0) -> Task:
    """Wait until a task is finished and return it."""
    seen: list[Task] = []

    async def look() -> bool:
        seen[:] = await store.tasks(task_id)
        return seen[0].status == TaskStatus.FINISH

    try:
        await until(look, f"task {task_id} to finish", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; {seen}") from None
    return seen[0]


async def calls_by_number(store: Store, task_id: int) -> dict[str, list[CallRecord]]:
    """Return the records of a task's calls by number, each number's in order."""
    calls: dict[str, list[CallRecord]] = {}
    for call in sorted(await store.calls(task_id), key=lambda call: call.attempt):
        calls.setdefault(call.number, []).append(call)
    return calls


def third_party(database: str, statement: str) -> list[dict[str, Any]]:
    """Run one SQL statement as a program of somebody else's does, over a connection of its own."""
    if database.startswith("sqlite:///"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=5)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]
    url = urlsplit(database)
    with (
        closing(
            pymysql.connect(
                host=url.hostname,
                port=url.port or 3306,
                user=url.username,
                password=url.password or "",
                database=url.path.strip("/"),
                autocommit=True,
                cursorclass=pymysql.cursors.DictCursor,
            )
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return list(cursor.fetchall())


def write_settings(path: Path, settings: dict[str, Any]) -> None:
    """Write settings as uncall.toml."""
    path.write_text("".join(_lines(settings, "")))
    path.chmod(0o600)


def _lines(table: dict[str, Any], name: str) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) and not _is_tables(value)}
    lines = [f"[{name}]\n"] if name else []
    lines += [f"{_key(key)} = {_value(value)}\n" for key, value in plain.items()]
    for key, value in table.items():
        inner = f"{name}.{_key(key)}" if name else _key(key)
        if isinstance(value, dict):
            lines += _lines(value, inner)
        elif _is_tables(value):
            for each in value:
                lines += [f"[[{inner}]]\n", *(f"{_key(k)} = {_value(v)}\n" for k, v in each.items())]
    return lines


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _key(key: str) -> str:
    return key if key.isidentifier() else f'"{key}"'


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
