"""Telephone numbers that are left in peace for a while: who was called and met nobody is not called again soon."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

from uncall_ari.store.dnc import chunks
from uncall_ari.store.times import Times
from uncall_ari.store.values import words

# An upsert in each one's own words. A later moment is never made an earlier one.
_HEAD = "INSERT INTO uncall_rest (number, until_at, reason) VALUES (:number, :until, :reason) "
_EXTEND = " until_at = CASE WHEN until_at < :until THEN :until ELSE until_at END"
_ADD = {
    "sqlite": text(f"{_HEAD}ON CONFLICT (number) DO UPDATE SET{_EXTEND}"),
    "mysql": text(f"{_HEAD}ON DUPLICATE KEY UPDATE{_EXTEND}"),
}
_FIND = text("SELECT number, until_at FROM uncall_rest WHERE number IN :numbers AND until_at > :now").bindparams(
    bindparam("numbers", expanding=True)
)
_PRUNE = text("DELETE FROM uncall_rest WHERE until_at <= :now")


class Rest(NamedTuple):
    """A number, as it is stored in `mobile`, until when it rests, and why."""

    number: str
    until: datetime
    reason: str


def add(connection: Connection, times: Times, wanted: Iterable[Rest]) -> None:
    """Let numbers rest; one that rests already does so until the later moment."""
    for rest in sorted(wanted):  # the same order everywhere: two settlers never wait for each other
        values = {"number": rest.number[:32], "until": times.utc(rest.until), "reason": rest.reason[:32]}
        connection.execute(_ADD[connection.dialect.name], values)


def resting(connection: Connection, times: Times, numbers: Sequence[str], now: datetime) -> dict[str, datetime]:
    """Which of these numbers rest at `now`, and until when."""
    wanted, found = set(numbers), {}
    for chunk in chunks(numbers):
        for number, until_at in connection.execute(_FIND, {"numbers": chunk, "now": times.utc(now)}):
            until = times.from_utc(until_at)
            if until is not None and words(number) in wanted:  # MySQL takes '1 ' for '1' and gives '1'
                found[words(number)] = until
    return found


def prune(connection: Connection, times: Times, now: datetime) -> int:
    """Forget rests that are over. Returns how many."""
    return connection.execute(_PRUNE, {"now": times.utc(now)}).rowcount
