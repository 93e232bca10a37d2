"""A talk: two parties that speak with each other, as flows carry it on and commands find it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from uncall_ari.ari import Bridge, HungUp, Leg, RequestFailed
from uncall_ari.calls.ongoing import Kind
from uncall_ari.calls.records import CallLog, Direction
from uncall_ari.errors import CommandRefused, ConnectionFailed, WhyNot

ORDER_SECONDS = 10.0  # within which a talk takes up a command; it needs some ms
MOST_ORDERS = 8  # waiting at once; more is no human


@dataclass(slots=True)
class Party:
    """One end of a talk."""

    number: str
    leg: Leg
    is_extension: bool
    stays: bool = False  # an open line: the leg outlives the talk
    freed: Callable[[], None] = lambda: None  # told when an open line has done with the talk

    async def let_go(self, bridge: Bridge) -> None:
        """The party has done with the talk: it is hung up, or taken out of `bridge` when it stays."""
        if not self.stays:
            await self.leg.hang_up()
            return
        with contextlib.suppress(HungUp, RequestFailed):  # gone, or out of the bridge already
            await self.leg.stop_music()
            await bridge.remove(self.leg)
        self.freed()


class What(enum.Enum):
    """What may be ordered of a talk."""

    HOLD = enum.auto()
    RESTORE = enum.auto()
    TRANSFER = enum.auto()
    HANG_UP = enum.auto()


@dataclass(slots=True)
class Order:
    """A command that waits for the talk to take it up. `answer` gets a text, or CommandRefused."""

    what: What
    by: str  # the extension that it is for
    target: str = ""
    answer: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def done(self, text: str = "") -> None:
        """It is done, or under way."""
        if not self.answer.done():
            self.answer.set_result(text)

    def refuse(self, why: WhyNot) -> None:
        """It cannot be done."""
        if not self.answer.done():
            self.answer.set_exception(CommandRefused(why))


class Talk:
    """Two parties and what has been ordered of them. The flow that carries it on alone changes `parties`."""

    def __init__(
        self,
        uid: str,
        first: Party,
        second: Party,
        *,
        direction: Direction,
        action_id: str = "",
        context: str = "",
    ) -> None:
        """`first` has called `second`, or clicked; `direction` is the agent's view of it."""
        self.uid, self.direction, self.action_id, self.context = uid, direction, action_id, context
        self.caller, self.callee = first.number, second.number
        self.outbound = direction is Direction.OUT and not second.is_extension
        self.parties = [first, second]
        self.channels = (first.leg.name, second.leg.name)
        self.agent = first.number if first.is_extension else second.number if second.is_extension else ""
        self.started_at = datetime.now(UTC)
        self.answered_at: datetime | None = None
        self.held: Party | None = None  # who hears music and can be restored
        self.survey_after: str = ""  # the extension after whose end the other party is asked
        self.recording = ""  # the file's name
        self.queue = ""  # where the customer waited
        self.legs = AsyncExitStack()  # ends the legs that are made while the talk goes on
        self._orders: deque[Order] = deque()
        self._taken: Order | None = None  # the last one
        self._ordered = asyncio.Event()
        self._over = False

    def resume(self, log: CallLog) -> None:
        """Go on with what an earlier process has noted of this talk."""
        self.action_id, self.context, self.outbound = log.action_id, log.context, log.outbound
        self.caller, self.callee, self.agent, self.direction = log.caller, log.callee, log.extension, log.direction
        self.channels = (log.channel, log.other_channel)
        self.started_at, self.answered_at, self.recording = log.started_at, log.answered_at, log.recording

    @property
    def kept(self) -> Party:
        """The party that the recording and the records go with: it stays through hold and transfer."""
        first, last = self.parties[0], self.parties[-1]
        return first if last.is_extension and not first.is_extension else last

    @property
    def kind(self) -> Kind:
        """Who began it, as far as it can be told of a talk that was taken over."""
        if self.direction is Direction.OUT:
            return Kind.CLICK
        return Kind.INTERNAL if all(party.is_extension for party in self.parties) else Kind.INBOUND

    def party(self, extension: str) -> Party | None:
        """The party that is this extension."""
        return next((p for p in self.parties if p.is_extension and p.number == extension), None)

    def other(self, party: Party) -> Party | None:
        """Whom `party` speaks with."""
        return next((p for p in self.parties if p is not party), None)

    async def order(self, what: What, by: str, target: str = "") -> str:
        """Have the flow carry out a command; its answer. Raises CommandRefused, ConnectionFailed."""
        order = Order(what, by, target)
        if self._over or len(self._orders) >= MOST_ORDERS:
            raise CommandRefused(WhyNot.NO_CALL)
        self._orders.append(order)
        self._ordered.set()
        try:
            async with asyncio.timeout(ORDER_SECONDS):
                return await order.answer
        except TimeoutError:
            raise ConnectionFailed("Asterisk has not carried out a command in time") from None

    async def ordered(self) -> None:
        """Wait until a command waits to be taken."""
        await self._ordered.wait()

    def take(self) -> Order | None:
        """The command that waits longest, None when none does. One that nobody waits for any more is left out."""
        order = None
        while self._orders and (order is None or order.answer.done()):
            order = self._orders.popleft()
        if not self._orders:
            self._ordered.clear()
        if order is None or order.answer.done():
            return None
        self._taken = order
        return order

    def close(self) -> None:
        """The talk is over: what waits is refused, and what a hang-up has cut short."""
        self._over = True
        if self._taken is not None:
            self._taken.refuse(WhyNot.NO_CALL)
        while order := self.take():
            order.refuse(WhyNot.NO_CALL)
