"""The dialler: ten times a second it asks which tasks may dial how much, claims so many numbers, has them dialled."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import Ari, IdMaker
from uncall_ari.config import Settings
from uncall_ari.dialer.calls import Calls
from uncall_ari.dialer.inquiry import Inquiry
from uncall_ari.dialer.lines import TICK_SECONDS, Lines
from uncall_ari.dialer.obstacle import Obstacle
from uncall_ari.dialer.paces import Paces
from uncall_ari.dialer.plan import Plan
from uncall_ari.dialer.preview import Previews
from uncall_ari.dialer.watch import Watch
from uncall_ari.dialer.whynot import obstacles
from uncall_ari.dialer.witness import Witness
from uncall_ari.errors import ConnectionFailed, NoSuchTask, StoreUnavailable
from uncall_ari.flows.means import Means
from uncall_ari.metrics.meters import Counter
from uncall_ari.store import Store

log = structlog.get_logger(__name__)

AWAY_SECONDS = 1.0  # between two attempts while the database or Asterisk is away
RECOUNT_SECONDS = 1.0  # between two looks at which counters are due


@dataclass(slots=True)
class Drought:
    """A task had no number to claim: since when, and when to look again (the loop's time, seconds)."""

    since: float
    again: float


class Dialer:
    """Dials the running tasks as long as `run` runs."""

    def __init__(self, settings: Settings, store: Store, means: Means, ids: IdMaker) -> None:
        self._settings = settings
        self._store = store
        self._means = means
        self._ids = ids
        self._witness = Witness()
        self._lines = Lines()
        self._watch = Watch(store, settings, means.recordings)
        self.paces = Paces(means.hall, store, settings.dialer.timezone)
        self.calls = Calls(settings, store, means, self._lines, self._witness, self.paces, self._runs)
        self._inquiry = Inquiry(store, self._lines, self.paces)
        self.previews = Previews(store, self._watch, self.calls, self._lines, ids)
        self.claims = Counter()  # `asked`: how often numbers were claimed; `numbers`: how many there were
        self._droughts: dict[int, Drought] = {}
        self._claims_in_doubt = True  # at the start: what an earlier process left
        self._woken = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def plans(self) -> dict[int, Plan]:
        """The running tasks that can be dialled, by id, as they were at the last look."""
        return self._watch.plans

    @property
    def problems(self) -> dict[int, str]:
        """Why tasks that are set to run cannot be dialled, by task id."""
        return self._watch.problems

    @property
    def ending(self) -> bool:
        """Whether it was told to end: no call is begun any more."""
        return self._closing.is_set()

    def change(self, settings: Settings, means: Means) -> None:
        """Go on with changed settings; calls under way keep those that they began with."""
        self._settings, self._means = settings, means
        self._watch.settings = self.calls.settings = settings
        self.calls.means = means
        self.wake()

    def wake(self) -> None:
        """Something has changed in the tables: look at once."""
        self._droughts.clear()
        self._woken.set()

    def stop_task(self, task_id: int) -> None:
        """Place no more calls of a task, from now on; those that are placed go on."""
        self._watch.forget(task_id)

    async def why_not(self, task_id: int, number: str | None) -> list[Obstacle]:
        """All that keeps a task, or a number of it, from being dialled now; nothing: it is dialled now, or next."""
        ending = self._closing.is_set()
        return obstacles(await self._inquiry.facts(self._settings, self._means, task_id, number, ending=ending))

    async def on_connect(self, ari: Ari) -> None:
        """To be awaited after every (re)connect to Asterisk."""
        await self._witness.meet(ari)

    async def run(self) -> None:
        """Dial until cancelled. `finish` first ends it well."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.calls.settler.run(), name="settler")
            group.create_task(self._look_regularly(), name="watch")
            group.create_task(self._recount_regularly(), name="recount")
            group.create_task(self._dial_regularly(), name="dialler")

    async def finish(self, seconds: float) -> None:
        """Start no more calls, give those under way up to `seconds`, write all results. `run` must still be running."""
        self._closing.set()
        await self.calls.end(seconds)

    async def _look_regularly(self) -> None:
        while True:
            try:
                await self._watch.look()
                await self._finish_tasks()
            except StoreUnavailable as error:
                log.error("the tables cannot be read", reason=str(error))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.dialer.poll_seconds):
                    await self._woken.wait()
            self._woken.clear()

    async def _recount_regularly(self) -> None:
        while True:
            await asyncio.sleep(RECOUNT_SECONDS)
            with contextlib.suppress(StoreUnavailable):
                await self._watch.recount()

    async def _dial_regularly(self) -> None:
        while not self._closing.is_set():
            pause = TICK_SECONDS
            try:
                await self._means.ari.connection.wait_up(AWAY_SECONDS)
                if self._claims_in_doubt:
                    await self._take_up()
                await self._dial()
            except ConnectionFailed:
                continue
            except StoreUnavailable as error:
                log.error("no number can be claimed", reason=str(error))
                self._claims_in_doubt = True  # the answer to a claim may have been lost
                pause = AWAY_SECONDS
            await asyncio.sleep(pause)

    async def _take_up(self) -> None:
        """Before anything new is claimed: what a crash or a lost answer left open."""
        await self._witness.inherit(self._means.ari)
        await self._watch.look()
        await self.calls.take_up(await self._watch.all_plans())
        await self._watch.tell_stranded()
        self._claims_in_doubt = False

    async def _dial(self) -> None:
        now = asyncio.get_running_loop().time()
        plans = [each for each in self._watch.open_plans() if not each.by_agents and self._may_have_numbers(each, now)]
        await self.paces.prepare(plans)
        plans, probing = self.paces.turns(plans), set(self._droughts)
        for task_id, count in self._lines.grants(plans, probing, self.paces.calls, now).items():
            plan = self._watch.plans.get(task_id)
            if plan is not None and not self._closing.is_set():
                await self._claim(plan, count)

    async def _claim(self, plan: Plan, count: int) -> None:
        uids = [self._ids.new() for _ in range(count)]
        try:
            claims = await self._store.claim(plan.task_id, uids, trunk=plan.trunk.value, now=datetime.now(UTC))
        except NoSuchTask:  # deleted since the last look
            self.stop_task(plan.task_id)
            return
        self.claims.add("asked")
        self.claims.add("numbers", by=len(claims))
        if claims:
            self.calls.begin(plan, claims)
        if len(claims) == count:
            self._droughts.pop(plan.task_id, None)
            return
        now = asyncio.get_running_loop().time()
        drought = self._droughts.setdefault(plan.task_id, Drought(now, now))
        drought.again = now + self._settings.dialer.poll_seconds

    def _runs(self, task_id: int) -> bool:
        return task_id in self._watch.plans

    def _may_have_numbers(self, plan: Plan, now: float) -> bool:
        drought = self._droughts.get(plan.task_id)
        return drought is None or now >= drought.again

    async def _finish_tasks(self) -> None:
        """End tasks that had no number for a while, and whose last call is over."""
        now = asyncio.get_running_loop().time()
        for plan in self._watch.plans.values():
            if plan.queue and not self._lines.calls_of(plan.task_id):
                # Without agents nobody claims a number, so nobody sees that there is none: `finish_task` does.
                self._droughts.setdefault(plan.task_id, Drought(now, now))
        for task_id, drought in list(self._droughts.items()):
            if task_id not in self._watch.plans:
                self._droughts.pop(task_id, None)
            elif now - drought.since >= self._settings.dialer.finish_after and not self._lines.calls_of(task_id):
                with contextlib.suppress(NoSuchTask):
                    if await self._store.finish_task(task_id):
                        log.info("a task is finished", task=task_id)
                self._droughts.pop(task_id, None)
