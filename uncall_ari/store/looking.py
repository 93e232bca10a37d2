"""Looking at a task's numbers, and changing nothing: what there is to dial, and how one of them stands."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from uncall_ari.store.records import Outcome, Standing, Supply
from uncall_ari.store.sql import NOT_POSTPONED, OPEN_OR_NULL, number_sql
from uncall_ari.store.times import Times
from uncall_ari.store.values import integer, words

MOST = 10_000  # counted at most, so that a look costs the same in a table of a million
_MOST_ROWS = 100  # of one number in one task

# ruff: noqa: S608 - the statements are put together from constants
_FREE = OPEN_OR_NULL + NOT_POSTPONED  # what `numbers.claim` takes for open
_OPEN_BETWEEN = (
    "SELECT COUNT(*) FROM (SELECT 1 FROM {numbers}{by_status} "
    f"WHERE id > :after AND id < :before AND {_FREE} LIMIT :most) AS some"
)
_OPEN = f"SELECT COUNT(*) FROM (SELECT 1 FROM {{numbers}}{{by_status}} WHERE {_FREE} LIMIT :most) AS some"
# What `numbers.claim` takes for a retry: as long as the number stands as the last attempt left it.
_PLANNED = (
    "uncall_retry r JOIN {numbers} n ON n.id = r.number_id AND (n.del = 0 OR n.del IS NULL) "
    "AND (n.call_status IN (2, 3) AND n.call_uniqueid = r.uid OR r.attempts = 0 AND n.call_status = 0) "
    "WHERE r.task_id = :task_id"
)
_DUE = f"SELECT COUNT(*) FROM (SELECT 1 FROM {_PLANNED} AND r.due_at <= :at LIMIT :most) AS some"
_LATER = f"SELECT COUNT(*) FROM (SELECT 1 FROM {_PLANNED} AND r.due_at > :at LIMIT :most) AS some"
_NEXT = f"SELECT r.due_at FROM {_PLANNED} AND r.due_at > :at ORDER BY r.due_at LIMIT 1"
_CALLING = "SELECT COUNT(*) FROM (SELECT 1 FROM {numbers} WHERE call_status = 4 LIMIT :most) AS some"
_FIND = (
    "SELECT n.id, n.mobile, n.call_status, n.call_uniqueid, n.del, r.uid, r.attempts, r.due_at "
    "FROM {numbers} n LEFT JOIN uncall_retry r ON r.task_id = :task_id AND r.number_id = n.id "
    "WHERE n.mobile IN (:given, :plain) ORDER BY n.id LIMIT :most"
)
_IN_CALL = text("SELECT 1 FROM uncall_call WHERE uid = :uid AND ended_at IS NULL")
_LAST = text(
    "SELECT cause, ended_at FROM uncall_call WHERE task_id = :task_id AND number_id = :number_id "
    "AND ended_at IS NOT NULL ORDER BY claimed_at DESC LIMIT 1"
)


class _Row(NamedTuple):
    """A number's row, with the attempt that is planned for it."""

    number_id: int
    number: str
    status: int
    uid: str
    deleted: bool
    due_at: datetime | None

    @property
    def rank(self) -> tuple[int, int]:
        """Of the rows of one number, the one that is in a call goes first, then the one that is dialled next."""
        planned = self.status == Outcome.OPEN or self.due_at is not None
        return (0 if self.status == Outcome.CALLING else 1 if planned and not self.deleted else 2), self.number_id


def supply(connection: Connection, times: Times, task_id: int, now: datetime) -> Supply:
    """Count what the task has to dial at `now`."""
    values, dialect = {"task_id": task_id, "at": times.utc(now), "most": MOST}, connection.dialect.name

    def ask(template: str) -> object:
        return connection.execute(number_sql(template, task_id, dialect), values).scalar()

    next_due = times.from_utc(ask(_NEXT))
    return Supply(integer(ask(_OPEN)), integer(ask(_DUE)), integer(ask(_LATER)), next_due, integer(ask(_CALLING)))


def standing(
    connection: Connection, times: Times, task_id: int, given: str, plain: str, now: datetime, after: int
) -> Standing | None:
    """How a number stands, written as `given` or as `plain`; None when the task does not have it. Of several rows, the
    one that is in a call or dialled next. Open numbers are claimed from the id `after` on (see `scan`)."""
    values = {"task_id": task_id, "given": given, "plain": plain, "most": _MOST_ROWS}
    found = connection.execute(number_sql(_FIND, task_id), values).all()
    if not found:
        return None
    row = min((_row(times, each) for each in found), key=lambda each: each.rank)
    in_call = row.status == Outcome.CALLING and connection.execute(_IN_CALL, {"uid": row.uid}).first() is not None
    last = connection.execute(_LAST, {"task_id": task_id, "number_id": row.number_id}).first()
    return Standing(
        row.number_id,
        row.number,
        row.status,
        row.deleted,
        in_call,
        row.due_at,
        _before(connection, times, task_id, row, now, after),
        words(last[0]) if last else "",
        times.from_utc(last[1]) if last else None,
    )


def _row(times: Times, row: tuple[object, ...]) -> _Row:
    number_id, mobile, status, uid, deleted, retry_uid, attempts, due_at = row
    stands = integer(status)
    if attempts == 0:
        planned = stands == Outcome.OPEN
    else:
        planned = stands in (Outcome.CALL_BACK, Outcome.FAILED) and uid == retry_uid
    due = times.from_utc(due_at) if planned else None
    return _Row(integer(number_id), words(mobile), stands, words(uid), deleted not in (0, None), due)


def _before(connection: Connection, times: Times, task_id: int, row: _Row, now: datetime, after: int) -> int:
    """How many numbers are claimed before this one: attempts that are due go first, then open numbers by their ids,
    from `after` on, and last those that were opened again further up."""
    if row.deleted or (row.due_at is None and row.status != Outcome.OPEN) or (row.due_at and row.due_at > now):
        return 0

    def count(template: str, **values: object) -> int:
        statement = number_sql(template, task_id, connection.dialect.name)
        return integer(connection.execute(statement, {"task_id": task_id, "most": MOST, **values}).scalar())

    if row.due_at is not None:
        due = count(_DUE, at=times.utc(row.due_at))
        return due if due == MOST else max(0, due - 1)  # without itself
    due = count(_DUE, at=times.utc(now))
    if row.number_id > after:
        return min(MOST, due + count(_OPEN_BETWEEN, after=after, before=row.number_id))
    further = count(_OPEN_BETWEEN, after=after, before=2**31) + count(_OPEN_BETWEEN, after=0, before=row.number_id)
    return min(MOST, due + further)
