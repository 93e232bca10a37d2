"""MySQL and MariaDB over aiomysql."""

import asyncio
from typing import Any, TypeVar

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from uncall_ari.store.database import LIMIT, LOCK_LIMIT, Database, Work

T = TypeVar("T")

WRITERS = 4  # connections for transactions
READERS = 2  # connections for polls, reports and recounts

_DEADLOCK = 1213
_TRIES = 3

# UTC: `timestamp` columns then mean the same on every server. The sql_mode is ours, because a server with
# NO_BACKSLASH_ESCAPES or ANSI_QUOTES would read quoted values in another way than the driver writes them.
_SESSION = (
    "SET SESSION time_zone='+00:00', sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
    f"innodb_lock_wait_timeout={LOCK_LIMIT}, lock_wait_timeout={LOCK_LIMIT}"
)


class MysqlDatabase(Database):
    """Two pools: transactions under READ COMMITTED (no locks on gaps, so third parties can insert), and reads.

    A connection that went stale in the pool is noticed when it is used and replaced once: cheaper than
    asking the server before each use.
    """

    dialect = "mysql"

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._writers = _engine(url, WRITERS, isolation_level="READ COMMITTED")
        self._readers = _engine(url, READERS, isolation_level="AUTOCOMMIT", pool_reset_on_return=None)

    async def close(self) -> None:
        async with asyncio.timeout(LIMIT):
            await self._writers.dispose()
            await self._readers.dispose()

    async def _read(self, work: Work[T], limit: float) -> T:
        return await _run(self._readers, work, limit)

    async def _write(self, work: Work[T], limit: float) -> T:
        return await _run(self._writers, work, limit)


def _engine(url: URL, size: int, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=LIMIT,
        pool_recycle=600,
        query_cache_size=2000,  # a handful of statements for each number table
        hide_parameters=True,  # no numbers or names in errors
        connect_args={"connect_timeout": LOCK_LIMIT, "init_command": _SESSION},
        **options,
    )


async def _run(engine: AsyncEngine, work: Work[T], limit: float) -> T:
    async with asyncio.timeout(limit):
        for tries_left in reversed(range(_TRIES)):
            done = False
            try:
                async with engine.begin() as connection:
                    result = await connection.run_sync(work)
                    done = True  # what fails now is the commit, and nobody knows whether it was done
                return result
            except DBAPIError as error:
                if done or not tries_left or not _may_go_better(error):
                    raise
    raise AssertionError("not reached")


def _may_go_better(error: DBAPIError) -> bool:
    """Whether the database has surely undone all, and the same work can succeed at once."""
    return error.connection_invalidated or (error.orig is not None and error.orig.args[:1] == (_DEADLOCK,))
