"""Numbers that are never to be called."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from uncall_ari.store.sql import RowsInsert
from uncall_ari.store.times import Times

_CHUNK = 500  # numbers in one statement

_ADD = RowsInsert("REPLACE", "uncall_dnc", ["number", "reason", "added_at"])
_REMOVE = text("DELETE FROM uncall_dnc WHERE number IN :numbers").bindparams(bindparam("numbers", expanding=True))
_FIND = text("SELECT number FROM uncall_dnc WHERE number IN :numbers").bindparams(bindparam("numbers", expanding=True))


def add(connection: Connection, times: Times, numbers: Iterable[str], reason: str, now: datetime) -> None:
    """Put numbers on the list; for one that is on it already the new reason counts. Raises ValueError for an
    empty number or one of more than 32 characters."""
    rows = []
    for number in numbers:
        if not 0 < len(number) <= 32:
            raise ValueError(f"cannot be put on the do-not-call list: {number!r}")
        rows.append((number, reason[:255], times.utc(now)))
    _ADD.run(connection, rows)


def remove(connection: Connection, numbers: Sequence[str]) -> int:
    """Take numbers off the list. Returns how many were on it."""
    return sum(connection.execute(_REMOVE, {"numbers": chunk}).rowcount for chunk in chunks(numbers))


def matches(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers are on the list."""
    found: set[str] = set()
    for chunk in chunks(numbers):
        found.update(row[0] for row in connection.execute(_FIND, {"numbers": chunk}))
    return found.intersection(numbers)  # MySQL takes '1 ' for '1' and gives '1'


def chunks(numbers: Sequence[str]) -> Iterable[list[str]]:
    """The numbers in lists that fit into one statement."""
    return (list(numbers[i : i + _CHUNK]) for i in range(0, len(numbers), _CHUNK))
