"""What was dialled, answered and abandoned, counted by the database: for the rule on abandoned calls, and for
pacing, which keeps it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from uncall_ari.store.days import ONE_DAY, Span
from uncall_ari.store.records import ComplianceDay, PastAttempt
from uncall_ari.store.times import Times
from uncall_ari.store.values import integer, seconds, words

DAYS = 30  # the rule's: 3 % of the live answers of 30 days (47 CFR 64.1200(a)(7))

# ruff: noqa: S608 - the statements are put together from constants
# Numbers that were not sent out are no calls; a trunk that is down tells no code.
_DIALLED = "outcome NOT IN (0, 5) AND NOT (cause = 'trunk-down' AND q850 = 0 AND sip = 0)"
_MACHINE = "(amd = 'MACHINE' OR cause = 'machine')"
_LIVE = f"(abandoned <> 0 OR (queue <> '' AND answered_at IS NOT NULL AND NOT {_MACHINE}))"
_DAY = {
    "sqlite": "date(claimed_at, :offset || ' seconds')",
    "mysql": "DATE(claimed_at + INTERVAL :offset SECOND)",
}
# Who was dialled in the span ended after its begin, and there is an index on the end: for all tasks.
_OF = {True: "task_id = :task_id AND ended_at IS NOT NULL", False: "ended_at >= :begin"}
_COUNT = (
    "SELECT task_id, {day} AS local_day, COUNT(*), SUM(answered_at IS NOT NULL), "
    f"SUM(answered_at IS NOT NULL AND {_MACHINE}), SUM({_LIVE}), SUM(abandoned <> 0) FROM uncall_call "
    f"WHERE {{of}} AND claimed_at >= :begin AND claimed_at < :end AND {_DIALLED} GROUP BY task_id, local_day"
)
_RECENT = text(
    "SELECT claimed_at, answered_at, ended_at, cause, waited_ms, talk_ms, amd FROM uncall_call "
    f"WHERE task_id = :task_id AND ended_at IS NOT NULL AND {_DIALLED} ORDER BY claimed_at DESC LIMIT :most"
)


class Counts(NamedTuple):
    """A task's calls of one day."""

    dialled: int
    answered: int
    machines: int
    live: int
    abandoned: int


Days = Mapping[tuple[int, date], Counts]


def count(connection: Connection, times: Times, span: Span, task_id: int | None) -> dict[tuple[int, date], Counts]:
    """The calls of a span, by (task, local day), of one task or of all."""
    dialect = connection.dialect.name
    statement = text(_COUNT.format(day=_DAY[dialect], of=_OF[task_id is not None]))
    values: dict[str, Any] = {"begin": times.utc(span.begin), "end": times.utc(span.end), "offset": span.offset}
    if task_id is not None:
        values["task_id"] = task_id
    found: dict[tuple[int, date], Counts] = {}
    for task, day, *numbers in connection.execute(statement, values):
        key = task, min(span.last, date.fromisoformat(words(day)))
        more = Counts(*map(integer, numbers))
        found[key] = Counts(*map(sum, zip(found[key], more, strict=True))) if key in found else more
    return found


def with_sums(days: Days, since: date) -> list[ComplianceDay]:
    """The days from `since` on, each with the sums of the 30 days that end with it, by task and day. `days` must
    begin 29 days before."""
    rows = []
    for (task_id, day), counts in sorted(days.items()):
        if day >= since:
            window = [days.get((task_id, day - i * ONE_DAY)) for i in range(DAYS)]
            live = sum(each.live for each in window if each)
            abandoned = sum(each.abandoned for each in window if each)
            rows.append(ComplianceDay(task_id, day, *counts, live, abandoned))
    return rows


def first_needed(since: date) -> date:
    """The first of the 30 days that end with this one."""
    return since - timedelta(days=DAYS - 1)


def recent(connection: Connection, times: Times, task_id: int, most: int) -> list[PastAttempt]:
    """The last attempts of a task that are over, the newest last."""
    rows = connection.execute(_RECENT, {"task_id": task_id, "most": most}).all()
    found = []
    for row in reversed(rows):
        claimed_at, ended_at = times.from_utc(row[0]), times.from_utc(row[2])
        assert claimed_at is not None
        assert ended_at is not None
        answered_at = times.from_utc(row[1])
        found.append(PastAttempt(claimed_at, answered_at, ended_at, row[3], seconds(row[4]), seconds(row[5]), row[6]))
    return found
