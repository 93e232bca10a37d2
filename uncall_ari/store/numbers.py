"""The numbers of a task: adding them, claiming them for a call, giving them back."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

from uncall_ari.store import counters
from uncall_ari.store.counters import Tally
from uncall_ari.store.records import Claim, Outcome
from uncall_ari.store.sql import OPEN, RowsInsert, RowsUpdate, number_sql
from uncall_ari.store.times import Times
from uncall_ari.store.values import words

LONGEST_NUMBER = 16  # mobile varchar(16)

_CALLED_BEFORE = (Outcome.CALL_BACK, Outcome.FAILED)

# ruff: noqa: S608 - the statements are put together from constants
_ADD = RowsInsert("INSERT", "{numbers}", ["mobile", "date_from_type", "date_from_code", "addtime", "task_id"])
_DUE = (
    "SELECT number_id, uid, attempts FROM uncall_retry WHERE task_id = :task_id AND due_at <= :now "
    "ORDER BY due_at LIMIT :most{lock_free}"
)
_NEXT_DUE = text("SELECT MIN(due_at) FROM uncall_retry WHERE task_id = :task_id")
_DUE_NUMBERS = "SELECT id, mobile, call_status, call_uniqueid, del FROM {numbers} WHERE id IN :ids{lock}"
_DROP_RETRIES = text("DELETE FROM uncall_retry WHERE task_id = :task_id AND number_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_OPEN_AFTER = (
    f"SELECT id, mobile FROM {{numbers}}{{by_status}} WHERE id > :after AND id <= :until AND {OPEN} "
    "ORDER BY id LIMIT :most{lock_free}"
)
_TAKE = RowsUpdate(
    "{numbers}",
    {"call_status": "INT", "call_time": "DATETIME", "call_uniqueid": "VARCHAR(20)", "action_id": "VARCHAR(20)"},
    ("id", "INT"),
    where="call_status IN (0, 2, 3)",
)
_CALL = RowsInsert(
    "INSERT",
    "uncall_call",
    ["uid", "task_id", "number_id", "number", "trunk", "attempt", "claimed_at"],
)
_LOOK = (
    f"SELECT (SELECT id FROM {{numbers}}{{by_status}} WHERE {OPEN} ORDER BY id LIMIT 1), "
    "(SELECT MAX(id) FROM {numbers})"
)


class _Free(NamedTuple):
    """A row that is locked by this transaction and may be claimed."""

    number_id: int
    number: str
    attempt: int


class Look(NamedTuple):
    """Where the open numbers of a task stand."""

    first_open: int | None
    last: int  # the highest id, 0 for an empty table


def add(connection: Connection, times: Times, task_id: int, numbers: Sequence[str], now: datetime) -> int:
    """Store numbers as they are given; what is longer than the column is left out. Returns the rows stored.

    They are marked `csv` with their position in the list: of the contract's sources that is the one for a
    list that came from outside. The counters follow in the same transaction.
    """
    added = times.stamp(now)
    rows = [
        (number, "csv", str(line), added, task_id)
        for line, number in enumerate(numbers, start=1)
        if 0 < len(number) <= LONGEST_NUMBER
    ]
    _ADD.run(connection, rows, task_id)
    return len(rows)


def claim(
    connection: Connection,
    times: Times,
    task_id: int,
    uids: Sequence[str],
    trunk: str,
    now: datetime,
    after: int,
    until: int,
    *,
    retries: bool,
) -> list[Claim]:
    """Claim up to len(uids) numbers: retries that are due (when asked for), then open numbers with ids above
    `after` up to `until`.

    The rows are locked when they are read, those that another claim holds are passed over; so what is
    written then is certain. Returns the claims in the order of `uids`.
    """
    free = _due(connection, times, task_id, now, len(uids)) if retries else []
    wanted = len(uids) - len(free)
    if wanted:
        statement = number_sql(_OPEN_AFTER, task_id, connection.dialect.name)
        found = connection.execute(statement, {"after": after, "until": until, "most": wanted})
        free += [_Free(row[0], words(row[1]), 1) for row in found]
    if not free:
        return []
    claims = [
        Claim(task_id, row.number_id, row.number, uid, row.attempt, now) for row, uid in zip(free, uids, strict=False)
    ]
    called_at, claimed_at = times.wall(now), times.utc(now)
    rows = [(Outcome.CALLING.value, called_at, c.uid, c.uid, c.number_id) for c in claims]
    taken = _TAKE.run(connection, rows, task_id)
    if taken != len(claims):
        raise RuntimeError(f"claimed {taken} of {len(claims)} locked rows of task {task_id}")
    trunk = trunk[:50]
    _CALL.run(
        connection,
        [(c.uid, task_id, c.number_id, c.number[:32], trunk, c.attempt, claimed_at) for c in claims],
    )
    return claims


def next_due(connection: Connection, times: Times, task_id: int) -> datetime | None:
    """When the first retry of a task is due; None when it has none."""
    return times.from_utc(connection.execute(_NEXT_DUE, {"task_id": task_id}).scalar())


def look(connection: Connection, task_id: int) -> Look:
    """Find the first open number of all, without locking anything."""
    row = connection.execute(number_sql(_LOOK, task_id, connection.dialect.name)).one()
    return Look(row[0], row[1] or 0)


def _due(connection: Connection, times: Times, task_id: int, now: datetime, most: int) -> list[_Free]:
    """Retries whose time has come, and whose number still stands as the last attempt left it; what a third
    party has changed since is honoured, and its retry is dropped."""
    statement = number_sql(_DUE, task_id, connection.dialect.name)
    due = connection.execute(statement, {"task_id": task_id, "now": times.utc(now), "most": most}).all()
    if not due:
        return []
    ids = [row[0] for row in due]
    rows = connection.execute(number_sql(_DUE_NUMBERS, task_id, connection.dialect.name), {"ids": ids})
    standing = {row[0]: row for row in rows}
    free, change = [], Tally()
    for number_id, uid, attempts in due:
        row = standing.get(number_id)
        if row is None or row[2] not in _CALLED_BEFORE or row[3] != uid or row[4] not in (0, None):
            continue
        free.append(_Free(number_id, words(row[1]), attempts + 1))
        change.count(row[2], -1)
    connection.execute(_DROP_RETRIES, {"task_id": task_id, "ids": ids})
    if change:
        counters.add(connection, task_id, change)
    return free
