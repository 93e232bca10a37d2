"""The store's methods for tasks."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from uncall_ari.store import finishing, tasks
from uncall_ari.store.database import LONG_LIMIT, Database, MissingTable
from uncall_ari.store.door import Door
from uncall_ari.store.records import NewTask, Task, TaskStatus
from uncall_ari.store.scan import rest_after
from uncall_ari.store.tables import number_table_name
from uncall_ari.store.times import Times

log = structlog.get_logger(__name__)

# Finished tasks that one call looks at for new numbers. A longer list is gone through in turns.
FINISHED_AT_ONCE = 250


class TaskStore(Door):
    """Tasks: add, change, delete, list, and the poll of those that run."""

    def __init__(self, database: Database, times: Times) -> None:
        super().__init__(database, times)
        self._seen = 0  # the highest id that `running` has seen: above it are new rows
        self._finished_after = 0  # where the turn through the finished tasks stands
        self._reopen_at = 0.0  # monotonic

    async def add_task(self, task: NewTask) -> int:
        """Add a task with status ready, and its number table. Returns its id.

        Raises ValueError for a value that cannot be stored, StoreUnavailable.
        """
        now = datetime.now(UTC)
        return await self._write(lambda c: tasks.add(c, self._times, task, now))

    async def update_task(
        self,
        task_id: int,
        *,
        status: TaskStatus | None = None,
        call_max: int | None = None,
        override: float | None = None,
    ) -> bool:
        """Change what is not None, on a client's order. Returns whether there is such a task.

        Raises ValueError for a number that cannot be stored, StoreUnavailable.
        """
        if not tasks.usable(task_id):
            return False
        return await self._write(lambda c: tasks.update(c, task_id, status, call_max, override))

    async def delete_task(self, task_id: int) -> bool:
        """Delete a task with its numbers and retries; the records of its calls stay. Returns whether there was
        anything to delete. Calls in progress go on, and their records get their ends."""
        if not tasks.usable(task_id):
            return False
        return await self._write(lambda c: tasks.delete(c, task_id), limit=LONG_LIMIT)

    async def tasks(self, task_id: int | None = None) -> list[Task]:
        """All tasks in the order of their ids, or the one with this id (an empty list when there is none)."""
        if task_id is not None and not tasks.usable(task_id):
            return []
        rows = await self._read(lambda c: tasks.get(c, task_id))
        return [tasks.task_from(self._times, row) for row in rows]

    async def running(self) -> list[Task]:
        """The tasks with status run. Made to be called each second.

        On the way it does what the rows want: a task that a third party inserted gets its number table, a
        finished one that has numbers again runs again, and `is_run` follows the status.
        """
        await self.reopen_tasks()
        rows = await self._read(lambda c: tasks.poll(c, self._seen))
        found = [tasks.task_from(self._times, row) for row in rows]
        if any(task.id > self._seen or not task.number_table for task in found):
            await self.ensure_number_tables()
            self._seen = max(self._seen, *(task.id for task in found))
        if any(tasks.is_run_wrong(task) for task in found):
            await self._write(tasks.set_is_run)
        return [
            replace(task, is_run=1, number_table=number_table_name(task.id))
            for task in found
            if task.status == TaskStatus.RUN
        ]

    async def finish_task(self, task_id: int) -> bool:
        """Finish a running task that has no open number, no call under way and no retry to come (status
        finish, is_run 2). Returns whether it did."""
        return await self._write(lambda c: finishing.finish(c, task_id), task_id, LONG_LIMIT)

    async def reopen_tasks(self) -> list[int]:
        """Let tasks run again that the engine itself finished and that have open numbers again.

        Looks at 250 finished tasks a call, in turns, and not at all while the last look has not paid for its
        time; `add_numbers` reopens its task by itself. Returns the ids of the tasks that run again.
        """
        if time.monotonic() < self._reopen_at:
            return []
        began = time.monotonic()
        candidates = await self._read(lambda c: finishing.finished(c, self._finished_after, FINISHED_AT_ONCE))
        whole_turn = len(candidates) < FINISHED_AT_ONCE
        try:
            found = await self._database.read(lambda c: finishing.open_among(c, candidates), limit=LONG_LIMIT)
        except MissingTable:
            await self.ensure_number_tables()
            return []
        self._finished_after = 0 if whole_turn else candidates[-1]
        self._reopen_at = time.monotonic() + rest_after(time.monotonic() - began)
        if not found:
            return []
        reopened = await self._write(lambda c: finishing.reopen(c, found))
        log.info("finished tasks have numbers again", task_ids=reopened)
        return reopened
