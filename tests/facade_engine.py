"""An engine that keeps its tasks in memory: small, but real. It lets the facade be tested by itself, and
can be told that its database is away."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.facade_sight import FacadeSight
from uncall_ari.calls.records import CallLog, Direction, ExtensionStatus, Pop
from uncall_ari.config import Choice
from uncall_ari.dialer.obstacle import Code, Obstacle
from uncall_ari.errors import CommandRefused, ConnectionFailed, NoSuchTask, StoreUnavailable, WhyNot
from uncall_ari.media.addresses import SoundAddresses
from uncall_ari.media.calls import CallRecordings
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.queues import AgentView, QueueView, State
from uncall_ari.store.records import NewTask, PreviewNumber, Task, TaskStatus

HELD = "PJSIP/802-00000023"  # the one channel that can be held


class FacadeEngine:
    """Implements `api.engine.Engine`."""

    def __init__(self, folder: Path) -> None:
        self.recordings = RecordingLibrary(folder)
        self.sounds: SoundAddresses | None = None
        self.call_recordings = CallRecordings(folder / "calls")
        self.away = False  # True: the database cannot be reached
        self.asterisk_away = False
        self.previews: dict[str, PreviewNumber] = {}
        self.why_not: WhyNot | None = None  # each command is refused so
        self.commands: list[tuple[str, ...]] = []  # what was ordered, in order
        self.waiting_pops: list[Pop] = []
        self.pushed: asyncio.Queue[Pop | None] = asyncio.Queue()
        self.recorded: dict[str, str] = {}  # names by uid
        self.agent_views = [FREE, TALKING]
        self.queue_view = QUEUE
        self.hindered: dict[int, list[Obstacle]] = {}  # by task
        self.numbers: dict[int, list[str]] = {}
        self._tasks: dict[int, Task] = {}
        self.sight = FacadeSight(self.tasks, self.hindered)

    def trunks(self) -> Sequence[Choice]:
        return [Choice("sip/test/", "test"), Choice("sip/huing/", "虎营 & <Söhne>")]

    def has_trunk(self, value: str) -> bool:
        return value in [choice.value for choice in self.trunks()]

    def ivr_targets(self) -> Sequence[Choice]:
        return [Choice("127000", "1111"), Choice("127001", "2222")]

    def queues(self) -> Sequence[Choice]:
        return [Choice("127003", "1112")]

    async def add_task(self, task: NewTask) -> int:
        self._reach_database()
        number = max(self._tasks, default=493) + 1
        self.numbers[number] = []
        self._tasks[number] = Task(
            id=number,
            name=task.name,
            type=task.type,
            created_at=datetime(2014, 1, 15, 11, 55, 7),  # noqa: DTZ001 - wall-clock time, as in the table
            created_by=task.created_by,
            trunk=task.trunk,
            target=task.target,
            status="ready",
            call_max=task.call_max,
            day_start=task.day_start,
            day_end=task.day_end,
            number_table=f"o_task_run_{number}",
            numbers=0,
            called=0,
            success=0,
            call_back=0,
            failed=0,
            control=task.control,
            override=task.override,
            loss_ceiling=task.loss_ceiling,
            target_name=task.target_name,
            caller_id=task.caller_id,
            is_run=0,
            recording=task.recording,
        )
        return number

    async def add_numbers(self, task_id: int, numbers: Sequence[str]) -> int:
        task = self._task(task_id)
        self.numbers[task_id] += numbers
        self._tasks[task_id] = replace(task, numbers=len(self.numbers[task_id]))
        return len(numbers)

    async def update_task(
        self, task_id: int, status: TaskStatus | None, call_max: int | None, override: float | None
    ) -> None:
        task = self._task(task_id)
        self._tasks[task_id] = replace(
            task,
            status=task.status if status is None else status.value,
            call_max=task.call_max if call_max is None else call_max,
            override=task.override if override is None else override,
        )

    async def delete_task(self, task_id: int) -> None:
        self._task(task_id)
        del self._tasks[task_id], self.numbers[task_id]

    async def tasks(self, task_id: int | None = None) -> Sequence[Task]:
        self._reach_database()
        return [task for task in self._tasks.values() if task_id in (None, task.id)]

    async def obstacles(self, task_id: int, number: str | None) -> Sequence[Obstacle]:
        if task_id not in self._tasks:
            return [Obstacle(Code.NO_SUCH_TASK, (f"没有任务 {task_id}", f"there is no task {task_id}"))]
        found = self.hindered.get(task_id, [])
        if number is None or number in self.numbers[task_id]:
            return found
        return [*found, Obstacle(Code.NUMBER_UNKNOWN, ("没有号码", f"there is no number {number}"))]

    async def preview_next(self, task_id: int, extension: str) -> PreviewNumber | None:
        self._task(task_id)
        return self.previews.get(extension)

    async def preview_dial(self, task_id: int, number_id: int, extension: str) -> str:
        self._task(task_id)
        self._ordered("preview", str(task_id), str(number_id), extension)
        return "1795346210.0010001"

    def _task(self, task_id: int) -> Task:
        self._reach_database()
        if task_id not in self._tasks:
            raise NoSuchTask(task_id)
        return self._tasks[task_id]

    def _reach_database(self) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")

    def _ordered(self, *command: str) -> None:
        if self.asterisk_away:
            raise ConnectionFailed("Asterisk is away")
        if self.why_not is not None:
            raise CommandRefused(self.why_not)
        self.commands.append(command)

    async def click_to_call(self, extension: str, number: str, action_id: str) -> str:
        self._ordered("click", extension, number, action_id)
        return action_id or "1795346210.0010001"

    async def click_to_bridge(self, first: str, second: str, action_id: str) -> str:
        self._ordered("bridge", first, second, action_id)
        return action_id or "1795346210.0010001"

    async def pop(self, extension: str) -> Pop | None:
        return next(
            (self.waiting_pops.pop(i) for i, pop in enumerate(self.waiting_pops) if pop.extension == extension), None
        )

    def pops(self) -> AbstractContextManager[asyncio.Queue[Pop | None]]:
        return nullcontext(self.pushed)

    async def call_recording(self, uid: str) -> str | None:
        self._reach_database()
        return self.recorded.get(uid)

    async def call_log(self, action_id: str) -> CallLog | None:
        self._reach_database()
        return None

    async def set_busy(self, extension: str) -> None:
        self._ordered("busy", extension)

    async def set_idle(self, extension: str) -> None:
        self._ordered("idle", extension)

    async def hold(self, extension: str) -> str:
        self._ordered("hold", extension)
        return HELD

    async def restore(self, extension: str, channel: str) -> None:
        if channel != HELD:
            raise CommandRefused(WhyNot.NO_SUCH_CHANNEL)
        self._ordered("restore", extension, channel)

    async def transfer(self, extension: str, target: str) -> None:
        self._ordered("transfer", extension, target)

    async def ask_feedback(self, extension: str) -> None:
        self._ordered("feedback", extension)

    async def listen(self, supervisor: str, extension: str) -> None:
        self._ordered("listen", supervisor, extension)

    async def whisper(self, supervisor: str, extension: str) -> None:
        self._ordered("whisper", supervisor, extension)

    async def hang_up(self, extension: str) -> None:
        self._ordered("hang up", extension)

    async def extension_status(self, extension: str) -> ExtensionStatus:
        return dict(await self.extension_statuses()).get(extension, ExtensionStatus.OFFLINE)

    async def extension_statuses(self) -> Sequence[tuple[str, ExtensionStatus]]:
        if self.asterisk_away:
            raise ConnectionFailed("Asterisk is away")
        return [("801", ExtensionStatus.IDLE), ("802", ExtensionStatus.DO_NOT_DISTURB)]

    async def sign_in(self, extension: str) -> None:
        self._ordered("sign in", extension)

    async def sign_out(self, extension: str) -> None:
        self._ordered("sign out", extension)

    def agents(self) -> Sequence[AgentView]:
        return self.agent_views

    def queue_views(self) -> Sequence[QueueView]:
        return [self.queue_view]


FREE = AgentView("801", State.FREE, 12.9, ("600", "601"), "", 3, open_line=False, signed_in=True)
TALKING = AgentView("802", State.TALKING, 65.0, ("600",), "1372123897.17", 4, open_line=True, signed_in=True)
QUEUE = QueueView("600", "销售 & <b>sales</b>", 5, 4, 1, 2, 3, 71.5)
POP = Pop("802", "13421829060", "802", "1372123897.17", Direction.IN, datetime(2014, 1, 15, tzinfo=UTC))
