"""How many calls may be started now: the channels and the rate of each trunk, shared among the tasks that use it."""

from collections.abc import Callable, Set

from uncall_ari.config import Trunk
from uncall_ari.dialer.limits import Slots, TokenBucket, share
from uncall_ari.dialer.plan import Plan

REST_SECONDS = 10.0  # for a trunk through which Asterisk could not dial
TICK_SECONDS = 0.1  # calls are started in ticks of so long


class Line:
    """One trunk in use. Its settings may change under way."""

    def __init__(self, trunk: Trunk, channels: Slots, now: float) -> None:
        self.trunk = trunk
        self.channels = channels
        channels.resize(trunk.channels)
        self._rate = TokenBucket(trunk.calls_per_second, now, _burst(trunk))
        self._last_served: int | None = None
        self.rests_until = 0.0  # no calls are started before

    def rest(self, now: float) -> None:
        """Start no calls for a while."""
        self.rests_until = now + REST_SECONDS

    def wait(self, now: float) -> float:
        """Return the seconds until the rate allows a call, 0 when it does now."""
        return self._rate.wait(now)

    def update(self, trunk: Trunk, now: float) -> None:
        """Go on with changed settings."""
        if trunk.calls_per_second != self.trunk.calls_per_second:
            self._rate = TokenBucket(trunk.calls_per_second, now, _burst(trunk))
        self.trunk = trunk
        self.channels.resize(trunk.channels)

    def grant(self, demands: dict[int, int], now: float) -> dict[int, int]:
        """Return how many calls each task (by id) may start now of what it wants; the rate is used up by it."""
        if now < self.rests_until:
            return {}
        wanted = min(sum(demands.values()), self.channels.free)
        allowed = 0
        while allowed < wanted and self._rate.take(now):
            allowed += 1
        granted = {task: count for task, count in share(allowed, demands, self._last_served).items() if count}
        self._last_served = next(reversed(granted), self._last_served)
        return granted


def _burst(trunk: Trunk) -> float:
    return max(1.0, trunk.calls_per_second * TICK_SECONDS * 2)


class Lines:
    """All trunks in use, and the calls at once of each task."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._trunks: dict[str, Slots] = {}  # by value; a trunk may be gone from the settings and still have calls
        self._tasks: dict[int, Slots] = {}

    def started(self, uid: str, trunk: str, task_id: int) -> None:
        """A call is under way: it holds a channel of the trunk and one of the task's places."""
        self._channels(trunk).adopt(uid)
        self._task(task_id).adopt(uid)

    def ended(self, uid: str, trunk: str, task_id: int) -> None:
        """The call's channel and place are free again."""
        self._channels(trunk).release(uid)
        self._task(task_id).release(uid)

    def calls_of(self, task_id: int) -> int:
        """Return how many calls of a task are under way."""
        return self._task(task_id).used

    def rest(self, trunk: str, now: float) -> None:
        """Asterisk cannot dial through this trunk: start no calls there for a while."""
        if trunk in self._lines:
            self._lines[trunk].rest(now)

    def line(self, trunk: Trunk, now: float) -> Line:
        """Return the line of a trunk, with the trunk's settings of now."""
        line = self._lines.get(trunk.value)
        if line is None:
            line = self._lines[trunk.value] = Line(trunk, self._channels(trunk.value), now)
        elif line.trunk is not trunk:
            line.update(trunk, now)
        return line

    def grants(
        self, plans: list[Plan], probing: Set[int], wanted: Callable[[Plan, int], int], now: float
    ) -> dict[int, int]:
        """Return how many calls each of these tasks may start now: what it has `wanted` of what its limits allow. Those
        in `probing`, which had no number the last time, get one at most, so that they use up no rate that others need.
        """
        by_trunk: dict[str, list[Plan]] = {}
        for plan in plans:
            by_trunk.setdefault(plan.trunk.value, []).append(plan)
        granted: dict[int, int] = {}
        for group in by_trunk.values():
            line = self.line(group[0].trunk, now)
            demands = {}
            for plan in group:
                room = min(self.room(plan), 1) if plan.task_id in probing else self.room(plan)
                demands[plan.task_id] = wanted(plan, min(room, line.channels.free))
            granted |= line.grant(demands, now)
        return granted

    def room(self, plan: Plan) -> int:
        """How many calls more the task's own limit allows."""
        slots = self._task(plan.task_id)
        slots.resize(plan.call_max)
        return slots.free

    def channels_free(self, trunk: Trunk) -> int:
        """How many calls more the trunk has channels for."""
        channels = self._channels(trunk.value)
        channels.resize(trunk.channels)
        return channels.free

    def _channels(self, trunk: str) -> Slots:
        return self._trunks.setdefault(trunk, Slots(0))

    def _task(self, task_id: int) -> Slots:
        return self._tasks.setdefault(task_id, Slots(0))
