"""What the facade asks of the engine: plain values in, plain values out. `uncall_ari.engine` is one."""

from collections.abc import Sequence
from typing import Protocol

from uncall_ari.config import Choice
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.store.records import NewTask, Task, TaskStatus


class Engine(Protocol):
    """The part of the engine that the web methods use. All of it may raise StoreUnavailable."""

    @property
    def recordings(self) -> RecordingLibrary:
        """The uploaded recordings. It works on files: to be called through `asyncio.to_thread`."""

    def trunks(self) -> Sequence[Choice]:
        """The trunks that a task may dial through."""

    def ivr_targets(self) -> Sequence[Choice]:
        """The IVR menus that a task may connect its calls to."""

    def queues(self) -> Sequence[Choice]:
        """The queues that a task may connect its calls to."""

    async def add_task(self, task: NewTask) -> int:
        """Store a task; its id."""

    async def add_numbers(self, task_id: int, numbers: Sequence[str]) -> int:
        """Store numbers to be called; how many rows were stored. Raises NoSuchTask."""

    async def update_task(
        self, task_id: int, status: TaskStatus | None, call_max: int | None, override: float | None
    ) -> None:
        """Change what is not None. Raises NoSuchTask."""

    async def delete_task(self, task_id: int) -> None:
        """Delete a task and its numbers. Raises NoSuchTask."""

    async def tasks(self, task_id: int | None = None) -> Sequence[Task]:
        """All tasks, or the one with this id."""
