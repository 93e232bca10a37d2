"""A database that runs pieces of work in transactions, with a time limit, and says StoreUnavailable when it cannot.

A piece of work is a plain function of a SQLAlchemy `Connection`: the same code on SQLite and on MySQL.
SQLite runs it in a thread, a whole transaction at a time: one hop instead of four for each statement,
a third of the CPU. MySQL runs it in a greenlet, where SQLAlchemy awaits aiomysql inside its ordinary calls.
Work may run twice (after a stale connection or a deadlock), so it changes nothing but the database.
"""

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from uncall_ari.errors import StoreUnavailable
from uncall_ari.metrics.meters import QUICK, Counter, Histograms
from uncall_ari.store.url import spoken

T = TypeVar("T")
Work = Callable[[Connection], T]

LIMIT = 5.0  # seconds for a piece of work, the wait for a connection included
LONG_LIMIT = 60.0  # for what may have to look at a million rows, after the database has shown that it answers
LOCK_LIMIT = 3  # seconds that the database itself waits for somebody else's lock: below LIMIT

DENIED = {1044, 1142, 1227}  # MySQL: no right to a database, to a table, to such a statement

_NO_SUCH_TABLE = 1146  # MySQL's ER_NO_SUCH_TABLE


class MissingTable(Exception):
    """A table is not there. The store repairs that where it is a number table."""


class Database(ABC):
    """Reads see one statement at a time; a write is one transaction, committed when `write` returns."""

    dialect: ClassVar[str]

    def __init__(self, url: URL) -> None:
        self.where = spoken(url)
        self.seconds = Histograms(QUICK)  # read or write: of pieces of work, the wait for a connection included
        self.failures = Counter()  # read or write: pieces of work that could not be done

    async def read(self, work: Work[T], *, limit: float = LIMIT) -> T:
        """Run work that only reads; each statement sees its own snapshot.

        Raises StoreUnavailable when the database does not answer within 5 s, or cannot do it within `limit`.
        """
        await self._answers_before(limit)
        return await self._measured("read", self._read, work, limit)

    async def write(self, work: Work[T], *, limit: float = LIMIT) -> T:
        """Run work in a transaction and commit it.

        Raises StoreUnavailable when the database does not answer within 5 s, or cannot do it within `limit`:
        then nothing was written, or (the connection went away in the commit) all of it.
        """
        await self._answers_before(limit)
        return await self._measured("write", self._write, work, limit)

    async def _answers_before(self, limit: float) -> None:
        """Before long work: ask something short, so that nobody waits long for a server that hangs."""
        if limit > LIMIT:
            await self._translated(self._read, _ping, LIMIT)

    @abstractmethod
    async def close(self) -> None:
        """Give all connections back. Work that is under way is waited for or dropped."""

    @abstractmethod
    async def _read(self, work: Work[T], limit: float) -> T: ...

    @abstractmethod
    async def _write(self, work: Work[T], limit: float) -> T: ...

    async def ping(self) -> None:
        """Ask something short. Raises StoreUnavailable."""
        await self._translated(self._read, _ping, LIMIT)

    async def _measured(
        self, kind: str, run: Callable[[Work[T], float], Awaitable[T]], work: Work[T], limit: float
    ) -> T:
        began = time.perf_counter()
        try:
            return await self._translated(run, work, limit)
        except StoreUnavailable:
            self.failures.add(kind)
            raise
        finally:
            self.seconds.take(time.perf_counter() - began, kind)

    async def _translated(self, run: Callable[[Work[T], float], Awaitable[T]], work: Work[T], limit: float) -> T:
        try:
            return await run(work, limit)
        except (IntegrityError, DataError) as error:
            raise ValueError(f"the database refuses a value: {error.orig}") from None
        except DBAPIError as error:
            if is_missing_table(error):
                raise MissingTable(str(error.orig)) from None
            raise StoreUnavailable(f"{self.where}: {error.orig}") from None
        except TimeoutError:
            raise StoreUnavailable(f"{self.where}: no answer within {limit:g} s") from None
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"{self.where}: {error}") from None


def _ping(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")


def is_missing_table(error: DBAPIError) -> bool:
    """Whether the statement failed because a table is not there."""
    code = error_code(error)
    return code == _NO_SUCH_TABLE or str(code).startswith("no such table")


def error_code(error: DBAPIError) -> object:
    """MySQL's number of the error, SQLite's text; None when there is neither."""
    arguments = error.orig.args if error.orig is not None else ()
    return arguments[0] if arguments else None
