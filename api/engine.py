"""What the facade asks of the engine: plain values in, plain values out. `uncall_ari.engine` is one."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from uncall_ari.calls.records import CallLog, ExtensionStatus, Pop
from uncall_ari.config import Choice
from uncall_ari.dialer.obstacle import Obstacle
from uncall_ari.media.addresses import SoundAddresses
from uncall_ari.media.calls import CallRecordings
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.metrics.views import CallView, Figure, TaskView
from uncall_ari.queues import AgentView, QueueView
from uncall_ari.store.records import NewTask, PreviewNumber, Task, TaskStatus


class Sight(Protocol):
    """What goes on at this moment."""

    def calls(self) -> Sequence[CallView]:
        """The calls that go on, the oldest first."""

    async def tasks(self) -> Sequence[TaskView]:
        """All tasks. Raises StoreUnavailable."""

    async def missing(self) -> list[str]:
        """What keeps the engine from working: nothing, or some of `asterisk`, `database`, `ending`. Raises nothing."""

    def figures(self) -> Sequence[Figure]:
        """All figures, for Prometheus."""


class Engine(Protocol):
    """The part of the engine that the web methods use. All of it may raise StoreUnavailable."""

    @property
    def recordings(self) -> RecordingLibrary:
        """The uploaded recordings. It works on files: to be called through `asyncio.to_thread`."""

    @property
    def sounds(self) -> SoundAddresses | None:
        """The addresses under which Asterisk fetches sounds, if it does. It works on files, too."""

    @property
    def call_recordings(self) -> CallRecordings:
        """The recordings of calls. It works on files, too."""

    @property
    def sight(self) -> Sight:
        """What goes on at this moment."""

    def trunks(self) -> Sequence[Choice]:
        """The trunks that a task may dial through."""

    def has_trunk(self, value: str) -> bool:
        """Whether a task may name a trunk so; more ways of writing are taken than are offered."""

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

    async def obstacles(self, task_id: int, number: str | None) -> Sequence[Obstacle]:
        """All that keeps a task, or a number of it, from being dialled now. Raises nothing."""

    async def preview_next(self, task_id: int, extension: str) -> PreviewNumber | None:
        """The agent's next number of a click task. Raises NoSuchTask."""

    async def preview_dial(self, task_id: int, number_id: int, extension: str) -> str:
        """Ring the agent, then this number of his; the call's uid. Raises NoSuchTask, CommandRefused."""

    # Call control: all of it may raise ConnectionFailed and CommandRefused.

    async def click_to_call(self, extension: str, number: str, action_id: str) -> str:
        """Ring an extension, then a number, and connect them; the call's action id."""

    async def click_to_bridge(self, first: str, second: str, action_id: str) -> str:
        """The same with any number first."""

    async def pop(self, extension: str) -> Pop | None:
        """The extension's call that its screen has not shown yet."""

    def pops(self) -> AbstractContextManager[asyncio.Queue[Pop | None]]:
        """A queue that gets each pop at the moment when it is shown; None ends it."""

    async def call_recording(self, uid: str) -> str | None:
        """The file name of a call's recording."""

    async def call_log(self, action_id: str) -> CallLog | None:
        """The record of the call that was ordered with this action id."""

    async def set_busy(self, extension: str) -> None:
        """Set do not disturb."""

    async def set_idle(self, extension: str) -> None:
        """Take do not disturb away."""

    async def hold(self, extension: str) -> str:
        """Let the extension's other party hear music; the name of its channel."""

    async def restore(self, extension: str, channel: str) -> None:
        """Give a held call to the extension."""

    async def transfer(self, extension: str, target: str) -> None:
        """Give the extension's other party to another extension."""

    async def ask_feedback(self, extension: str) -> None:
        """Have the other party asked for a score after the extension's side has ended."""

    async def listen(self, supervisor: str, extension: str) -> None:
        """Let the supervisor hear the extension's call."""

    async def whisper(self, supervisor: str, extension: str) -> None:
        """The same, and the extension hears the supervisor."""

    async def hang_up(self, extension: str) -> None:
        """End the extension's call."""

    async def extension_status(self, extension: str) -> ExtensionStatus:
        """The extension's state."""

    async def extension_statuses(self) -> Sequence[tuple[str, ExtensionStatus]]:
        """All extensions' states."""

    # The agents of the queues.

    async def sign_in(self, extension: str) -> None:
        """Let an agent have calls. Raises CommandRefused for who is no member of a queue."""

    async def sign_out(self, extension: str) -> None:
        """Let an agent have no more calls; the one that he has goes on. Raises the same."""

    def agents(self) -> Sequence[AgentView]:
        """The members of the queues, by number."""

    def queue_views(self) -> Sequence[QueueView]:
        """The queues, in the order of the settings."""
