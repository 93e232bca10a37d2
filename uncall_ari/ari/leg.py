"""A leg: one channel of ours, from its making to its end, as an `async with` object.

Events reach a leg by a look-up of its id and are taken at once (`on_event` never waits). Whoever waits on a leg
gets `HungUp` as soon as it is gone. Leaving the `async with` hangs up what is still up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Iterable
from contextvars import copy_context
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import structlog

from uncall_ari.ari import events
from uncall_ari.ari.connection import path
from uncall_ari.ari.errors import ConnectionLost, End, EndedBy, HungUp, RequestFailed
from uncall_ari.ari.playing import PLAY_SECONDS, Playing
from uncall_ari.ari.waiting import Waiter, expire
from uncall_ari.errors import ConnectionFailed

if TYPE_CHECKING:
    from uncall_ari.ari.client import Ari

log = structlog.get_logger(__name__)

KEYS_KEPT = 64  # key presses that nobody has asked for yet; more than that is no human
PATIENCE_SECONDS = 3600.0  # a live call waits this long for Asterisk to be reached again
GOODBYE_SECONDS = 5.0  # for the end of a leg that we hang up

T = TypeVar("T")


class Leg:
    """A channel that we made or took over."""

    def __init__(self, ari: Ari, id_: str) -> None:
        self.id = id_
        self.name = ""  # of the channel, PJSIP/801-00000001; "" until the first event
        self.ringing_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.end: End | None = None
        self._ari, self._context = ari, copy_context()  # the flow's, for the log: events come in another one
        self._ended_by = EndedBy.THEM
        self._hanging_up = False  # our request for its end has been made
        self._up = False
        self._entered = False  # is in our application, answered or not
        self._away = False  # in the dialplan by our own `continue`
        self._args: list[str] = []
        self._keys: deque[str] = deque(maxlen=KEYS_KEPT)
        self._playbacks: dict[str, Waiter[str]] = {}
        self._plays = 0
        self._waiters: set[Waiter[object]] = set()

    def __repr__(self) -> str:
        return f"<Leg {self.id} {'ended' if self.end else 'up' if self._up else 'not up'}>"

    # --- what a flow does with a leg -----------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether the leg has not ended, as far as we know."""
        return self.end is None

    async def answered(self, seconds: float) -> None:
        """Wait until the leg has answered and is ours. Raises HungUp, or TimeoutError after `seconds`."""
        limit = self._limit(seconds)
        while not self._up:
            await self._change(limit)

    async def entered(self, seconds: float) -> None:
        """Wait until the leg is in our application, answered or not. Raises HungUp, or TimeoutError."""
        limit = self._limit(seconds)
        while not self._entered:
            await self._change(limit)

    async def rings(self, seconds: float) -> None:
        """Wait until the leg's phone rings, or is answered. Raises HungUp, or TimeoutError after `seconds`."""
        limit = self._limit(seconds)
        while self.ringing_at is None and not self._up:
            await self._change(limit)

    async def ended(self, seconds: float) -> End:
        """Wait for the leg's end and return it. Raises TimeoutError after `seconds`."""
        limit = self._limit(seconds)
        while self.end is None:
            with contextlib.suppress(HungUp):
                await self._change(limit)
        return self.end

    async def play(self, *media: str) -> bool:
        """Play `media` (ARI media URIs) one after another, to the end.

        Returns False when Asterisk could not play it (a missing or wrong file). Raises HungUp.
        """
        return await (await self.start_playing(*media)).finished()

    async def start_playing(self, *media: str) -> Playing:
        """Start playing `media` and return the playback at once. Raises HungUp."""
        self._plays += 1
        id_ = f"{self.id}-p{self._plays}"
        finished: Waiter[str] = asyncio.get_running_loop().create_future()
        self._playbacks[id_] = finished  # before the request: the event can come before the answer
        try:
            # A list: Asterisk takes commas apart in a query only, in JSON they belong to the one URI.
            await self.request("POST", path("channels", self.id, "play", id_), {"media": list(media)})
        except RequestFailed as error:
            del self._playbacks[id_]
            if error.status != 409:  # 409 after a lost answer: it plays already
                raise
        return Playing(self, id_, finished)

    async def stop_playback(self, id_: str) -> None:
        """Stop a playback; one that has ended already is fine."""
        try:
            await self._ari.request("DELETE", path("playbacks", id_))
        except RequestFailed as error:
            if error.status != 404:
                raise

    async def key(self, seconds: float, during: Playing | None = None) -> str:
        """Return the next key press, in order; keys pressed earlier count (type-ahead).

        Waits while `during` plays and then up to `seconds`. Raises HungUp or TimeoutError.
        """
        if during is not None:
            limit = self._limit(PLAY_SECONDS)
            while not self._keys and not during.over:
                await self._change(limit)
        limit = self._limit(seconds)
        while not self._keys:
            await self._change(limit)
        return self._keys.popleft()

    async def attend(self, other: Coroutine[object, object, T]) -> T:
        """Return what `other` returns, but give it up and raise HungUp as soon as this leg is gone.

        The time limit is that of `other`.
        """
        task = asyncio.ensure_future(other)
        gone = asyncio.ensure_future(self.ended(PATIENCE_SECONDS))
        try:
            await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
            if self.end is not None and not task.done():
                raise HungUp(self.id, self.end)
            return await task
        finally:
            for each in (task, gone):
                each.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)

    async def visit(self, context: str, seconds: float) -> list[str]:
        """Send the leg through a dialplan context that returns it with `Stasis(app, ...)`.

        Returns the arguments that it came back with. Raises HungUp, or TimeoutError after `seconds`.
        """
        self._away, self._args = True, []
        await self.request("POST", path("channels", self.id, "continue"), {"context": context, "extension": "s"})
        limit = self._limit(seconds)
        while self._away:
            await self._change(limit)
        return self._args

    async def check(self) -> None:
        """Ask Asterisk whether the leg is still there. Raises HungUp when it is not."""
        await self.request("GET", path("channels", self.id))

    async def set_variable(self, name: str, value: str) -> None:
        """Set a variable of the channel, for the dialplan to read. Raises HungUp."""
        await self.request("POST", path("channels", self.id, "variable"), {"variable": name, "value": value})

    async def ring(self) -> None:
        """Let the leg hear ringback. Raises HungUp."""
        await self.request("POST", path("channels", self.id, "ring"))

    async def stop_ringing(self) -> None:
        """Stop the ringback. Raises HungUp."""
        await self.request("DELETE", path("channels", self.id, "ring"))

    async def answer(self) -> None:
        """Answer a call that came in. Raises HungUp."""
        await self.request("POST", path("channels", self.id, "answer"))

    async def music(self) -> None:
        """Let the leg, which must be in no bridge, hear the music on hold. Raises HungUp."""
        await self.request("POST", path("channels", self.id, "moh"))

    async def stop_music(self) -> None:
        """Stop the music; where none plays, that is fine. Raises HungUp."""
        with contextlib.suppress(RequestFailed):
            await self.request("DELETE", path("channels", self.id, "moh"))

    async def dial(self, caller: str, seconds: int) -> None:
        """Have Asterisk dial a leg that `Ari.create` made, on behalf of the leg `caller`. Raises HungUp."""
        uri = path("channels", self.id, "dial") + f"?caller={caller}&timeout={seconds}"
        await self.request("POST", uri)

    async def hang_up(self, reason: str = "normal") -> None:
        """Ask for the leg's end; `ended` tells when it has come. A leg that is gone already is fine.

        Only the first reason counts: Asterisk would put a second one over it before the phone has been told.
        """
        if self.end is not None or self._hanging_up:
            return
        self._ended_by = EndedBy.US
        self._hanging_up = True
        try:
            with contextlib.suppress(HungUp):
                await self.request("DELETE", path("channels", self.id), {"reason": reason})
        except BaseException:
            self._hanging_up = False  # not asked for, as far as we know
            raise

    async def request(self, method: str, uri: str, body: object = None) -> str:
        """Send a request about this leg; while Asterisk is away it waits for it to come back.

        Raises HungUp when the leg is gone, RequestFailed otherwise.
        """
        while True:
            await self._ari.connection.wait_up(PATIENCE_SECONDS)
            if self.end is not None:
                raise HungUp(self.id, self.end)
            try:
                return await self._ari.request(method, uri, body)
            except RequestFailed as error:
                if error.status == 404 or self.end is not None:  # the one place where 404 means: gone
                    await self._gone()
                raise
            except ConnectionLost:
                continue  # ids of our own make asking again harmless: 409 and 404 tell what had been done

    async def __aenter__(self) -> Leg:
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            if self.end is None and not self._ari.leaving:
                await self.hang_up()
                await self.ended(GOODBYE_SECONDS)
        except (TimeoutError, RequestFailed, ConnectionFailed) as error:
            log.warning("a leg's end was not seen", leg=self.id, error=str(error))
            self.finish(End(EndedBy.GAP, datetime.now(UTC)))
        finally:
            self._ari.forget(self.id)

    # --- what the connection tells a leg -------------------------------------------------------------

    def on_event(self, event: events.Known) -> None:
        """Take an event. Never waits. (StasisEnd is not among them: a leg's end, with its cause, is told by
        ChannelDestroyed, and a leg that we send into the dialplan has not ended at all.)"""
        match event:
            case events.StasisStart(channel=channel, args=args):
                self._args, self._away, self._entered, self.name = args, False, True, channel.name
                self._on_state(channel.state)
            case events.ChannelStateChange(channel=channel):
                self.name = channel.name
                self._on_state(channel.state)
            case events.ChannelDestroyed(cause=cause, tech_cause=sip):
                self.finish(End(self._ended_by, datetime.now(UTC), cause, sip))
            case events.ChannelDtmfReceived(digit=digit):
                self._on_key(digit)
            case events.PlaybackFinished(playback=playback):
                self.playback_finished(playback.id, playback.state)

    def reconcile(self, channel: events.Channel | None) -> None:
        """Take what a look at Asterisk showed, after a time without events; None: the channel is gone."""
        if channel is None:
            self.finish(End(EndedBy.GAP, datetime.now(UTC)))
            return
        self.name = channel.name
        if channel.in_stasis:
            self._away, self._entered = False, True
            self._on_state(channel.state)

    def finish(self, end: End) -> None:
        """The leg has ended: everyone who waits on it is told."""
        if self.end is not None:
            return
        self.end = end
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(HungUp(self.id, end))
        for playback in self._playbacks.values():
            if not playback.done():
                playback.set_result("gone")
        self._playbacks.clear()

    def playing(self) -> Iterable[str]:
        """Return the ids of the playbacks that are not known to have ended."""
        return tuple(self._playbacks)

    def playback_finished(self, id_: str, state: str) -> None:
        """A playback has ended as `done` or `failed`."""
        waiter = self._playbacks.pop(id_, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(state)
        self._wake()

    def _on_state(self, state: str) -> None:
        """Take the channel's state. A leg is up when it is answered AND ours: an originated one is answered first."""
        if state == "Ringing":
            self.ringing_at = self.ringing_at or datetime.now(UTC)
        elif state == "Up":
            self.answered_at = self.answered_at or datetime.now(UTC)
            self._up = self._up or self._entered
        self._wake()

    def _on_key(self, digit: str) -> None:
        if len(self._keys) == KEYS_KEPT:
            self._context.run(log.warning, "key presses overflow: the oldest is dropped", leg=self.id)
        self._keys.append(digit)
        self._wake()

    # --- waiting -------------------------------------------------------------------------------------

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _limit(self, seconds: float) -> float:
        """Return the moment (the loop's time) until which a wait of `seconds` from now may last."""
        return asyncio.get_running_loop().time() + seconds

    async def _change(self, limit: float) -> None:
        """Wait for the next change of this leg. Raises HungUp; TimeoutError at the moment `limit`."""
        if self.end is not None:
            raise HungUp(self.id, self.end)
        loop = asyncio.get_running_loop()
        waiter: Waiter[object] = loop.create_future()
        timer = loop.call_at(limit, expire, waiter)  # a tenth of what asyncio.timeout costs
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)

    async def _gone(self) -> None:
        """Asterisk does not know the leg any more: wait a moment for the event that says why."""
        with contextlib.suppress(TimeoutError):
            await self.ended(GOODBYE_SECONDS)
        if self.end is None:
            self.finish(End(EndedBy.GAP, datetime.now(UTC)))
        assert self.end is not None
        raise HungUp(self.id, self.end)
