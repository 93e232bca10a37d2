"""The sight: what goes on at this moment, looked up when somebody asks, in plain values."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from uncall_ari.agents import Agents
from uncall_ari.calls.ongoing import Call
from uncall_ari.dialer.obstacle import Obstacle
from uncall_ari.dialer.worker import Dialer
from uncall_ari.errors import StoreUnavailable
from uncall_ari.flows.means import Means
from uncall_ari.metrics.figures import figures
from uncall_ari.metrics.views import CallView, Figure, TaskView
from uncall_ari.store import Store
from uncall_ari.store.records import Task, TaskStatus

READY_SECONDS = 2.0  # within which the database must answer
MOST_ASKED = 50  # tasks whose obstacle is looked up; each costs a few statements
ASKING_SECONDS = 10.0  # for all of them


class Sight:
    """One for the engine. It changes nothing."""

    def __init__(self, store: Store, means: Means, dialer: Dialer, agents: Agents) -> None:
        self._store, self._dialer, self._agents = store, dialer, agents
        self._ari, self._ami, self._board, self._hall = means.ari, means.ami, means.board, means.hall

    def calls(self) -> list[CallView]:
        """Return the calls that go on, the oldest first."""
        now = time.monotonic()
        found = [self._seen(call, now) for call in self._board.ongoing.calls.values()]
        return sorted(found, key=lambda each: -each.seconds)

    async def tasks(self) -> list[TaskView]:
        """Return all tasks, by id. Raises StoreUnavailable."""
        tasks = await self._store.tasks()
        obstacles = await self._obstacles([task.id for task in tasks if task.status == TaskStatus.RUN])
        under_way: dict[int, int] = {}
        for call in self._board.ongoing.calls.values():
            under_way[call.task] = under_way.get(call.task, 0) + 1
        return [self._task(task, under_way.get(task.id, 0), obstacles.get(task.id)) for task in tasks]

    async def missing(self) -> list[str]:
        """Return what keeps the engine from working: `asterisk`, `database`, `ending`. Raises nothing."""
        found = [] if self._ari.connection.up and not self._ari.connection.replaced.is_set() else ["asterisk"]
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._store.database.ping()
        except (StoreUnavailable, TimeoutError):
            found.append("database")
        return [*found, "ending"] if self._dialer.ending or self._ari.leaving else found

    def figures(self) -> list[Figure]:
        """Return all figures, those of the facade left out."""
        return figures(
            self._dialer,
            self._ari.connection,
            self._ami.up,
            self._board.ongoing,
            self._hall.waits,
            self._store.database,
            self.calls(),
            self._agents.agents(),
            self._agents.queues(),
        )

    def _seen(self, call: Call, now: float) -> CallView:
        talk = next((each for each in self._board.talks if each.uid == call.uid), None)
        queue = self._hall.desk.queue_of(call.uid)
        if talk is not None:
            state = "held" if talk.held is not None else "talking"
        else:
            state = "waiting" if queue else "answered" if call.answered else "ringing"
        extension = (talk.agent if talk is not None else "") or call.extension
        seconds = now - call.began
        return CallView(call.uid, call.kind, state, seconds, call.number, extension, queue, call.task, call.trunk)

    def _task(self, task: Task, calls: int, obstacle: Obstacle | None) -> TaskView:
        return TaskView(
            task.id,
            task.name,
            task.type,
            task.status,
            task.numbers,
            task.called,
            task.success,
            task.call_back,
            task.failed,
            calls,
            self._board.ongoing.per_minute(task.id),
            obstacle.code.value if obstacle else "",
            *(obstacle.says if obstacle else ("", "")),
        )

    async def _obstacles(self, task_ids: Sequence[int]) -> dict[int, Obstacle]:
        """The first obstacle of each of these that has one, as far as the time allows."""
        found: dict[int, Obstacle] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASKING_SECONDS):
                for task_id in task_ids[:MOST_ASKED]:
                    for obstacle in (await self._dialer.why_not(task_id, None))[:1]:
                        found[task_id] = obstacle
        return found
