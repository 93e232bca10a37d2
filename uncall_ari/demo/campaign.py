"""The demo's campaign, as a CRM runs it: upload, create, fill, start, watch, pause, go on, wait for the end."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from uncall_ari.demo.conducts import MobileNumbers, conduct_of, mix
from uncall_ari.demo.crm import Crm
from uncall_ari.demo.display import Display, Progress
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.settings import MENU, TRUNK
from uncall_ari.demo.tables import Tables
from uncall_ari.demo.world import World, recording

RECORDING = "demo-tone.wav"
PAUSED_SECONDS = 4.0
ON_THEIR_WAY = 0.05  # seconds after the pause's answer in which a call may come that was sent before it
POLL_SECONDS = 0.5
END_SECONDS = 150.0  # until the last call must be over
ABROAD = "00441632960961"  # Ofcom keeps it free for stories: no trunk of the demo allows it
NO_NUMBER = "n/a"


@dataclass(frozen=True, slots=True)
class Plan:
    """The campaign's numbers and limits."""

    numbers: tuple[str, ...]  # to be uploaded, in this order
    by_sql: str  # one that is inserted past the web service
    forbidden: dict[str, str]  # those that may not be dialled, and the cause that must be recorded for them
    call_max: int

    @property
    def all_numbers(self) -> list[str]:
        return [*self.numbers, self.by_sql]

    def kind(self, number: str) -> str:
        """Return what the number is, in a few words."""
        reason = self.forbidden.get(number)
        return f"may not be called ({reason})" if reason else conduct_of(number).says


def plan(count: int, seed: int) -> Plan:
    """Return a campaign of `count` numbers (12 or more); the same seed makes the same one."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    mobile = MobileNumbers(dice)
    by_sql, *others = [mobile.like(conduct) for conduct in mix(count - 2)]
    unwanted = mobile.like(conduct_of("8"))
    numbers = [*others, unwanted, ABROAD]
    dice.shuffle(numbers)
    return Plan(
        numbers=tuple(numbers),
        by_sql=by_sql,
        forbidden={unwanted: "do-not-call", ABROAD: "not-allowed"},
        call_max=min(30, max(4, count // 5)),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known from outside when the campaign is over."""

    task: int
    listed: dict[str, int]  # the counters in the last answer of getAllTask
    started_while_paused: int


class Campaign:
    """Runs one campaign through the web service. All that it knows of it comes from there."""

    def __init__(self, plan: Plan, crm: Crm, tables: Tables, world: World, display: Display) -> None:
        self._plan, self._crm, self._tables, self._world, self._display = plan, crm, tables, world, display
        self._polls = 0
        self._task = 0

    async def run(self) -> Outcome:
        """Carry it through. Raises DemoFailed when a request is refused or the end does not come."""
        await self._prepare()
        with self._display.campaign():
            await self._crm.call("updateTask", self._task, "run", 0, 0)
            await self._watch(lambda task: int(task["task_called"]) >= len(self._plan.numbers) // 4, END_SECONDS)
            started = await self._pause()
            await self._crm.call("updateTask", self._task, "run", 0, 0)
            last = await self._watch(lambda task: task["task_status"] == "finish", END_SECONDS)
            await self._crm.call("getAllTask", self._task)
        listed = {name: int(last[name]) for name in ("task_num", "task_called", "task_success", "task_visit")}
        return Outcome(self._task, {**listed, "task_fail": int(last["task_fail"])}, started)

    async def _prepare(self) -> None:
        crm = self._crm
        await crm.upload(RECORDING, recording())
        await crm.call("getReordingFilesList", "801")
        trunk = _one(await crm.call("getTrunkList", "801"), TRUNK)
        menu = _one(await crm.call("getIncomingIVR", "801"), MENU)
        created = await crm.call(
            "addIvrTask", "801", "demo", trunk, menu, self._plan.call_max, 0, "00:00", "24:00", RECORDING
        )
        table = created[0]["TaskID"]
        self._task = int(table.rpartition("_")[2])
        for number, reason in self._plan.forbidden.items():
            if reason == "do-not-call":
                await self._tables.forbid(number)
        phones = ",".join([*self._plan.numbers, NO_NUMBER])
        stored = await crm.call("addPhoneToTask", table, phones)
        if stored[0]["AffectedRows"] != str(len(self._plan.numbers)):
            raise DemoFailed(f"of {len(self._plan.numbers)} numbers {stored[0]['AffectedRows']} were stored")
        await self._tables.insert(self._task, self._plan.by_sql)

    async def _pause(self) -> int:
        """Pause the task for a while; return how many calls the carrier got meanwhile, though it should get none."""
        carrier = self._world.carrier
        await self._crm.call("updateTask", self._task, "push", 0, 0)
        paused_at, live = time.monotonic(), len(carrier.pending)
        await self._watch(lambda _: time.monotonic() >= paused_at + PAUSED_SECONDS, PAUSED_SECONDS + 10)
        late = [call.invited_at - paused_at for call in carrier.calls if call.invited_at > paused_at]
        started = sum(seconds > ON_THEIR_WAY for seconds in late)
        stragglers = f" ({len(late) - started} was on its way, {max(late):.2f} s later)" if late else ""
        self._display.say(
            f"          paused for {PAUSED_SECONDS:g} s: {started} calls were started{stragglers}; "
            f"of {live} calls that were live {len(carrier.pending)} still are",
            "bold red" if started else "green",
        )
        return started

    async def _watch(self, done: Callable[[dict[str, str]], bool], seconds: float) -> dict[str, str]:
        """Ask getAllTask again and again until `done`; return its last answer."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    (task,) = await self._crm.call("getAllTask", self._task, quiet=True)
                    self._polls += 1
                    self._display.show(self._progress(task))
                    if done(task):
                        return task
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise DemoFailed(f"after {seconds:g} s getAllTask still says {task}") from error

    def _progress(self, task: dict[str, str]) -> Progress:
        return Progress(
            status=task["task_status"],
            numbers=int(task["task_num"]),
            called=int(task["task_called"]),
            success=int(task["task_success"]),
            call_back=int(task["task_visit"]),
            failed=int(task["task_fail"]),
            live=len(self._world.carrier.pending),
            polls=self._polls,
        )


def _one(items: list[dict[str, str]], value: str) -> str:
    """Return `value` if the list offers it. Raises DemoFailed."""
    if all(item["value"] != value for item in items):
        raise DemoFailed(f"{value} is not offered: {items}")
    return value
