"""Undoing claims that were never dialled: everything stands again as it stood before the claim."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from uncall_ari.store import counters
from uncall_ari.store.counters import Tally
from uncall_ari.store.database import is_missing_table
from uncall_ari.store.records import Claim
from uncall_ari.store.sql import RETRY, number_sql
from uncall_ari.store.times import Times
from uncall_ari.store.values import words

_FORGET_CALL = text("DELETE FROM uncall_call WHERE uid = :uid AND ended_at IS NULL")
_STANDING = "SELECT del FROM {numbers} WHERE id = :id AND call_status = 4 AND call_uniqueid = :uid{lock}"
_OPEN_AGAIN = (
    "UPDATE {numbers} SET call_status = 0, call_uniqueid = NULL, action_id = :action_id, call_time = NULL "
    "WHERE id = :id"
)
_BEFORE = text(
    "SELECT uid, outcome, attempt, claimed_at FROM uncall_call "
    "WHERE task_id = :task_id AND number_id = :number_id AND attempt = :attempt AND outcome IN (2, 3) "
    "ORDER BY claimed_at DESC LIMIT 1"
)
_AS_BEFORE = (
    "UPDATE {numbers} SET call_status = :status, call_uniqueid = :uid, action_id = :uid, call_time = :time "
    "WHERE id = :id"
)


def release(connection: Connection, times: Times, claims: Sequence[Claim]) -> int:
    """Give numbers back that were not dialled. Returns how many rows changed.

    The call's record goes. The number is open again, or, when this was a retry, as its last attempt left it
    with the retry due at once. What was settled meanwhile, or changed by a third party, stays as it is.
    """
    return sum(_give_back(connection, times, claim, None) for claim in sorted(claims, key=_order))


def postpone(connection: Connection, times: Times, claims: Sequence[tuple[Claim, datetime]]) -> int:
    """`release`, with the retry due at those moments. A number that was never called stays open; a retry after no
    attempt keeps it from being claimed before. Returns how many rows changed."""
    ordered = sorted(claims, key=lambda each: _order(each[0]))
    return sum(_give_back(connection, times, claim, due_at) for claim, due_at in ordered)


def _order(claim: Claim) -> tuple[int, int]:
    return claim.task_id, claim.number_id


def _give_back(connection: Connection, times: Times, claim: Claim, due_at: datetime | None) -> bool:
    if not connection.execute(_FORGET_CALL, {"uid": claim.uid}).rowcount:
        return False
    statement = number_sql(_STANDING, claim.task_id, connection.dialect.name)
    try:
        row = connection.execute(statement, {"id": claim.number_id, "uid": claim.uid}).first()
    except DBAPIError as error:
        if is_missing_table(error):  # the task was deleted meanwhile
            return False
        raise
    if row is None:
        return False
    before = _before(connection, claim)
    if before is None:
        clients = claim.action_id if claim.action_id != claim.uid else ""
        values = {"id": claim.number_id, "action_id": clients or None}
        connection.execute(number_sql(_OPEN_AGAIN, claim.task_id), values)
        if due_at:
            RETRY.run(connection, [(claim.task_id, claim.number_id, claim.uid, 0, times.utc(due_at))])
        return True
    _retry_again(connection, times, claim, before, due_at or claim.claimed_at)
    if row[0] in (0, None):
        change = Tally()
        change.count(before[1], 1)
        counters.add(connection, claim.task_id, change)
    return True


def _before(connection: Connection, claim: Claim) -> tuple[Any, ...] | None:
    """uid, outcome, attempt and claimed_at of the attempt before this one, if there was one."""
    if claim.attempt == 1:
        return None
    values = {"task_id": claim.task_id, "number_id": claim.number_id, "attempt": claim.attempt - 1}
    row = connection.execute(_BEFORE, values).first()
    return None if row is None else tuple(row)


def _retry_again(connection: Connection, times: Times, claim: Claim, before: tuple[Any, ...], due_at: datetime) -> None:
    uid, status, attempts, claimed_at = before
    called = times.from_utc(claimed_at) or claim.claimed_at
    row = {"id": claim.number_id, "status": status, "uid": uid, "time": times.wall(called)}
    connection.execute(number_sql(_AS_BEFORE, claim.task_id), row)
    RETRY.run(connection, [(claim.task_id, claim.number_id, words(uid), attempts, times.utc(due_at))])
