"""`cdr_task`: the calls of campaigns, for programs that look for them in the database of calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError

from uncall_ari.store.database import error_code, is_missing_table
from uncall_ari.store.records import Outcome, Settlement
from uncall_ari.store.sql import RowsInsert
from uncall_ari.store.tables import number_table_name
from uncall_ari.store.talk_rows import ANSWERED, caller_id, cut
from uncall_ari.store.talk_tables import qualified
from uncall_ari.store.times import Times
from uncall_ari.store.values import words

log = structlog.get_logger(__name__)

_COLUMNS = [
    "calldate",
    "clid",
    "src",
    "dst",
    "dcontext",
    "duration",
    "billsec",
    "disposition",
    "uniqueid",
    "task_run_tables",
    "outbound",
]
_BEGUN = text(
    "SELECT c.uid, c.attempt, c.number, c.claimed_at, c.answered_at, c.ended_at, t.task_callerid, t.context "
    "FROM uncall_call c LEFT JOIN o_uncall_task t ON t.id = c.task_id WHERE c.uid IN :uids"
).bindparams(bindparam("uids", expanding=True))
_DISPOSITIONS = {"busy": "BUSY", "rejected": "BUSY", "no-answer": "NO ANSWER", "cancelled": "NO ANSWER"}
# MySQL: no such database, no right to it, no such column, no right to the table. Only the statement is undone then.
_WILL_NOT_DO = {1044, 1049, 1054, 1142}


class Begun(NamedTuple):
    """What an attempt's record tells before it is settled."""

    attempt: int
    number: str
    claimed_at: datetime | None
    answered: bool
    ended: bool  # settled already
    caller: str
    context: str


def begun(connection: Connection, times: Times, uids: Sequence[str]) -> dict[str, Begun]:
    """The records of these attempts, by their uids."""
    return {row[0]: _begun(times, row) for row in connection.execute(_BEGUN, {"uids": list(uids)})}


def write(
    connection: Connection,
    times: Times,
    settlements: Sequence[Settlement],
    attempts: Mapping[str, Begun],
    database: str,
) -> None:
    """Write the rows of those attempts that were dialled and are settled now for the first time.

    A table that somebody has dropped or changed does not keep campaigns from going on: it is told in the log.
    """
    rows = []
    for s in settlements:
        attempt = attempts.get(s.uid)
        if attempt is not None and not attempt.ended and _dialled(s):
            rows.append(_row(times, s, attempt))
    try:
        _insert(database, connection.dialect.name).run(connection, rows)
    except DBAPIError as error:
        if error_code(error) not in _WILL_NOT_DO and not is_missing_table(error):
            raise
        log.error("calls of a campaign are not written to cdr_task", calls=len(rows), reason=str(error.orig))


def _begun(times: Times, row: Any) -> Begun:
    caller = words(row[6])
    return Begun(
        attempt=row[1],
        number=words(row[2]),
        claimed_at=times.from_utc(row[3]),
        answered=row[4] is not None,
        ended=row[5] is not None,
        caller="" if caller == "0" else caller,
        context=words(row[7]),
    )


def _dialled(s: Settlement) -> bool:
    """Whether it was sent out. A trunk that is down tells no code; one that refuses us does."""
    if s.cause == "trunk-down" and not (s.q850 or s.sip):
        return False
    return s.outcome not in (Outcome.IGNORED, Outcome.OPEN)


def _row(times: Times, s: Settlement, attempt: Begun) -> tuple[object, ...]:
    began = attempt.claimed_at or s.ended_at
    answered = attempt.answered or s.answered_at is not None
    return (
        times.wall(began),
        caller_id(attempt.caller),
        cut(attempt.caller, 80),
        cut(attempt.number, 80),
        cut(attempt.context, 80),
        max(0, round((s.ended_at - began).total_seconds())),
        s.billsec,
        ANSWERED if answered else _DISPOSITIONS.get(s.cause, "FAILED"),
        s.uid,
        number_table_name(s.task_id),
        1,
    )


@lru_cache(maxsize=16)
def _insert(database: str, dialect: str) -> RowsInsert:
    verb = "INSERT IGNORE" if dialect == "mysql" else "INSERT OR IGNORE"
    return RowsInsert(verb, qualified(database, "cdr_task"), _COLUMNS)
