"""MySQL and MariaDB over aiomysql."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from uncall_ari.errors import StoreUnavailable
from uncall_ari.store.database import LIMIT, LOCK_LIMIT, Database, Work

T = TypeVar("T")

WRITERS = 4  # connections for transactions
READERS = 4  # connections for polls, reports and recounts

_DEADLOCK = 1213
_TRIES = 3

# UTC: `timestamp` columns then mean the same on every server. The sql_mode is ours, because a server with
# NO_BACKSLASH_ESCAPES or ANSI_QUOTES would read quoted values in another way than the driver writes them.
_SESSION = (
    "SET SESSION time_zone='+00:00', sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', "
    f"innodb_lock_wait_timeout={LOCK_LIMIT}, lock_wait_timeout={LOCK_LIMIT}"
)


class MysqlDatabase(Database):
    """Two pools: transactions under READ COMMITTED (no locks on gaps, so third parties can insert), and
    single statements, each committed by itself.

    A connection that went stale in the pool is noticed when it is used and replaced once: cheaper than
    asking the server before each use.
    """

    dialect = "mysql"

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._transactions = _engine(url, WRITERS, isolation_level="READ COMMITTED")
        self._statements = _engine(url, READERS, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)

    async def close(self) -> None:
        async with asyncio.timeout(LIMIT):
            await self._transactions.dispose()
            await self._statements.dispose()

    async def _read(self, work: Work[T], limit: float) -> T:
        def statements() -> T:
            with self._statements.sync_engine.connect() as connection:
                return work(connection)

        async with asyncio.timeout(limit):
            return await _again(statements)

    async def _write(self, work: Work[T], limit: float) -> T:
        def transaction() -> T:
            with self._transactions.sync_engine.connect() as connection:
                return self._commit(connection, work)

        async with asyncio.timeout(limit):
            return await _again(transaction)

    def _commit(self, connection: Connection, work: Work[T]) -> T:
        with connection.begin() as transaction:
            result = work(connection)
            try:
                transaction.commit()
            except DBAPIError as error:  # nobody knows whether it was done: it must not be done again
                raise StoreUnavailable(f"{self.where}: lost in a commit: {error.orig}") from None
        return result


def _engine(url: URL, size: int, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=LIMIT,
        pool_recycle=600,
        pool_reset_on_return=None,  # no work leaves a transaction open: a round trip saved
        query_cache_size=2000,  # a handful of statements for each number table
        hide_parameters=True,  # no numbers or names in errors
        connect_args={"connect_timeout": LOCK_LIMIT, "init_command": _SESSION},
        **options,
    )


async def _again(run: Callable[[], T]) -> T:
    """Run in one greenlet, where SQLAlchemy awaits inside its ordinary calls; once more where the database
    has surely undone all and the same can succeed at once."""
    try:
        for _ in range(_TRIES - 1):
            try:
                return await greenlet_spawn(run)
            except DBAPIError as error:
                if not _may_go_better(error):
                    raise
        return await greenlet_spawn(run)
    except Exception:
        # A cancel that comes while the driver connects can be lost behind the connection's own failure.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from None
        raise


def _may_go_better(error: DBAPIError) -> bool:
    """Whether the database has surely undone all, and the same work can succeed at once."""
    return error.connection_invalidated or (error.orig is not None and error.orig.args[:1] == (_DEADLOCK,))
