"""The hall: where the desk's agents and waiting calls are alive. It tells each waiting call when agents are for it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from uncall_ari.ari import HungUp, Leg
from uncall_ari.calls.talk import Party
from uncall_ari.config import QueueSettings
from uncall_ari.metrics.meters import WAITS, Histograms
from uncall_ari.queues import BUSY, Desk, State

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0  # for the first look at the phones
LONGEST_TALK = 5 * 3600.0  # seconds; no leg of ours lives longer


@dataclass(frozen=True, slots=True)
class Wish:
    """What a call waits for."""

    queue: str
    number: str  # of the customer, as the agent sees it
    priority: int = 0
    skill: str = ""


@dataclass(slots=True)
class Place:
    """A call's place in a queue."""

    extensions: tuple[str, ...] = ()
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def call_up(self, extensions: tuple[str, ...]) -> None:
        """These agents are for it now."""
        self.extensions = extensions
        self._called.set()

    @property
    def is_called(self) -> bool:
        """Whether agents are for it at this moment."""
        return self._called.is_set()

    async def called(self, until: float) -> tuple[str, ...]:
        """Wait for agents and return them, each time anew. TimeoutError at the moment `until` (the loop's time)."""
        async with asyncio.timeout_at(until):
            await self._called.wait()
        self._called.clear()
        return self.extensions


@dataclass(slots=True)
class Line:
    """An agent's open line: his phone is connected all the time."""

    leg: Leg
    leaves: bool = False  # he has signed out: no call after this one
    _closed: asyncio.Event = field(default_factory=asyncio.Event)

    def close(self) -> None:
        """Let it end now."""
        self._closed.set()

    async def closed(self) -> None:
        """Wait until it is to end."""
        await self._closed.wait()


class Hall:
    """One for the engine. Whatever changes calls or agents ends in `wake`."""

    def __init__(self, queues: Mapping[str, QueueSettings]) -> None:
        self.desk = Desk({value: queue.rules for value, queue in queues.items()})
        self.lines: dict[str, Line] = {}  # by extension
        self.waits = Histograms(WAITS)  # queue, and whether an agent came
        self._places: dict[str, Place] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looked = asyncio.Event()
        self._followers: set[asyncio.Task[None]] = set()

    def change(self, queues: Mapping[str, QueueSettings]) -> None:
        """Go on with changed settings."""
        self.desk.change({value: queue.rules for value, queue in queues.items()})
        self.wake()

    @contextmanager
    def waiting(self, call: str, wish: Wish) -> Iterator[Place]:
        """The call waits, inside. Agents who are for it are reserved before this is left to run."""
        place = self._places[call] = Place()
        joined, ended = self.now, "left"
        self.desk.join(call, wish.queue, joined, priority=wish.priority, skill=wish.skill)
        self.wake()
        try:
            yield place
            ended = "agent"
        finally:
            self.waits.take(self.now - joined, wish.queue, ended)
            del self._places[call]
            self.desk.leave(call, self.now)
            self.wake()

    def answered(self, call: str, extension: str) -> bool:
        """The agent has taken the call; False when another one was first."""
        return self.desk.answered(call, extension, self.now)

    def unanswered(self, call: str, extension: str, *, willing: bool) -> None:
        """The agent's phone was rung in vain, or was not fit to be rung at all (not `willing`)."""
        if not willing:
            self.desk.agent(extension, signed_in=True, available=False, there=True, now=self.now)
        self.desk.unanswered(call, extension, self.now, rests=willing)
        self.wake()

    def over(self, call: str, extension: str) -> None:
        """The agent has done with the call: his wrap-up begins."""
        if self.desk.ended(extension, call, self.now):
            if extension in self.lines and self.lines[extension].leaves:
                self.lines[extension].close()
            self.wake()

    def nobody_has(self, call: str) -> None:
        """The call is over: whoever had it has done with it."""
        for extension in self.desk.who_has(call):
            self.over(call, extension)

    def follow(self, call: str, extension: str, leg: Leg) -> None:
        """The agent has done with the call when this leg of his ends."""

        async def until_ended() -> None:
            try:
                await leg.ended(LONGEST_TALK)
            finally:
                self.over(call, extension)

        self._own(until_ended(), f"agent {extension}")

    def agent(self, extension: str, *, signed_in: bool, there: bool, available: bool) -> None:
        """What is known of an agent's phone."""
        line = extension in self.lines and not self.lines[extension].leaves
        self.desk.agent(
            extension, signed_in=signed_in or line, available=available or line, there=there or line, now=self.now
        )

    @contextmanager
    def line(self, extension: str, leg: Leg) -> Iterator[Line]:
        """The agent's phone is connected, inside: calls are put through without ringing."""
        line = self.lines[extension] = Line(leg)
        self.agent(extension, signed_in=True, there=True, available=True)
        self.wake()
        try:
            yield line
        finally:
            if self.lines.get(extension) is line:
                del self.lines[extension]
            self.agent(extension, signed_in=False, there=True, available=False)

    def leave_line(self, extension: str) -> None:
        """The agent has signed out: his open line is closed, when it has a call after that."""
        line = self.lines.get(extension)
        if line is not None:
            line.leaves = True
            self.agent(extension, signed_in=False, there=True, available=False)
            if self.state(extension) not in BUSY:
                line.close()

    def stay_on_line(self, extension: str) -> None:
        """The agent has signed in again before his open line was closed."""
        line = self.lines.get(extension)
        if line is not None:
            line.leaves = False

    def take_line(self, call: str, extension: str) -> Party | None:
        """The agent on his open line, for a call that no queue gives him; None when he has none, or has a call."""
        line = self.lines.get(extension)
        if line is None or line.leaves or not self.desk.take(call, extension, self.now):
            return None
        return self.party(call, extension, line)

    def party(self, call: str, extension: str, line: Line) -> Party:
        """The agent on his open line as a party of this call."""
        return Party(extension, line.leg, True, stays=True, freed=lambda: self.over(call, extension))

    def looked(self) -> None:
        """The phones have been looked at."""
        self._looked.set()
        self.wake()

    async def is_manned(self, queue: str) -> bool:
        """Whether somebody works in this queue. Just after the start nobody knows: then it waits for the first look."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._looked.wait()
        return self.desk.manned(queue)

    def state(self, extension: str) -> State:
        """What an agent does now."""
        return self.desk.state(extension, self.now)

    def wake(self) -> None:
        """Match calls and agents, and look again when the next wrap-up ends."""
        now = self.now
        for offer in self.desk.offers(now):
            self._places[offer.call].call_up(offer.extensions)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        change = self.desk.next_change(now)
        if change is not None:
            self._timer = asyncio.get_running_loop().call_at(change, self.wake)

    async def close(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._followers:
            task.cancel()
        await asyncio.gather(*self._followers, return_exceptions=True)

    @property
    def now(self) -> float:
        """The loop's time, seconds."""
        return asyncio.get_running_loop().time()

    def _own(self, work: Awaitable[None], name: str) -> None:
        async def run() -> None:
            try:
                await work
            except (HungUp, TimeoutError) as error:
                log.error("an agent's leg was lost sight of", flow=name, reason=str(error))

        task = asyncio.create_task(run(), name=name)
        self._followers.add(task)
        task.add_done_callback(self._followers.discard)
