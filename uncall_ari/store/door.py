"""The way to the database that the store's parts share: its time zone, and what is done when a table is missing."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import Connection

from uncall_ari.errors import NoSuchTask, StoreUnavailable
from uncall_ari.store import schema
from uncall_ari.store.database import LIMIT, LONG_LIMIT, Database, MissingTable
from uncall_ari.store.times import Times

T = TypeVar("T")


class Door:
    """A database and the time zone of its local times."""

    calls_database = ""  # the MySQL database of the tables that CRMs read, "" for the connection's own

    def __init__(self, database: Database, times: Times) -> None:
        self._database = database
        self._times = times

    @property
    def database(self) -> Database:
        """The database itself: whether it answers, and its meters."""
        return self._database

    async def _read(self, work: Callable[[Connection], T], task_id: int = 0, limit: float = LIMIT) -> T:
        return await self._with_tables(lambda: self._database.read(work, limit=limit), task_id)

    async def _write(self, work: Callable[[Connection], T], task_id: int = 0, limit: float = LIMIT) -> T:
        return await self._with_tables(lambda: self._database.write(work, limit=limit), task_id)

    async def ensure_number_tables(self) -> list[int]:
        """Give each task its number table and put the table's name into its row.

        For tasks that third parties insert, and after a crash in `add_task`. Returns the ids of the tasks
        that were repaired.
        """
        if not await self._database.read(schema.need_number_tables):
            return []
        return await self._database.write(schema.ensure_number_tables, limit=LONG_LIMIT)

    async def _with_tables(self, run: Callable[[], Awaitable[T]], task_id: int) -> T:
        """Run; when a table is missing, make the missing number tables and run once more. When that does not
        help there is no such task."""
        try:
            return await run()
        except MissingTable:
            await self.ensure_number_tables()
        try:
            return await run()
        except MissingTable as error:
            if task_id:
                raise NoSuchTask(task_id) from None
            raise StoreUnavailable(str(error)) from None
