"""The demo's third part: a minute of a campaign that paces itself (`ai`), with agents on open lines.

As in the first part a CRM orders it over SOAP; what the database says in the end is compared with what carrier and
phones saw.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from uncall_ari.demo.callees import AGENT_TONES, customers
from uncall_ari.demo.campaign import ON_THEIR_WAY
from uncall_ari.demo.checks import Check
from uncall_ari.demo.conducts import AGENTS, behaviour_of
from uncall_ari.demo.crm import Crm
from uncall_ari.demo.display import Display
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.figures import CEILING, Campaign, checks, figures
from uncall_ari.demo.handover import most_at_once, seen_by, talks_of
from uncall_ari.demo.sample import sample
from uncall_ari.demo.settings import QUEUE, TRUNK
from uncall_ari.demo.settled import Settled, settle
from uncall_ari.demo.summary import summary
from uncall_ari.demo.tables import COUNTERS, Tables
from uncall_ari.demo.wallboard import Moment, Wallboard
from uncall_ari.demo.world import World
from uncall_ari.lab.phones import Behaviour, Call, IncomingCall, PhoneError

OPEN_LINE = "*24"
CALL_MAX = 30
NUMBERS_PER_SECOND = 5  # more than the agents can ever need; the phones keep the sound of 300 calls
POLL_SECONDS = 0.25
LINES_SECONDS = 15.0  # for the agents to come
END_SECONDS = 60.0  # from the stop to the last call's end; none is longer


class Minute:
    """Runs it on the service that has run the campaign before."""

    def __init__(self, seconds: int, seed: int, crm: Crm, tables: Tables, world: World, display: Display) -> None:
        self._seconds, self._crm, self._tables, self._world, self._display = seconds, crm, tables, world, display
        self._before = len(world.carrier.calls)
        self._customers = customers(seconds * NUMBERS_PER_SECOND, seed, world.carrier.dialled)
        self._board = Wallboard(display, seconds)
        self._task = 0
        self.numbers: list[Settled] = []  # each of them, once it is over

    async def run(self) -> list[Check]:
        """Run it; return the statements that must be true."""
        self._display.head(f"{self._seconds} s of a campaign with agents, which finds its pace by itself (ai 智能外呼)")
        self._world.carrier.behaviour = self._behaviour
        try:
            await self._prepare()
            async with self._open_lines() as lines:
                began, stopped = await self._work()
                last = await self._ended()
        except (DemoFailed, PhoneError) as error:
            reason = str(error).partition("\n")[0]
            return [self._told(Check(f"the campaign with agents ran to its end: {reason}", False))]
        return await self._judge(lines, began, stopped, last)

    def _behaviour(self, number: str) -> Behaviour:
        return self._customers.get(number) or behaviour_of(number)

    @property
    def _calls(self) -> list[IncomingCall]:
        """The campaign's calls, as the carrier has them."""
        return self._world.carrier.calls[self._before :]

    # --- as it runs ------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _open_lines(self) -> AsyncIterator[dict[str, Call]]:
        """Let the agents dial in and stay connected while inside."""
        phones = [self._world.phones[extension] for extension in AGENTS]
        lines = {
            phone.name: phone.dial(OPEN_LINE, behaviour=Behaviour(tone=AGENT_TONES[phone.name])) for phone in phones
        }
        try:
            for line in lines.values():
                await line.wait_answered(LINES_SECONDS)
            await self._until(self._all_free, LINES_SECONDS, "the agents to be free")
            names = f"{AGENTS[0]} to {AGENTS[-1]}"
            self._display.say(f"          {names} have dialled {OPEN_LINE}, and stay connected: open lines 长连接")
            yield dict(lines)
        finally:
            for line in lines.values():
                line.hang_up()

    async def _all_free(self) -> bool:
        return all((agent["state"], agent["open_line"]) == ("free", "1") for agent in await self._crm.ask("getAgents"))

    async def _prepare(self) -> None:
        crm, numbers = self._crm, list(self._customers)
        await crm.call("getIncomingQueues", "801")
        created = await crm.call(
            "addQueueTask", "801", "agents", TRUNK, QUEUE, CALL_MAX, "ai", 1, 0, "00:00", "24:00", 0
        )
        table = created[0]["TaskID"]
        self._task = int(table.rpartition("_")[2])
        await self._tables.set_ceiling(self._task, f"{CEILING:g}")
        stored = await crm.call("addPhoneToTask", table, ",".join(numbers))
        if stored[0]["AffectedRows"] != str(len(numbers)):
            raise DemoFailed(f"of {len(numbers)} numbers {stored[0]['AffectedRows']} were stored")

    async def _work(self) -> tuple[float, float]:
        """Let the task run for its time; return when it began, and when its stop was answered."""
        with self._board.hung():
            await self._crm.call("updateTask", self._task, "run", 0, 0)
            began = time.monotonic()
            while time.monotonic() < began + self._seconds:
                await self._look()
                await asyncio.sleep(POLL_SECONDS)
            await self._crm.call("updateTask", self._task, "stop", 0, 0)
        return began, time.monotonic()

    async def _look(self) -> None:
        """Ask all that the wallboard shows."""
        (task,) = await self._crm.call("getAllTask", self._task, quiet=True)
        agents = await self._crm.ask("getAgents")
        obstacles = (await self._crm.ask("whyNot", id=self._task))["obstacles"]
        calls = self._calls
        moment = Moment(
            agents=agents,
            ringing=sum(call.ended_at is None and call.answered_at is None for call in calls),
            dialled=len(calls),
            answered=sum(call.answered_at is not None for call in calls),
            connected=sum(agent["state"] == "talking" for agent in agents) + int(task["task_success"]),
            lost=int(task["task_visit"]),
            why=obstacles[0]["en"] if obstacles else "calls are started",
        )
        self._board.show(moment, obstacles[0]["code"] if obstacles else "dialling")

    async def _ended(self) -> dict[str, str]:
        """Wait for the calls in flight, and until each is recorded; return the last answer of getAllTask."""
        stopped = time.monotonic()
        await self._world.carrier.wait_for(lambda carrier: not carrier.pending, END_SECONDS, "the last call's end")
        self._display.say(f"          the calls in flight have ended {time.monotonic() - stopped:.1f} s after the stop")
        called = len({call.number for call in self._calls})
        last: dict[str, str] = {}

        async def recorded() -> bool:
            (task,) = await self._crm.call("getAllTask", self._task, quiet=True)
            last.update(task)
            return int(task["task_called"]) >= called

        await self._until(recorded, END_SECONDS, f"{called} calls to be recorded")
        return last

    async def _until(self, true: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if await true():
                        return
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError as error:
            raise DemoFailed(f"waited {seconds:g} s for {what}") from error

    # --- when it is over -------------------------------------------------------------------------------

    async def _judge(self, lines: dict[str, Call], began: float, stopped: float, last: dict[str, str]) -> list[Check]:
        self._display.head("Comparing the database with the books of carrier and phones")
        kept = await self._tables.kept(self._task)
        answered = [call for call in self._calls if call.answered_at is not None]
        talks = await asyncio.to_thread(talks_of, lines, answered)
        seen = await asyncio.to_thread(seen_by, self._customers, self._calls, lines, talks)
        numbers = self.numbers = settle(seen, kept)
        campaign = Campaign(
            seconds=stopped - began,
            began=began,
            agents=len(AGENTS),
            call_max=CALL_MAX,
            most_at_once=most_at_once(self._calls),
            started_late=sum(call.invited_at > stopped + ON_THEIR_WAY for call in self._calls),
            counters=await self._tables.counters(self._task),
            listed={name: int(last[name]) for name in COUNTERS},
            resting=frozenset(await self._tables.resting()),
        )
        at_once = sample(self._display, lines, self._calls, talks, kept, began)
        summary(self._display, figures(numbers, talks, campaign), campaign, self._board, numbers)
        return [self._told(check) for check in [*checks(numbers, talks, campaign), at_once]]

    def _told(self, check: Check) -> Check:
        self._display.check(check)
        return check
