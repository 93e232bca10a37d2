"""The store: the engine's door to the database."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from uncall_ari.errors import StoreUnavailable
from uncall_ari.store import migrating, schema
from uncall_ari.store.call_store import CallStore
from uncall_ari.store.database import LONG_LIMIT, Database
from uncall_ari.store.migrating import UPGRADE_LIMIT, Chain
from uncall_ari.store.mysql import MysqlDatabase
from uncall_ari.store.number_store import NumberStore
from uncall_ari.store.report_store import ReportStore
from uncall_ari.store.sqlite import SqliteDatabase
from uncall_ari.store.talk_store import TalkStore
from uncall_ari.store.talk_tables import check_name, prepare_talks
from uncall_ari.store.task_store import TaskStore
from uncall_ari.store.times import Times
from uncall_ari.store.url import parse_url, spoken

log = structlog.get_logger(__name__)


class Store(TaskStore, NumberStore, CallStore, ReportStore, TalkStore):
    """Tasks, numbers and calls in SQLite or MySQL/MariaDB.

    Every method raises StoreUnavailable when the database is not reached, within 5 s. (Those that may have
    to look at a million rows give it 60 s once it has answered.) The store goes on by itself when the
    database is back.
    """

    @classmethod
    async def open(cls, url: str, *, timezone: ZoneInfo, calls_database: str = "") -> Self:
        """Connect, create the tables that are missing, bring ours up to date, check the others.

        `url` is sqlite:///PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE; `timezone` that of the local
        times in the contract's tables; `calls_database` names the database on the same MySQL server that CRMs read
        `pop` and `cdr` in, "" for the one of the address, and is ignored on SQLite. Raises ConfigError for an address
        or tables that will not do, StoreUnavailable.
        """
        store = cls._connected(parse_url(url), timezone, calls_database)
        try:
            await store._database.read(schema.check_server)
            await store._upgrade(migrating.TASKS)
            await store._database.write(schema.prepare, limit=LONG_LIMIT)
            await store._database.write(lambda c: prepare_talks(c, store.calls_database), limit=LONG_LIMIT)
            await store._upgrade(migrating.CALLS, store.calls_database)
            await store.ensure_number_tables()
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    async def open_to_read(cls, url: str, *, timezone: ZoneInfo, calls_database: str = "") -> Self:
        """Connect for reports, beside an engine or without one: makes and changes nothing.

        Raises ConfigError for an address or tables that will not do, StoreUnavailable.
        """
        store = await cls._opened_to_look(url, timezone, calls_database)
        try:
            await store._database.read(schema.check_to_read)
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    async def upgrade_statements(cls, url: str, *, timezone: ZoneInfo, calls_database: str = "") -> list[str]:
        """The statements that would bring our tables up to date, in their order; none: they are. Changes nothing.

        Raises ConfigError for an address or tables that will not do, StoreUnavailable.
        """
        async with await cls._opened_to_look(url, timezone, calls_database) as store:
            calls = store.calls_database
            check_name(calls)
            found = await store._database.read(lambda c: migrating.statements(c, migrating.TASKS))
            return found + await store._database.read(lambda c: migrating.statements(c, migrating.CALLS, calls))

    @classmethod
    async def _opened_to_look(cls, url: str, timezone: ZoneInfo, calls_database: str) -> Self:
        parsed = parse_url(url)
        sqlite = parsed.get_backend_name() == "sqlite"
        if sqlite and not await asyncio.to_thread(Path(parsed.database or "").is_file):
            raise StoreUnavailable(f"{spoken(parsed)}: there is no such file")  # connecting would make one
        return cls._connected(parsed, timezone, calls_database)

    @classmethod
    def _connected(cls, url: URL, timezone: ZoneInfo, calls_database: str) -> Self:
        sqlite = url.get_backend_name() == "sqlite"
        database: Database = SqliteDatabase(url) if sqlite else MysqlDatabase(url)
        store = cls(database, Times(timezone, stamps_are_utc=not sqlite))
        store.calls_database = "" if sqlite else calls_database
        return store

    async def _upgrade(self, chain: Chain, database: str = "") -> None:
        if await self._database.read(lambda c: migrating.is_behind(c, chain, database)):
            await self._database.write(lambda c: migrating.upgrade(c, chain, database), limit=UPGRADE_LIMIT)

    async def close(self) -> None:
        """Give all connections back. Nothing may be called afterwards."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self, node: str = "") -> int:
        """Note the start of an engine. Returns a number that no other start on this database has or will get;
        `node` is the host's name by default."""
        values = {"at": self._times.utc(datetime.now(UTC)), "node": (node or socket.gethostname())[:64]}

        def work(connection: Connection) -> int:
            statement = text("INSERT INTO uncall_start (started_at, node) VALUES (:at, :node)")
            return int(connection.execute(statement, values).lastrowid)

        return await self._write(work)
