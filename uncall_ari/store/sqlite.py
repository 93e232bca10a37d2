"""SQLite: one thread that writes, two that read, each with SQLAlchemy's ordinary (not async) engine."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from uncall_ari.errors import ConfigError
from uncall_ari.store.database import LIMIT, LOCK_LIMIT, Database, Work

T = TypeVar("T")

_OLDEST = (3, 38)  # JSON is part of the library


class SqliteDatabase(Database):
    """A file in WAL mode with full synchronisation: a commit survives a power cut, readers never block
    the writer, and other programs may read and write at the same time."""

    dialect = "sqlite"

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        if sqlite3.sqlite_version_info < _OLDEST:
            raise ConfigError(
                "settings", "database.url", f"SQLite {sqlite3.sqlite_version} is too old", "use 3.38 or newer"
            )
        self._writer = _Lane(url, threads=1)
        event.listen(self._writer.engine, "begin", _begin)
        self._reader = _Lane(url, threads=2, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()

    async def _read(self, work: Work[T], limit: float) -> T:
        return await self._reader.run(work, limit)

    async def _write(self, work: Work[T], limit: float) -> T:
        return await self._writer.run(work, limit)


class _Lane:
    """An engine and the threads that use it."""

    def __init__(self, url: URL, threads: int, **options: Any) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=threads,
            max_overflow=0,
            query_cache_size=2000,  # a handful of statements for each number table
            hide_parameters=True,  # no numbers or names in errors
            connect_args={"timeout": LOCK_LIMIT, "check_same_thread": False},
            **options,
        )
        event.listen(self.engine, "connect", _set_up)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="uncall-store")

    async def run(self, work: Work[T], limit: float) -> T:
        running: list[sqlite3.Connection] = []

        def transaction() -> T:
            with self.engine.begin() as connection:
                running.append(_driver(connection))
                try:
                    return work(connection)
                finally:
                    running.clear()

        try:
            async with asyncio.timeout(limit):
                return await asyncio.get_running_loop().run_in_executor(self._threads, transaction)
        except TimeoutError:
            for driver in running:  # the thread must be free again for the next one
                driver.interrupt()
            raise

    async def close(self) -> None:
        async with asyncio.timeout(LIMIT):
            await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        self.engine.dispose()


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _set_up(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin` does
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later could be refused."""
    _driver(connection).execute("BEGIN IMMEDIATE")
