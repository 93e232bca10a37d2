"""What the races share: steps that anybody may take at any moment, and what must hold when all is over."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from tests.integration.campaigns import until
from tests.integration.talking import CUSTOMER, DID, World, until_status, world
from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.errors import CommandRefused, ConnectionFailed
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Call, Carrier, NotSeen, answers

EXTENSIONS = ("801", "802", "803")
COMMAND_SECONDS = 4.0  # no command takes longer, whatever happens at the same moment
CALM_SECONDS = 12.0  # after which nothing may be left; an empty recording is given 10
ENOUGH_SECONDS = 0.4  # for a phone to ring, in a step that answers it
OURS = ("a call failed by a mistake of ours", "a record could not be written", "the dialler has ended")
SHORT = {"extensions": {"ring_seconds": 5}, "survey": {"seconds": 1, "repeats": 0}}

Act = tuple[str, ...]
Step = list[Act]


@asynccontextmanager
async def race_track(lab: Lab, carrier: Carrier, folder: Path, **sections: Any) -> AsyncIterator["Race"]:
    """An engine and phones with short times, and what the log and the loop tell of mistakes."""
    with capture_logs() as logs:
        carrier.behaviour = lambda number: answers(after=0.05)
        # a folder of its own: a fresh database in the same second gives the same uids again
        recordings = lab.asterisk.spool / "monitor" / folder.name
        recordings.mkdir()
        recordings.chmod(0o777)
        kept = {"recording": {"enabled": True, "folder": str(recordings)}}
        async with world(lab, carrier, folder, **SHORT | kept | sections) as made:
            race = Race(made, logs, recordings)
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: race.wrong.append(f"the loop: {context}"))
            try:
                yield race
                if not race.failed:
                    await race.calm()
            finally:
                loop.set_exception_handler(None)


@dataclass
class Race:
    """One world, commands and people in it, and what went wrong so far."""

    scene: World
    logs: list[Any]
    monitor: Path
    held: list[str] = field(default_factory=list)  # channels that `hold` has told
    wrong: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)  # what came of each step
    failed: str = ""  # all that is known of the first example that failed

    # --- steps -----------------------------------------------------------------------------------

    async def step(self, acts: Iterable[Act]) -> None:
        """Do all `acts` at the same moment."""
        began = time.monotonic()
        results = await asyncio.gather(*(self.act(act) for act in acts))
        self.done.append(f"{', '.join(results)}  [{time.monotonic() - began:.2f} s]")

    async def act(self, act: Act) -> str:
        """Do one thing; what came of it."""
        kind, *who = act
        command = self._command(kind, who)
        result = await self.told(command) if command is not None else await self._person(kind, who)
        return f"{' '.join(act)}: {result}"

    async def told(self, command: Coroutine[Any, Any, Any]) -> str:
        """Carry out a command: its answer, or why not. Anything but an answer or a refusal in time is wrong."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(12):
                answer = await command
            result = f"= {answer}" if answer else "done"
        except CommandRefused as error:
            result = f"refused ({error.why.name})"
        except ConnectionFailed as error:
            result = f"failed ({error})"
        except Exception as error:  # whatever it is, it is a finding
            result = f"WRONG {error!r}"
            self.wrong.append("".join(traceback.format_exception(error)))
        if (took := time.monotonic() - began) > COMMAND_SECONDS:
            self.wrong.append(f"a command took {took:.1f} s: {result}")
        return result

    def _command(self, kind: str, who: list[str]) -> Coroutine[Any, Any, Any] | None:
        engine = self.scene.engine
        match kind:
            case "click":
                return engine.click_to_call(who[0], who[1], "")
            case "hold":
                return self._hold(who[0])
            case "restore":
                return engine.restore(who[0], self.held[-1] if self.held else "PJSIP/carrier-ffffffff")
            case "transfer":
                return engine.transfer(who[0], who[1])
            case "ask":
                return engine.ask_feedback(who[0])
            case "listen":
                return engine.listen(who[0], who[1])
            case "whisper":
                return engine.whisper(who[0], who[1])
            case "hang_up":
                return engine.hang_up(who[0])
            case "busy":
                return engine.set_busy(who[0])
            case "idle":
                return engine.set_idle(who[0])
            case "lose":
                return engine.ari.connection.drop()
        return None

    async def _hold(self, extension: str) -> str:
        channel = await self.scene.engine.hold(extension)
        self.held.append(channel)
        return channel

    async def _person(self, kind: str, who: list[str]) -> str:
        scene = self.scene
        match kind:
            case "dial":
                scene.phones[who[0]].dial(who[1])
            case "inbound":
                scene.carrier.call(DID, CUSTOMER)
            case "answer":
                return await self._ringing(who[0], "answer")
            case "reject":
                return await self._ringing(who[0], "reject")
            case "bye":
                return self._bye(scene.phones[who[0]].calls)
            case "customer":
                return self._bye([*scene.carrier.calls, *scene.carrier.placed])
            case "press":
                for call in self._live([*scene.carrier.calls, *scene.carrier.placed]):
                    with contextlib.suppress(RuntimeError):
                        call.press(who[0])
            case _:
                raise ValueError(kind)
        return "done"

    async def _ringing(self, extension: str, how: str) -> str:
        """Answer or reject what rings there, or is about to."""
        phone = self.scene.phones[extension]
        if not self.scene.engine._control._flows and not any(call.ended_at is None for call in phone.calls):
            return "-"
        try:
            call = await phone.ringing(ENOUGH_SECONDS)
        except NotSeen:
            return "-"
        if how == "answer":
            call.answer()
        else:
            call.reject(486)
        return "done"

    def _bye(self, calls: Iterable[Call]) -> str:
        live = self._live(calls)
        for call in live:
            call.hang_up()
        return "done" if live else "-"

    @staticmethod
    def _live(calls: Iterable[Call]) -> list[Call]:
        return [call for call in calls if call.ended_at is None]

    # --- beginnings ------------------------------------------------------------------------------

    async def clicked(self, agent: str = "801") -> tuple[Call, Call]:
        """A clicked talk, without listening who hears whom."""
        scene = self.scene
        times = len(scene.carrier.calls_to(CUSTOMER)) + 1
        count = len(scene.engine.live_calls()) + 1
        await scene.engine.click_to_call(agent, CUSTOMER, "")
        phone = await scene.phones[agent].ringing()
        phone.answer()
        customer = await scene.carrier.called(CUSTOMER, times=times)
        await customer.until_answered()
        await self.talks(count)
        return phone, customer

    async def internal(self) -> None:
        """801 talks with 802."""
        self.scene.phones["801"].dial("802")
        (await self.scene.phones["802"].ringing()).answer()
        await self.talks()

    async def came_in(self) -> None:
        """A customer has called 801."""
        self.scene.carrier.call(DID, CUSTOMER)
        (await self.scene.phones["801"].ringing()).answer()
        await self.talks()

    async def on_hold(self) -> str:
        """A customer of 801 is held; returns the channel."""
        agent, _ = await self.clicked()
        channel = await self._hold("801")
        await agent.until_ended()
        await until_status(self.scene.engine, "801", ExtensionStatus.IDLE)
        return channel

    async def talks(self, count: int = 1) -> None:
        """Wait until so many talks go on."""

        async def look() -> bool:
            return len(self.scene.engine.live_calls()) >= count

        await until(look, f"{count} talks", 5)

    # --- the end ---------------------------------------------------------------------------------

    async def calm(self) -> None:
        """All hang up; wait until nothing is left. Fails with the steps, and with what is left."""
        scene = self.scene
        await scene.engine.ari.connection.wait_up(10)
        for extension in EXTENSIONS:
            with contextlib.suppress(CommandRefused):
                await scene.engine.set_idle(extension)
        left: dict[str, Any] = {}

        async def look() -> bool:
            for phone in scene.phones.values():
                self._bye(phone.calls)
            self._bye([*scene.carrier.calls, *scene.carrier.placed])
            left.clear()
            left.update({name: each for name, each in (await self._left()).items() if each})
            return not left

        try:
            await until(look, "nothing to be left", CALM_SECONDS)
        except AssertionError:
            self.wrong.append(f"left after {CALM_SECONDS:g} s: {left}")
        mistakes = OURS if any("lose: " in step for step in self.done) else (*OURS, "a leg's end was not seen")
        self.wrong += [f"the log: {entry}" for entry in self.logs if entry["event"] in mistakes]
        if self.wrong:
            self.failed = "\n".join([*self.wrong, "steps:", *self.done, "log:", *map(str, self.logs[-40:])])
            raise AssertionError(self.failed)

    async def _left(self) -> dict[str, Any]:
        engine = self.scene.engine
        return {
            "channels": [f"{c.name} {c.state} {c.channelvars}" for c in await engine.ari.channels()],
            "bridges": [each.id for each in await engine.ari.bridges()],
            "talks": engine.live_calls(),
            "reserved": dict(engine._board._rung),
            "flows": [task.get_name() for task in engine._control._flows],
            "legs and bridges": list(engine.ari._objects.values()),
            "records": len(engine._scribe._tasks),
            "recordings": [each.name for each in self.monitor.glob(".part-*")],
        }

    def begin(self) -> None:
        """Forget the last example."""
        self.held.clear()
        self.wrong.clear()
        self.done.clear()
        self.logs.clear()
