"""Keeps an eye on the tables that third parties write: which tasks run, and whether the counters are true."""

import time
from datetime import datetime

import structlog

from uncall_ari.config import Settings
from uncall_ari.dialer.plan import Plan, UnusableTask, plan
from uncall_ari.errors import NoSuchTask
from uncall_ari.media.library import RecordingLibrary
from uncall_ari.store import Store
from uncall_ari.store.records import Task

log = structlog.get_logger(__name__)

RECOUNT_SECONDS = 2.0  # a running task's counters are recounted this often,
RECOUNT_SHARE = 0.005  # unless counting would take more than this share of the time


class Watch:
    """What the tables said at the last look. `look` is called once in a while; the rest is free of waiting."""

    def __init__(self, store: Store, settings: Settings, recordings: RecordingLibrary) -> None:
        self._store = store
        self.settings = settings
        self._recordings = recordings
        self.plans: dict[int, Plan] = {}
        self.problems: dict[int, str] = {}
        self._version = 0  # of what is known: a look that was overtaken by `forget` is made again
        self._recount_at: dict[int, float] = {}
        self._all_tasks: list[int] = []  # still to be recounted in this round, running or not

    async def look(self) -> None:
        """Read which tasks run. Raises StoreUnavailable, and then nothing has changed."""
        version = -1
        while version != self._version:
            version = self._version
            plans, problems = self._sort(await self._store.running())
        self._tell(problems)
        self.plans, self.problems = plans, problems

    def forget(self, task_id: int) -> None:
        """The task runs no more, whatever a look under way may say."""
        self._version += 1
        self.plans.pop(task_id, None)

    async def all_plans(self) -> dict[int, Plan]:
        """Return the plans of all usable tasks, running or not. Raises StoreUnavailable."""
        return self._sort(await self._store.tasks())[0]

    def open_plans(self) -> list[Plan]:
        """Return the running plans whose daily window is open now."""
        now = datetime.now(self.settings.dialer.timezone)
        return [each for each in self.plans.values() if each.open_at(now)]

    async def recount(self) -> None:
        """Recount what is due: running tasks every 2 s, the others one by one. Raises StoreUnavailable."""
        due = [task for task in self.plans if self._recount_at.get(task, 0.0) <= time.monotonic()]
        if not self._all_tasks:
            self._all_tasks = [task.id for task in await self._store.tasks()]
        other = self._all_tasks.pop() if self._all_tasks else None
        if other is not None and other not in self.plans and self._recount_at.get(other, 0.0) <= time.monotonic():
            due.append(other)
        for task in due:
            try:
                seconds = await self._store.recount(task)
            except NoSuchTask:  # deleted since the look
                self._recount_at.pop(task, None)
                continue
            self._recount_at[task] = time.monotonic() + max(RECOUNT_SECONDS, seconds / RECOUNT_SHARE)

    async def tell_stranded(self) -> None:
        """Tell of numbers that stand as being called without a call of ours: another program left them so, and we
        cannot know whether they were dialled. Raises StoreUnavailable."""
        for task_id in self.plans:
            try:
                stranded = await self._store.stranded(task_id)
            except NoSuchTask:
                continue
            if stranded:
                remedy = f"set their call_status in o_task_run_{task_id} to 0 to have them dialled"
                log.warning("numbers were left as being called", task=task_id, numbers=len(stranded), remedy=remedy)

    def _sort(self, tasks: list[Task]) -> tuple[dict[int, Plan], dict[int, str]]:
        plans: dict[int, Plan] = {}
        problems: dict[int, str] = {}
        for task in tasks:
            try:
                plans[task.id] = plan(task, self.settings, self._recordings.sound)
            except UnusableTask as problem:
                problems[task.id] = str(problem)
        return plans, problems

    def _tell(self, problems: dict[int, str]) -> None:
        for task, problem in problems.items():
            if self.problems.get(task) != problem:
                log.error("a task is set to run and cannot be dialled", task=task, reason=problem)
