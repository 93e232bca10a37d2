"""The store's tests run on both databases, each test in an empty one of its own."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pymysql
import pytest

from uncall_ari.store import Store
from uncall_ari.store.records import Claim, NewTask, Outcome, Settlement, TaskStatus

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 4, 4, 0, 0, tzinfo=UTC)  # twelve o'clock in Shanghai
TASK = NewTask("spring", "ivr", "801", "sip/test/", "127000", 10)


class Outside:
    """Third parties: SQL on a connection of their own, committed statement by statement."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.mysql = url.startswith("mysql")
        self._connection: Any
        if self.mysql:
            parts = urlsplit(url)
            self._connection = pymysql.connect(
                host=parts.hostname,
                port=parts.port or 3306,
                user=parts.username,
                password=parts.password or "",
                database=parts.path[1:],
                charset="utf8mb4",
                autocommit=True,
            )
        else:
            path = Path(url.removeprefix("sqlite:///"))
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement with ? for values; the rows that it gives."""
        with closing(self._connection.cursor()) as cursor:
            if self.mysql:
                cursor.execute(statement.replace("?", "%s"), values or None)
            else:
                cursor.execute(statement, values)
            return list(cursor.fetchall())

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(params=["sqlite", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path, rootfs: None) -> str:
    """The address of an empty database of this test's own, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/uncall.db"
    url: str = request.getfixturevalue("mariadb_database")
    return url


Open = Callable[[], Awaitable[Store]]


@pytest.fixture
async def open_store(database: str) -> AsyncIterator[Open]:
    """Opens the test's database; more than once, as more than one engine would."""
    opened: list[Store] = []

    async def open_one() -> Store:
        opened.append(await Store.open(database, timezone=ZONE))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: Open) -> Store:
    """The test's store."""
    return await open_store()


@pytest.fixture
def outside(store: Store, database: str) -> Iterator[Outside]:
    """A third party on the same database, whose tables are there."""
    outside = Outside(database)
    yield outside
    outside.close()


_uids = count(1)


def uids(many: int) -> list[str]:
    """So many new channel ids."""
    return [f"1700000000.{next(_uids):07}" for _ in range(many)]


async def running_task(store: Store, *numbers: str) -> int:
    """A running task with these numbers."""
    task_id = await store.add_task(TASK)
    if numbers:
        await store.add_numbers(task_id, numbers)
    await store.update_task(task_id, status=TaskStatus.RUN)
    return task_id


async def claim(store: Store, task_id: int, many: int, now: datetime = NOON) -> list[Claim]:
    """Claim up to so many numbers."""
    return await store.claim(task_id, uids(many), trunk="sip/test/", now=now)


def ended(claim: Claim, outcome: Outcome = Outcome.SUCCESS, **more: Any) -> Settlement:
    """A settlement of this claim."""
    values: dict[str, Any] = {"cause": "answered", "ended_at": NOON} | more
    return Settlement(claim.task_id, claim.number_id, claim.uid, outcome, **values)


def number_rows(outside: Outside, task_id: int) -> list[tuple[Any, ...]]:
    """id, call_status and call_uniqueid of all numbers, in the order of their ids."""
    return outside.sql(f"SELECT id, call_status, call_uniqueid FROM o_task_run_{task_id} ORDER BY id")


def counters(outside: Outside, task_id: int) -> tuple[Any, ...]:
    """task_num, task_called, task_success, task_visit, task_fail."""
    (row,) = outside.sql(
        "SELECT task_num, task_called, task_success, task_visit, task_fail FROM o_uncall_task WHERE id = ?", task_id
    )
    return row
