"""The numbers of a task: adding them, claiming them for a call, giving them back."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

from uncall_ari.store import counters
from uncall_ari.store.counters import Tally
from uncall_ari.store.records import Claim, Outcome
from uncall_ari.store.sql import NOT_POSTPONED, OPEN, RowsInsert, RowsUpdate, number_sql
from uncall_ari.store.times import Times
from uncall_ari.store.values import words

LONGEST_NUMBER = 16  # mobile varchar(16)

_CHANNEL_ID = re.compile(r"[0-9]+\.[0-9]+")  # Asterisk's form
_CALLED_BEFORE = (Outcome.CALL_BACK, Outcome.FAILED)

# ruff: noqa: S608 - the statements are put together from constants
_ADD = RowsInsert("INSERT", "{numbers}", ["mobile", "date_from_type", "date_from_code", "addtime", "task_id"])
_DUE = (
    "SELECT r.number_id, r.uid, r.attempts, (SELECT c.action_id FROM uncall_call c WHERE c.uid = r.uid) "
    "FROM uncall_retry r WHERE r.task_id = :task_id AND r.due_at <= :now ORDER BY r.due_at LIMIT :most{lock_free}"
)
_PEEK = text(
    "SELECT (SELECT MIN(due_at) FROM uncall_retry WHERE task_id = :task_id), "
    "(SELECT MIN(attempts) FROM uncall_retry WHERE task_id = :task_id)"
)
_DUE_NUMBERS = "SELECT id, mobile, call_status, call_uniqueid, del, action_id FROM {numbers} WHERE id IN :ids{lock}"
_DROP_RETRIES = text("DELETE FROM uncall_retry WHERE task_id = :task_id AND number_id IN :ids").bindparams(
    bindparam("ids", expanding=True)
)
_OPEN_AFTER = (
    f"SELECT id, mobile, call_uniqueid, action_id FROM {{numbers}}{{by_status}} "
    f"WHERE id > :after AND id <= :until AND {OPEN}"
)
_IN_ORDER = " ORDER BY id LIMIT :most{lock_free}"
TAKE = RowsUpdate(
    "{numbers}",
    {"call_status": "INT", "call_time": "DATETIME", "call_uniqueid": "VARCHAR(20)", "action_id": "VARCHAR(20)"},
    ("id", "INT"),
    where="call_status IN (0, 2, 3)",
)
CALL = RowsInsert(
    "INSERT",
    "uncall_call",
    ["uid", "task_id", "number_id", "number", "trunk", "attempt", "claimed_at", "action_id"],
)
_LOOK = (
    f"SELECT (SELECT id FROM {{numbers}}{{by_status}} WHERE {OPEN}{NOT_POSTPONED} ORDER BY id LIMIT 1), "
    "(SELECT MAX(id) FROM {numbers})"
)


class _Free(NamedTuple):
    """A row that is locked by this transaction and may be claimed."""

    number_id: int
    number: str
    attempt: int
    action_id: str  # the client's own, "" for none


class Claimed(NamedTuple):
    """What a claim took."""

    claims: list[Claim]
    last_open: int | None  # the highest id of the open numbers in it; None: retries only


class Peek(NamedTuple):
    """What is planned for a task's numbers."""

    next_due: datetime | None  # when the first retry is due; None: there is none
    postponed: bool  # whether there are numbers whose first attempt is postponed


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
    postponed: bool,
) -> Claimed:
    """Claim up to len(uids) numbers: retries that are due (when asked for), then open numbers with ids above
    `after` up to `until`, without those that are postponed (`postponed`: there may be some).

    The rows are locked when they are read, those that another claim holds are passed over; so what is
    written then is certain. The claims are in the order of `uids`.
    """
    due, seen = _due(connection, times, task_id, now, len(uids)) if retries else ([], [])
    wanted = len(uids) - len(due)
    fresh = _open(connection, task_id, after, until, wanted, postponed=postponed) if wanted else []
    if seen:  # not before, or a postponed number that is due would be open too
        connection.execute(_DROP_RETRIES, {"task_id": task_id, "ids": seen})
    claims = [
        Claim(task_id, row.number_id, row.number, uid, row.attempt, now, row.action_id or uid)
        for row, uid in zip(due + fresh, uids, strict=False)
    ]
    if not claims:
        return Claimed([], None)
    called_at, claimed_at = times.wall(now), times.utc(now)
    rows = [(Outcome.CALLING.value, called_at, c.uid, c.uid, c.number_id) for c in claims]
    taken = TAKE.run(connection, rows, task_id)
    if taken != len(claims):
        raise RuntimeError(f"claimed {taken} of {len(claims)} locked rows of task {task_id}")
    trunk = trunk[:50]
    CALL.run(
        connection,
        [(c.uid, task_id, c.number_id, c.number[:32], trunk, c.attempt, claimed_at, c.action_id) for c in claims],
    )
    return Claimed(claims, max((row.number_id for row in fresh), default=None))


def peek(connection: Connection, times: Times, task_id: int) -> Peek:
    """Look what is planned."""
    due_at, fewest = connection.execute(_PEEK, {"task_id": task_id}).one()
    return Peek(times.from_utc(due_at), fewest == 0)


def look(connection: Connection, task_id: int) -> Look:
    """Find the first open number of all, without locking anything."""
    row = connection.execute(number_sql(_LOOK, task_id, connection.dialect.name), {"task_id": task_id}).one()
    return Look(row[0], row[1] or 0)


def _open(connection: Connection, task_id: int, after: int, until: int, most: int, *, postponed: bool) -> list[_Free]:
    """Open numbers, never called, in the order of their ids."""
    template = _OPEN_AFTER + (NOT_POSTPONED if postponed else "") + _IN_ORDER
    values = {"after": after, "until": until, "most": most} | ({"task_id": task_id} if postponed else {})
    rows = connection.execute(number_sql(template, task_id, connection.dialect.name), values)
    return [_Free(row[0], words(row[1]), 1, clients_own(row[3], row[2])) for row in rows]


def _due(connection: Connection, times: Times, task_id: int, now: datetime, most: int) -> tuple[list[_Free], list[int]]:
    """Retries whose time has come, and whose number still stands as the last attempt left it; what a third
    party has changed since is honoured. Also the ids of all whose retries are to be dropped now."""
    statement = number_sql(_DUE, task_id, connection.dialect.name)
    due = connection.execute(statement, {"task_id": task_id, "now": times.utc(now), "most": most}).all()
    if not due:
        return [], []
    ids = [row[0] for row in due]
    rows = connection.execute(number_sql(_DUE_NUMBERS, task_id, connection.dialect.name), {"ids": ids})
    standing = {row[0]: row for row in rows}
    free, change = [], Tally()
    for number_id, uid, attempts, action_id in due:
        row = standing.get(number_id)
        if row is None or row[4] not in (0, None):
            continue
        if attempts == 0 and row[2] == Outcome.OPEN:
            free.append(_Free(number_id, words(row[1]), 1, clients_own(row[5], row[3])))
        elif row[2] in _CALLED_BEFORE and row[3] == uid:
            free.append(_Free(number_id, words(row[1]), attempts + 1, clients_own(action_id, uid)))
            change.count(row[2], -1)
    if change:
        counters.add(connection, task_id, change)
    return free, ids


def clients_own(action_id: object, uid: object) -> str:
    """An action id that a client has put there himself; "" for one that an attempt of ours has left."""
    found = words(action_id)
    return "" if found == words(uid) or _CHANNEL_ID.fullmatch(found) else found
