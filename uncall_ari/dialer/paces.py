"""The pace of each task with agents: what its pacer is told of calls and agents, and what it allows."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from uncall_ari.dialer.plan import Plan
from uncall_ari.flows.hall import Hall
from uncall_ari.flows.story import Moment, Story
from uncall_ari.pacing import Budget, Pacer, PastCall, Reason, Situation
from uncall_ari.store import Store
from uncall_ari.store.records import PastAttempt

CALLS_LEARNED = 2000  # of a task, after a restart: the last so many


@dataclass(slots=True)
class Pace:
    """One task: its pacer and its calls that have not come to an agent yet."""

    plan: Plan
    pacer: Pacer
    ringing: dict[str, float] = field(default_factory=dict)  # by uid: when it was dialled, the loop's time
    joined: set[str] = field(default_factory=set)


class Paces:
    """All tasks with agents. The waits are those of the store."""

    def __init__(self, hall: Hall, store: Store, zone: ZoneInfo) -> None:
        self.hall, self.zone = hall, zone
        self._store = store
        self._paces: dict[int, Pace] = {}
        self._turns: dict[str, int] = {}  # the task that was served last, by queue
        self._offset = time.time() - asyncio.get_running_loop().time()

    async def prepare(self, plans: Iterable[Plan]) -> None:
        """Have a pacer for each task with agents, with what is known of its past. Raises StoreUnavailable."""
        for plan in plans:
            pace = self._paces.get(plan.task_id)
            if not plan.queue or (pace is not None and pace.plan == plan):
                continue
            if pace is None:
                pacer = Pacer(
                    plan.mode, plan.override, plan.ceiling, budget=await self._budget(plan), clock=self._clock
                )
                pacer.learn(map(self._past, await self._store.recent_calls(plan.task_id, CALLS_LEARNED)))
                self._paces[plan.task_id] = Pace(plan, pacer)
            else:
                pace.plan = plan
                pace.pacer.change(plan.mode, plan.override, plan.ceiling)

    def turns(self, plans: list[Plan]) -> list[Plan]:
        """Return the tasks whose turn it is: of those that share a queue one, another one each time, so that no two
        count on the same agents."""
        rivals: dict[str, list[Plan]] = {}
        for plan in plans:
            if plan.queue:
                rivals.setdefault(plan.queue, []).append(plan)
        served = [plan for plan in plans if not plan.queue]
        for queue, group in rivals.items():
            last = self._turns.get(queue, -1)
            plan = min(group, key=lambda each: (each.task_id <= last, each.task_id))
            self._turns[queue] = plan.task_id
            served.append(plan)
        return served

    def calls(self, plan: Plan, room: int) -> int:
        """How many calls a task may start now, where its limits would allow `room`."""
        if not plan.queue:
            return room
        reason = self.reason(plan, room)
        return reason.calls if reason else 0

    def reason(self, plan: Plan, room: int) -> Reason | None:
        """What the pacer says of a task with agents; None before it is prepared, and for other tasks."""
        pace = self._paces.get(plan.task_id)
        return pace.pacer.reason(self._situation(pace, room)) if pace and plan.queue else None

    def budget(self, task_id: int) -> Budget | None:
        """The abandon budget of a task with agents."""
        pace = self._paces.get(task_id)
        return pace.pacer.budget if pace else None

    def ringing(self, task_id: int) -> int:
        """Calls of a task that nobody has answered yet."""
        pace = self._paces.get(task_id)
        return len(pace.ringing) if pace else 0

    # --- what happens to a call ------------------------------------------------------------------------

    def dialled(self, plan: Plan, uid: str, story: Story, patience: float) -> None:
        """A call of a task is being placed; `story` tells how it goes on."""
        pace = self._paces.get(plan.task_id)
        if pace is None or not plan.queue:
            return
        pace.ringing[uid] = self.hall.now
        pace.pacer.dialled(self.hall.now)
        story.tell = lambda moment: self._tell(pace, uid, story, patience, moment)

    def over(self, task_id: int, uid: str, story: Story, patience: float, *, dialled: bool) -> None:
        """The call is over, or was never dialled."""
        pace = self._paces.get(task_id)
        if pace is None:
            return
        since, now = pace.ringing.pop(uid, None), self.hall.now
        if since is not None and dialled:
            pace.pacer.unanswered(now - since, now)
        if uid not in pace.joined:
            return
        pace.joined.discard(uid)
        if story.talked is not None:
            pace.pacer.talked(story.talked, now)
            pace.pacer.wrapped(self.hall.desk.wrap_up(pace.plan.queue), now)
        elif (story.waited or 0.0) >= patience:
            pace.pacer.abandoned(now)

    def _tell(self, pace: Pace, uid: str, story: Story, patience: float, moment: Moment) -> None:
        now = self.hall.now
        if moment is Moment.JOINED:
            pace.joined.add(uid)
            pace.pacer.answered(now - pace.ringing.pop(uid, now), now)
        elif (story.waited or 0.0) < patience:
            pace.pacer.connected(story.waited or 0.0, now)
        else:
            pace.pacer.abandoned(now)  # he has an agent, and too late

    # --- inside ----------------------------------------------------------------------------------------

    def _situation(self, pace: Pace, room: int, *, alone: bool = False) -> Situation:
        desk, now, queue = self.hall.desk, self.hall.now, pace.plan.queue
        return Situation(
            now=now,
            free=desk.free(queue, now),
            talking=tuple(desk.talking(queue, now)),
            wrapping=tuple(desk.wrapping(queue, now)),
            waiting=desk.unserved(queue),
            ringing=tuple(now - since for since in pace.ringing.values()),
            others=(0.0, 0.0) if alone else self._others(pace),
            rivals=sum(len(each.ringing) for each in self._rivals(pace)),
            room=room,
        )

    def _others(self, pace: Pace) -> tuple[float, float]:
        """Mean and variance of the answers that other tasks' calls will bring to the same agents."""
        mean = variance = 0.0
        for other in self._rivals(pace):
            more = other.pacer.expected(self._situation(other, 0, alone=True))
            mean, variance = mean + more[0], variance + more[1]
        return mean, variance

    def _rivals(self, pace: Pace) -> list[Pace]:
        """The other tasks that call for the same agents at this moment."""
        others = (each for each in self._paces.values() if each is not pace and each.ringing)
        return [each for each in others if each.plan.queue == pace.plan.queue]

    async def _budget(self, plan: Plan) -> Budget:
        rows = await self._store.abandon_history(plan.task_id, datetime.now(UTC))
        days = ((day.toordinal(), answers, abandoned) for day, answers, abandoned in rows)
        return Budget(plan.ceiling or Budget().ceiling, days)

    def _past(self, call: PastAttempt) -> PastCall:
        needed = call.waited is not None  # it came to the queue
        end = call.answered_at if needed and call.answered_at else call.ended_at
        return PastCall(
            hour=call.claimed_at.astimezone(self.zone).hour,
            answered=needed,
            ring_seconds=max(0.0, (end - call.claimed_at) / timedelta(seconds=1)) if end else None,
            talk_seconds=call.talked,
        )

    def _clock(self, now: float) -> tuple[int, int]:
        """(day, hour) of the loop's time `now`, local."""
        local = datetime.fromtimestamp(now + self._offset, self.zone)
        return date.toordinal(local.date()), local.hour
