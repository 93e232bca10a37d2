"""Reading what was called: for recovery after a crash, and for reports."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from uncall_ari.store.records import CallRecord, Claim, OpenCall, Outcome, Stranded
from uncall_ari.store.sql import NO_TASK, number_sql
from uncall_ari.store.times import Times
from uncall_ari.store.values import integer, seconds, words

Row = tuple[Any, ...]  # of `uncall_call`, all columns

_COLUMNS = (
    "uid, task_id, number_id, number, trunk, attempt, claimed_at, answered_at, ended_at, outcome, cause, q850, "
    "sip, billsec, extension, digits, amd, queue, waited_ms, abandoned, talk_ms, action_id"
)
# ruff: noqa: S608 - the statements are put together from constants
_ONE = text(f"SELECT {_COLUMNS} FROM uncall_call WHERE uid = :uid")
# Locked: were the commit of a claim still under way, this waits for it instead of missing it.
_UNSETTLED = f"SELECT {_COLUMNS} FROM uncall_call WHERE ended_at IS NULL ORDER BY claimed_at, uid{{lock}}"
_OF_NUMBER = text(
    f"SELECT {_COLUMNS} FROM uncall_call WHERE task_id = :task_id AND number_id = :number_id "
    "ORDER BY claimed_at, uid LIMIT :most"
)
_ENDED = text(
    f"SELECT {_COLUMNS} FROM uncall_call WHERE ended_at >= :since AND ended_at < :until "
    "ORDER BY ended_at, uid LIMIT :most"
)
_OF_TASK = text(
    f"SELECT {_COLUMNS} FROM uncall_call WHERE task_id = :task_id AND ended_at >= :since AND ended_at < :until "
    "ORDER BY ended_at, uid LIMIT :most"
)
# One statement, one snapshot: a number that is claimed or settled at this moment is never taken for stranded.
_STRANDED = (
    "SELECT n.id, n.mobile, n.call_uniqueid, n.call_time FROM {numbers} n "
    "LEFT JOIN uncall_call c ON c.uid = n.call_uniqueid AND c.ended_at IS NULL "
    "WHERE n.call_status = 4 AND c.uid IS NULL ORDER BY n.id"
)


def one(connection: Connection, uid: str) -> list[Row]:
    """The row of this attempt, if there is one. For `record_from`."""
    return _rows(connection.execute(_ONE, {"uid": uid}))


def of_number(connection: Connection, task_id: int, number_id: int, most: int) -> list[Row]:
    """The attempts at one number, the first first."""
    values = {"task_id": task_id, "number_id": number_id, "most": most}
    return _rows(connection.execute(_OF_NUMBER, values))


def ended(
    connection: Connection, times: Times, task_id: int | None, since: datetime, until: datetime, most: int
) -> list[Row]:
    """The attempts of a task, or of all, that ended in [since, until), in that order."""
    values = {"since": times.utc(since), "until": times.utc(until), "most": most}
    if task_id is None:
        return _rows(connection.execute(_ENDED, values))
    return _rows(connection.execute(_OF_TASK, values | {"task_id": task_id}))


def unsettled(connection: Connection) -> list[Row]:
    """The attempts without an end, the oldest first; in a transaction. For `open_call_from`."""
    return _rows(connection.execute(number_sql(_UNSETTLED, NO_TASK, connection.dialect.name)))


def stranded(connection: Connection, times: Times, task_id: int) -> list[Stranded]:
    """Numbers in status 4 that no open call stands behind."""
    return [
        Stranded(task_id, row[0], words(row[1]), words(row[2]), times.from_wall(row[3]))
        for row in connection.execute(number_sql(_STRANDED, task_id))
    ]


def open_call_from(times: Times, row: Row) -> OpenCall:
    """What recovery needs to know of an attempt without an end."""
    record = record_from(times, row)
    claim = Claim(
        record.task_id,
        record.number_id,
        record.number,
        record.uid,
        record.attempt,
        record.claimed_at,
        record.action_id or record.uid,
    )
    return OpenCall(claim, record.trunk, record.answered_at)


def record_from(times: Times, row: Row) -> CallRecord:
    """A whole row of `uncall_call`."""
    claimed_at = times.from_utc(row[6])
    assert claimed_at is not None
    return CallRecord(
        uid=row[0],
        task_id=row[1],
        number_id=row[2],
        number=row[3],
        trunk=row[4],
        attempt=row[5],
        claimed_at=claimed_at,
        answered_at=times.from_utc(row[7]),
        ended_at=times.from_utc(row[8]),
        outcome=None if row[9] is None else Outcome(row[9]),
        cause=row[10],
        q850=integer(row[11]),
        sip=integer(row[12]),
        billsec=integer(row[13]),
        extension=row[14],
        keys=row[15],
        amd=row[16],
        queue=row[17],
        waited=seconds(row[18]),
        abandoned=bool(integer(row[19])),
        talked=seconds(row[20]),
        action_id=row[21],
    )


def _rows(found: Iterable[Iterable[Any]]) -> list[Row]:
    return [tuple(row) for row in found]
