"""Writing what became of the claims: answered, settled."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from uncall_ari.store import counters, rests, task_log
from uncall_ari.store.counters import Tally
from uncall_ari.store.database import is_missing_table
from uncall_ari.store.records import Outcome, Settlement
from uncall_ari.store.rests import Rest
from uncall_ari.store.sql import RETRY, RowsUpdate, number_sql
from uncall_ari.store.task_log import Begun
from uncall_ari.store.times import Times
from uncall_ari.store.values import extension_number, milliseconds, words

_ANSWERED = RowsUpdate(
    "uncall_call", {"answered_at": "DATETIME(3)"}, ("uid", "VARCHAR(20)"), where="answered_at IS NULL"
)
_STANDING = "SELECT id, call_status, call_uniqueid, del FROM {numbers} WHERE id IN :ids{lock}"
_NUMBERS = RowsUpdate(
    "{numbers}",
    {"call_status": "INT", "call_billsec": "INT", "extension": "INT"},
    ("id", "INT"),
    keep={"extension"},
    where="call_status = 4",
)
_CALLS = RowsUpdate(
    "uncall_call",
    {
        "ended_at": "DATETIME(3)",
        "answered_at": "DATETIME(3)",
        "outcome": "INT",
        "cause": "VARCHAR(32)",
        "q850": "INT",
        "sip": "INT",
        "billsec": "INT",
        "extension": "VARCHAR(32)",
        "digits": "VARCHAR(64)",
        "amd": "VARCHAR(32)",
        "queue": "VARCHAR(50)",
        "waited_ms": "INT",
        "abandoned": "INT",
        "talk_ms": "INT",
    },
    ("uid", "VARCHAR(20)"),
    keep={"answered_at"},
    where="ended_at IS NULL",
)


def answered(connection: Connection, times: Times, marks: Sequence[tuple[str, datetime]]) -> None:
    """Note when calls were answered; the first note stays."""
    _ANSWERED.run(connection, [(times.utc(when), uid) for uid, when in marks])


def settle(connection: Connection, times: Times, settlements: Sequence[Settlement], calls_database: str = "") -> None:
    """Write how attempts ended: the number, the call, the counters, the retry, the rest and `cdr_task`, all or
    nothing.

    A number that no longer stands as its claim left it was changed by a third party: that is honoured, and
    only the call's record is written. A settlement that was written before changes nothing.
    """
    by_task: dict[int, dict[str, Settlement]] = defaultdict(dict)
    for s in settlements:
        if s.outcome is Outcome.CALLING:
            raise ValueError(f"CALLING is no outcome: {s.uid}")
        by_task[s.task_id].setdefault(s.uid, s)
    for task_id in sorted(by_task):  # the same order everywhere: two settlers never wait for each other
        _settle_task(connection, times, task_id, list(by_task[task_id].values()), calls_database)


def _settle_task(
    connection: Connection, times: Times, task_id: int, settlements: list[Settlement], calls_database: str
) -> None:
    ours = _still_ours(connection, task_id, settlements)
    changed = [s for s in settlements if s.uid in ours]
    rows = [(s.outcome.value, s.billsec, extension_number(s.extension), s.number_id) for s in changed]
    _NUMBERS.run(connection, rows, task_id)
    attempts = task_log.begun(connection, times, [s.uid for s in settlements])
    _set_retries(connection, times, changed, attempts)
    rests.add(connection, times, _rests(settlements, attempts))
    task_log.write(connection, times, settlements, attempts, calls_database)
    _CALLS.run(connection, [_call_row(times, s) for s in settlements])
    change = Tally()
    for s in changed:
        if not ours[s.uid]:
            change.count(s.outcome, 1)
    if change:
        counters.add(connection, task_id, change)


def _still_ours(connection: Connection, task_id: int, settlements: list[Settlement]) -> dict[str, bool]:
    """The uids whose numbers stand as their claims left them, now locked; with whether the row is marked as
    deleted, and so not counted. Empty when the task's table is gone."""
    statement = number_sql(_STANDING, task_id, connection.dialect.name)
    try:
        rows = connection.execute(statement, {"ids": sorted({s.number_id for s in settlements})}).all()
    except DBAPIError as error:
        if is_missing_table(error):
            return {}
        raise
    standing = {row[0]: row for row in rows if row[1] == Outcome.CALLING}
    ours = {}
    for s in settlements:
        row = standing.get(s.number_id)
        if row is not None and words(row[2]) == s.uid:
            ours[s.uid] = row[3] not in (0, None)
    return ours


def _set_retries(
    connection: Connection, times: Times, settlements: list[Settlement], attempts: dict[str, Begun]
) -> None:
    rows = [
        (s.task_id, s.number_id, s.uid, attempts[s.uid].attempt if s.uid in attempts else 1, times.utc(s.retry_at))
        for s in settlements
        if s.retry_at
    ]
    RETRY.run(connection, rows)


def _rests(settlements: list[Settlement], attempts: dict[str, Begun]) -> list[Rest]:
    """Who was called needs his rest, whatever a third party has done with the row meanwhile."""
    return [
        Rest(s.dialled or attempts[s.uid].number, s.rest_until, s.cause)
        for s in settlements
        if s.rest_until and s.uid in attempts and not attempts[s.uid].ended
    ]


def _call_row(times: Times, s: Settlement) -> tuple[object, ...]:
    return (
        times.utc(s.ended_at),
        times.utc(s.answered_at) if s.answered_at else None,
        s.outcome.value,
        s.cause[:32],
        s.q850,
        s.sip,
        s.billsec,
        s.extension[:32],
        s.keys[:64],
        s.amd[:32],
        s.queue[:50],
        milliseconds(s.waited),
        int(s.abandoned),
        milliseconds(s.talked),
        s.uid,
    )
