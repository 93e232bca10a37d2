"""What goes on in the engine that keeps its tasks in memory."""

from collections.abc import Awaitable, Callable, Sequence

from uncall_ari.dialer.obstacle import Obstacle
from uncall_ari.metrics.meters import QUICK, Histogram
from uncall_ari.metrics.views import CallView, Figure, TaskView
from uncall_ari.store.records import Task

TALKING = CallView("1372123897.17", "campaign", "talking", 65.4, "13800138000", "801", "", 494, "sip/test/")
WAITING = CallView("1372123897.18", "inbound", "waiting", 3.0, "13421829060", "", "600", 0, "")


class FacadeSight:
    """Implements `api.engine.Sight`."""

    def __init__(self, tasks: Callable[[], Awaitable[Sequence[Task]]], hindered: dict[int, list[Obstacle]]) -> None:
        self._tasks, self._hindered = tasks, hindered
        self.call_views = [TALKING, WAITING]
        self.away: list[str] = []  # what `missing` tells
        self.looks = 0  # how often it was asked

    def calls(self) -> Sequence[CallView]:
        return self.call_views

    async def tasks(self) -> Sequence[TaskView]:
        return [self._seen(task) for task in await self._tasks()]

    async def missing(self) -> list[str]:
        self.looks += 1
        return self.away

    def figures(self) -> Sequence[Figure]:
        lag = Histogram(QUICK)
        lag.take(0.002)
        return [
            Figure("calls_started", "counter", "Calls.", ("kind", "trunk"), [(("campaign", 'a"b\\'), 3)]),
            Figure("asterisk_up", "gauge", "1 while connected.", (), [((), True)]),
            Figure("event_lag_seconds", "histogram", "Lag.", (), [((), lag)]),
        ]

    def _seen(self, task: Task) -> TaskView:
        found = self._hindered.get(task.id, [])[:1]
        code, says = (found[0].code.value, found[0].says) if found else ("", ("", ""))
        numbers = (task.numbers, task.called, task.success, task.call_back, task.failed)
        return TaskView(task.id, task.name, task.type, task.status, *numbers, 2, 30, code, *says)
