"""The demo's second part: one call, steered by an agent and a supervisor, and who hears whom at each step.

What the phones measure is compared with what the contract (section 2) says; the engine is not asked.
"""

import asyncio

from uncall_ari.demo.checks import Check
from uncall_ari.demo.conducts import AGENT, COLLEAGUE, SUPERVISOR
from uncall_ari.demo.crm import Crm, Item
from uncall_ari.demo.display import Display
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.matrix import Expected, before_and_after, in_words, wrong
from uncall_ari.demo.tables import Tables
from uncall_ari.demo.world import World
from uncall_ari.lab.phones import Call, Hearing, NotSeen, PhoneError, answers, hearing

NUMBER = "13800138018"  # of a customer who answers and listens
CUSTOMER = "customer"
PARTIES = (AGENT, COLLEAGUE, SUPERVISOR, CUSTOMER)
SCORE = "5"
SECONDS = 10.0  # for each thing that is waited for
SOUND = -40.0  # dBFS: a prompt is louder, silence is not
ANSWERS_AFTER = 0.6  # seconds that a phone of the scene rings


class Scene:
    """Click to call, whisper, transfer, survey: on the service that has just run the campaign."""

    def __init__(self, crm: Crm, tables: Tables, world: World, display: Display) -> None:
        self._crm, self._tables, self._world, self._display = crm, tables, world, display
        self._calls: dict[str, Call] = {}
        self._last: tuple[Hearing | None, Expected] = (None, {})
        self._checks: list[Check] = []

    async def run(self) -> list[Check]:
        """Play it; return the statements that must be true."""
        for phone in self._world.phones.values():
            phone.behaviour = answers(ANSWERS_AFTER)
        try:
            uid = await self._click_to_call()
            await self._whisper()
            await self._transfer()
            await self._survey(uid)
        except (DemoFailed, PhoneError) as error:
            self._check(f"the scene was played to its end: {_line(error)}", False)
        finally:
            for call in self._calls.values():
                call.hang_up()
        return self._checks

    async def _click_to_call(self) -> str:
        self._display.head(f"Click to call: {AGENT} clicks on a customer's number")
        times = len(self._world.carrier.calls_to(NUMBER)) + 1
        await self._crm.call("OnClickCall", AGENT, NUMBER, "demo")
        await self._rung(AGENT)
        pop = await self._pop()
        self._calls[CUSTOMER] = await self._world.carrier.called(NUMBER, SECONDS, times)
        await self._step("click to call", {AGENT: [CUSTOMER], CUSTOMER: [AGENT]})
        return pop["uid"]

    async def _pop(self) -> Item:
        """Ask for the agent's pop of this call: those of the campaign that nobody has asked for come before it."""
        while pops := await self._crm.call("popEvent", AGENT):
            if pops[0]["callb"] == NUMBER:
                return pops[0]
        raise DemoFailed(f"popEvent tells nothing of the call to {NUMBER}")

    async def _whisper(self) -> None:
        self._display.head(f"Whisper: the supervisor {SUPERVISOR} hears both, and {AGENT} alone hears the supervisor")
        await self._crm.call("whisper", SUPERVISOR, AGENT)
        await self._rung(SUPERVISOR)
        expected = {AGENT: [SUPERVISOR, CUSTOMER], SUPERVISOR: [AGENT, CUSTOMER], CUSTOMER: [AGENT]}
        await self._step("whisper", expected)

    async def _transfer(self) -> None:
        self._display.head(f"Transfer: {AGENT} gives the customer to {COLLEAGUE}, and is free with that")
        await self._crm.call("transferCall", AGENT, COLLEAGUE)
        await self._rung(COLLEAGUE)
        await self._step("transfer", {COLLEAGUE: [CUSTOMER], CUSTOMER: [COLLEAGUE]})

    async def _survey(self, uid: str) -> None:
        self._display.head(f"Survey: {COLLEAGUE} hangs up, the customer is asked, and presses {SCORE}")
        await self._crm.call("feedBack", COLLEAGUE)
        self._calls[COLLEAGUE].hang_up()
        customer = self._calls[CUSTOMER]
        await self._step("survey", {CUSTOMER: []})
        heard = customer.meter.rms()
        self._check(f"survey: the customer hears the question: {heard:.1f} dBFS", heard > SOUND)
        customer.press(SCORE)
        await customer.until_ended(SECONDS)
        score = await self._tables.score(uid, SECONDS)
        kept = f"extension {score[0]}, answer {score[1] or 'none'}" if score else "no row"
        self._check(f"survey: the answer {SCORE} is kept for {COLLEAGUE}: {kept}", score == (COLLEAGUE, SCORE))

    def _check(self, text: str, true: bool) -> None:
        self._checks.append(Check(text, true))
        self._display.check(self._checks[-1])

    async def _rung(self, extension: str) -> None:
        """Wait until the extension's phone rings; it answers by itself."""
        self._calls[extension] = await self._world.phones[extension].ringing(SECONDS)

    async def _step(self, name: str, expected: Expected) -> None:
        """Measure who hears whom now, print it beside what was before, and note whether it is as expected."""
        now = (await self._measure(expected), expected)
        problems = wrong(*now)
        self._display.table(before_and_after(PARTIES, self._last, now))
        self._check("; ".join([f"{name}: {in_words(expected)}", *problems]), not problems)
        self._last = now

    async def _measure(self, expected: Expected) -> Hearing | None:
        """Who hears whom once it is as expected, or when time is up; who is not in `expected` must be hung up."""
        async with asyncio.TaskGroup() as group:
            for name, call in self._calls.items():
                group.create_task(_settled(call, live=name in expected))
        self._calls = {name: call for name, call in self._calls.items() if call.live}
        if set(self._calls) == set(expected):
            try:
                return await hearing(self._calls, expected, SECONDS)
            except NotSeen:
                self._calls = {name: call for name, call in self._calls.items() if call.live}
        return Hearing(self._calls) if self._calls else None


async def _settled(call: Call, *, live: bool) -> None:
    """Wait until the call is answered, or is over; the table shows it when it never is."""
    try:
        await (call.until_answered(SECONDS) if live else call.until_ended(SECONDS))
    except NotSeen:
        return


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
