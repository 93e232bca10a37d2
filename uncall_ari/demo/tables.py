"""The database as third parties see it: SQL statements against the contract's tables, and the calls' own table."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from uncall_ari.demo.crm import Teller
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.judge import Row
from uncall_ari.demo.settled import Kept

T = TypeVar("T")

# ruff: noqa: S608 - the statements are put together from constants and from the task's integer

COUNTERS = ("task_num", "task_called", "task_success", "task_visit", "task_fail")
_BUSY_SECONDS = 10  # SQLite: how long to wait for another writer

_FORBID = "INSERT INTO uncall_dnc (number, reason, added_at) VALUES (:number, 'demo', :now)"
_SURVEY = "SELECT extension, score FROM {}uncall_survey WHERE uid = :uid"
_LOOK_SECONDS = 0.1  # between two looks for a row that is to come
_KEPT = (
    "SELECT n.mobile, n.call_status, n.call_billsec, n.extension, c.uid, c.cause, c.abandoned, c.waited_ms "
    "FROM o_task_run_{0} n LEFT JOIN uncall_call c ON c.task_id = {0} AND c.number_id = n.id ORDER BY n.id"
)
_CEILING = "UPDATE o_uncall_task SET task_loss_ceiling = :percent WHERE id = :task"
_RESTING = "SELECT number FROM uncall_rest"
_CALLS = "SELECT uid, number, cause, digits FROM uncall_call WHERE task_id = :task"


class Tables:
    """Another program's connection to the service's database."""

    def __init__(self, url: str, tell: Teller) -> None:
        """`url` as in uncall.toml: sqlite:///FILE or mysql://USER:PASSWORD@HOST:PORT/DATABASE."""
        parsed = make_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"timeout": _BUSY_SECONDS} if sqlite else {"connect_timeout": _BUSY_SECONDS}
        if not sqlite:
            parsed = parsed.set(drivername="mysql+pymysql", query={"charset": "utf8mb4"})
        self._calls_database = "" if sqlite else "asteriskcdrdb."
        self._engine = create_engine(parsed, connect_args=options)
        self._tell = tell

    def close(self) -> None:
        self._engine.dispose()

    async def forbid(self, number: str) -> None:
        """Put a number on the do-not-call list."""
        values = {"number": number, "now": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")}
        await self._do(f"INSERT INTO uncall_dnc … {number}", lambda c: c.execute(text(_FORBID), values).rowcount, _rows)

    async def insert(self, task: int, number: str) -> None:
        """Add a number to a task, past the web service."""
        statement = text(f"INSERT INTO o_task_run_{int(task)} (mobile) VALUES (:number)")
        said = f"INSERT INTO o_task_run_{task} (mobile) … {number}"
        await self._do(said, lambda c: c.execute(statement, {"number": number}).rowcount, _rows)

    async def rows(self, task: int) -> list[Row]:
        """Read what is recorded of each number of a task."""
        statement = text(
            "SELECT mobile, call_status, call_billsec, call_uniqueid, extension "
            f"FROM o_task_run_{int(task)} ORDER BY id"
        )
        numbers = await self._do(f"SELECT … FROM o_task_run_{task}", lambda c: c.execute(statement).all(), _counted)
        said = f"SELECT … FROM uncall_call WHERE task_id = {task}"
        calls = await self._do(said, lambda c: c.execute(text(_CALLS), {"task": task}).all(), _counted)
        by_number: dict[str, list[Any]] = {}
        for call in calls:
            by_number.setdefault(call.number, []).append(call)
        return [_row(number, by_number.get(number.mobile, [])) for number in numbers]

    async def counters(self, task: int) -> dict[str, int]:
        """Read a task's counters."""
        columns = ", ".join(COUNTERS)
        statement = text(f"SELECT {columns} FROM o_uncall_task WHERE id = :task")
        said = f"SELECT task_num … FROM o_uncall_task WHERE id = {task}"
        row = await self._do(said, lambda c: c.execute(statement, {"task": task}).one(), _listed)
        return dict(zip(COUNTERS, row, strict=True))

    async def set_ceiling(self, task: int, percent: str) -> None:
        """Set a task's `task_loss_ceiling`, in per cent."""
        said = f"UPDATE o_uncall_task SET task_loss_ceiling = '{percent}' WHERE id = {task}"
        values = {"percent": percent, "task": task}
        await self._do(said, lambda c: c.execute(text(_CEILING), values).rowcount, _rows)

    async def kept(self, task: int) -> list[Kept]:
        """Read what is recorded of each number of a task with agents."""
        statement = text(_KEPT.format(int(task)))
        said = f"SELECT … FROM o_task_run_{task} n LEFT JOIN uncall_call c ON …"
        rows = await self._do(said, lambda c: c.execute(statement).all(), _counted)
        by_number: dict[str, list[Any]] = {}
        for row in rows:
            by_number.setdefault(row.mobile, []).append(row)
        return [_kept(attempts) for attempts in by_number.values()]

    async def resting(self) -> set[str]:
        """Read the numbers that no task may dial for a while."""
        rows = await self._do(_RESTING, lambda c: c.execute(text(_RESTING)).all(), _counted)
        return {row.number for row in rows}

    async def score(self, uid: str, seconds: float) -> tuple[str, ...]:
        """Wait for the answer to the survey after a call; return its extension and key, () when none comes."""
        statement = text(_SURVEY.format(self._calls_database))
        said = f"SELECT extension, score FROM {self._calls_database}uncall_survey"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.monotonic()
            rows = await self._run(said, lambda c: c.execute(statement, {"uid": uid}).all())
            if rows:
                self._tell("SQL", said, _listed(rows[0]), time.monotonic() - began)
                return tuple(map(str, rows[0]))
            await asyncio.sleep(_LOOK_SECONDS)
        return ()

    async def _do(self, said: str, work: Callable[[Connection], T], shown: Callable[[T], str]) -> T:
        began = time.monotonic()
        result = await self._run(said, work)
        self._tell("SQL", said, shown(result), time.monotonic() - began)
        return result

    async def _run(self, said: str, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.to_thread(transaction)
        except SQLAlchemyError as error:
            raise DemoFailed(f"the database refuses {said}: {error}") from error


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _counted(rows: Sequence[Any]) -> str:
    return _rows(len(rows))


def _listed(row: Sequence[Any]) -> str:
    return ", ".join(map(str, row))


def _row(number: Any, calls: list[Any]) -> Row:
    call = next((call for call in calls if call.uid == number.call_uniqueid), None)
    return Row(
        number=number.mobile,
        status=number.call_status,
        billsec=number.call_billsec,
        uid=number.call_uniqueid or "",
        extension=str(number.extension or ""),
        attempts=len(calls),
        cause=call.cause if call else "",
        keys=call.digits if call else "",
    )


def _kept(attempts: list[Any]) -> Kept:
    last = attempts[-1]
    return Kept(
        number=last.mobile,
        status=last.call_status,
        attempts=sum(attempt.uid is not None for attempt in attempts),
        cause=last.cause or "",
        extension=str(last.extension or ""),
        abandoned=bool(last.abandoned),
        waited=None if last.waited_ms is None else last.waited_ms / 1000,
        billsec=last.call_billsec,
    )
