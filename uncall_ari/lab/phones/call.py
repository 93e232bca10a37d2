"""One call as one party knows it: when what happened, what it hears, and what it can do once it talks.

Calls that come in and calls that go out differ until the answer: `incoming.py` and `outgoing.py`.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from .behaviour import Behaviour
from .dialog import Dialog
from .errors import NoAnswer, NotSeen, SipSyntaxError
from .home import Home
from .message import Request, answer
from .meter import HEARD, UNHEARD, WINDOW
from .talk import Talk
from .transaction import TIMEOUT, ServerTransaction
from .waiting import Watch


class Call:
    """A call. All times are time.monotonic() seconds, None for what has not happened; `wall` converts them."""

    direction: Literal["in", "out"]

    def __init__(self, home: Home, invite: Request, number: str, behaviour: Behaviour | None, tag: str = "") -> None:
        self.invite = invite
        self.number = number  # whom it is for: the user part of the Request-URI
        self.sip_call_id = invite.call_id
        self.tag = tag or secrets.token_hex(6)  # ours, in the dialog
        self.behaviour = behaviour or Behaviour()
        self.invited_at = time.monotonic()
        self.ringing_at: float | None = None  # 180 or 183
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.ended_by: str | None = None  # our side's name, "asterisk", "cancel", "rejected", "timeout", "vanished"
        self.status: int | None = None  # the final answer to the INVITE
        self.cause = ""  # the Reason header of the BYE or CANCEL that ended it
        self.keys_sent: list[tuple[float, str]] = []
        self.talk = Talk(home.host, self.behaviour, home.keep)
        self.meter = self.talk.meter
        self.dialog: Dialog | None = None
        self.watch = Watch(home.watch)
        self._home = home
        self._conduct: asyncio.Task[None] | None = None
        self._unconfirmed: ServerTransaction | None = None  # the INVITE whose 2xx waits for its ACK
        self._confirmed = asyncio.Event()

    # what happened

    @property
    def live(self) -> bool:
        """Whether it is answered and not ended."""
        return self.answered_at is not None and self.ended_at is None

    @property
    def talk_seconds(self) -> float:
        """From the answer to the end (or now), 0.0 for a call that was not answered."""
        return 0.0 if self.answered_at is None else (self.ended_at or time.monotonic()) - self.answered_at

    @staticmethod
    def wall(moment: float) -> datetime:
        """A monotonic time as UTC."""
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - moment)

    def __str__(self) -> str:
        def since(moment: float | None) -> str:
            return "-" if moment is None else f"{moment - self.invited_at:.2f} s"

        return (
            f"{self.direction} {self.number}: status {self.status or '-'}, ringing {since(self.ringing_at)}, "
            f"answered {since(self.answered_at)}, ended {since(self.ended_at)} by {self.ended_by or '-'}, "
            f"tone {self.tone} Hz, {self.meter.packets} packets in, keys in {self.meter.heard_keys or '-'}"
        )

    async def until_ringing(self, timeout: float = 10) -> None:  # noqa: ASYNC109
        """Until it rings (or is answered); NotSeen otherwise."""
        await self._until(lambda: self.ringing_at or self.answered_at, timeout, "ringing")

    async def until_answered(self, timeout: float = 10) -> None:  # noqa: ASYNC109
        """Until it is answered; NotSeen otherwise, at once when it ended without that."""
        await self._until(lambda: self.answered_at, timeout, "the answer")

    async def until_ended(self, timeout: float = 10) -> None:  # noqa: ASYNC109
        """Until it is over, whatever ended it; NotSeen otherwise."""
        await self.watch.until(lambda: self.ended_at, timeout, f"the end of the call {self.number}", self.__str__)

    # what it hears and says

    @property
    def tone(self) -> int:
        """The own tone in Hz, 0 for silence; it may be changed during the call."""
        return self.talk.tone

    @tone.setter
    def tone(self, hz: int) -> None:
        self.talk.tone = hz

    def levels(self, tones: Iterable[int], seconds: float = WINDOW) -> dict[float, float]:
        """dBFS of each tone in the last `seconds`."""
        until = self.meter.closed_at or time.monotonic()
        return self.meter.levels(tones, until - seconds, until)

    async def hears(self, tone: int, timeout: float = 5) -> None:  # noqa: ASYNC109
        """Until `tone` was heard (-15 dBFS or more) for a whole half second, begun after now; NotSeen otherwise."""
        await self._level(tone, lambda level: level >= HEARD, timeout, f"{tone} Hz at {HEARD:g} dBFS or more")

    async def misses(self, tone: int, timeout: float = 5) -> None:  # noqa: ASYNC109
        """Until `tone` was not heard (-45 dBFS or less) for a whole half second, begun after now."""
        await self._level(tone, lambda level: level <= UNHEARD, timeout, f"{tone} Hz at {UNHEARD:g} dBFS or less")

    async def hears_keys(self, keys: str, timeout: float = 5) -> None:  # noqa: ASYNC109
        """Until the keys that came in during the call end with `keys`, the last of them let go."""
        await self._until(lambda: self.meter.finished_keys.endswith(keys), timeout, f"the keys {keys}")

    def press(self, keys: str, seconds: float = 0.1) -> None:
        """Press keys, each for `seconds`, as telephone events. RuntimeError when none were agreed on."""
        self.talk.press(keys, seconds)
        self.keys_sent += [(time.monotonic(), key) for key in keys]
        self.watch.changed()

    def hang_up(self) -> None:
        """End it, in whatever state it is; `until_ended` tells when the other side knows."""
        if self.live:
            self._end_with_bye(self._home.side)
        elif self.ended_at is None:
            self._give_up()

    def vanish(self) -> None:
        """Go away without a word: no BYE, no audio, and no answer to anything from now on."""
        self._end("vanished", forget=False)

    # what the other side asks for within the call

    def requested(self, transaction: ServerTransaction) -> None:
        """Answer a request within the dialog."""
        request = transaction.request
        if self.ended_by == "vanished":
            return
        if request.method == "ACK":
            self._acknowledged(request)
        elif request.method == "BYE":
            transaction.respond(answer(request, 200, self.tag))
            self.cause = request.get("reason")
            self._end("asterisk")
        elif self.ended_at is not None:
            transaction.respond(answer(request, 481, self.tag))
        elif request.method in ("INVITE", "UPDATE"):
            self._renegotiate(transaction)
        else:
            transaction.respond(answer(request, 200, self.tag))

    def _acknowledged(self, ack: Request) -> None:
        """The ACK of a 2xx of ours came; it carries the answer if the INVITE had no offer."""
        self._confirmed.set()
        if self._unconfirmed is not None:
            self._unconfirmed.acknowledged()
            if ack.body and not self._unconfirmed.request.body:
                self.talk.take_answer(ack.body)

    def _renegotiate(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        response = answer(request, 200, self.tag)
        response.add("Contact", self._home.contact)
        if request.body:
            try:
                self.talk.take_offer(request.body)
            except SipSyntaxError as error:
                transaction.respond(answer(request, 488, self.tag, str(error)))
                return
        if self.dialog is not None and request.get("contact"):
            self.dialog.retarget(request.get("contact"))
        if request.body or request.method == "INVITE":
            self.talk.describe(response)
        transaction.respond(response)
        if request.method == "INVITE":
            self._unconfirmed = transaction

    # parts for the two kinds of calls

    def _give_up(self) -> None:
        """End a call that is not answered."""
        raise NotImplementedError

    def _answered(self) -> None:
        self.answered_at = time.monotonic()
        self.talk.begin()
        self.watch.changed()

    def take_conduct(self, task: "asyncio.Task[None]") -> None:
        """Own the task that acts for this party: it ends with the call."""
        self._conduct = task

    def _end(self, by: str, *, forget: bool = True) -> None:
        if self.ended_at is not None:
            return
        self.ended_at, self.ended_by = time.monotonic(), by
        self.talk.close()
        if self._conduct is not None and self._conduct is not asyncio.current_task():
            self._conduct.cancel()
        if forget:
            self._home.leave(self)
        self.watch.changed()

    def _end_with_bye(self, by: str) -> None:
        self._end(by, forget=False)
        self._home.tasks.spawn(self._bye())

    async def _bye(self) -> None:
        """Say goodbye, but not before the ACK of our 2xx (15)."""
        assert self.dialog is not None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TIMEOUT * self._home.endpoint.t1):
                await self._confirmed.wait()
        bye = self._home.endpoint.request(self.dialog.request("BYE"), self.dialog.next_hop)
        try:
            await bye.final
        except NoAnswer:
            self.cause = "the BYE was not answered"
        finally:
            self._home.leave(self)

    async def _until(self, look: Callable[[], object], timeout: float, what: str) -> None:  # noqa: ASYNC109
        await self.watch.until(
            lambda: look() or self.ended_at, timeout, f"{what} in the call {self.number}", self.__str__
        )
        if not look():
            raise NotSeen(f"waited for {what} in the call {self.number}, but it ended: {self}")

    async def _level(self, tone: int, good: Callable[[float], bool], timeout: float, what: str) -> None:  # noqa: ASYNC109
        began = time.monotonic()
        level = "no whole window yet"

        def look() -> bool:
            nonlocal level
            now = time.monotonic()
            if now - began < WINDOW:
                return False
            measured = self.meter.level(tone, now - WINDOW, now)
            level = f"{measured:.1f} dBFS"
            return good(measured)

        try:
            await self._until(look, timeout, what)
        except NotSeen as error:
            raise NotSeen(f"{error}; the last level was {level}") from None
