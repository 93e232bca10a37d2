"""The board: the talks that go on, the extensions that are being rung, and the calls that screens are to show."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog

from uncall_ari.calls.ongoing import Ongoing
from uncall_ari.calls.records import Pop
from uncall_ari.calls.talk import Talk
from uncall_ari.errors import CommandRefused, WhyNot

POPS_KEPT = 4  # of an extension that nobody polls for
PUSHED_AT_ONCE = 100  # pops that a listener may be behind; a slower one is cut off
POP_SECONDS = 60.0  # a call that began longer ago is not shown any more


class Board:
    """What every command looks at. It keeps no more than what is live, and a few pops."""

    def __init__(self, on_pop: Callable[[Pop], None] = lambda pop: None) -> None:
        self._on_pop = on_pop
        self.ongoing = Ongoing()
        self._talks: list[Talk] = []
        self._rung: dict[str, str] = {}
        self._pops: dict[str, deque[Pop]] = {}
        self._latest: dict[str, Pop] = {}  # by extension
        self._listeners: set[asyncio.Queue[Pop | None]] = set()

    @property
    def talks(self) -> tuple[Talk, ...]:
        """The talks that go on."""
        return tuple(self._talks)

    @contextmanager
    def listing(self, talk: Talk) -> Iterator[None]:
        """Commands find `talk` inside."""
        self._talks.append(talk)
        try:
            with self.ongoing.talking(talk.uid, talk.kind, talk.kept.number):
                yield
        finally:
            self._talks.remove(talk)
            talk.close()

    def reserve(self, extension: str, uid: str) -> None:
        """The extension is rung by the leg `uid` and no other. Raises CommandRefused RINGING when another one does."""
        if self._rung.setdefault(extension, uid) != uid:
            raise CommandRefused(WhyNot.RINGING)

    def release(self, extension: str, uid: str) -> None:
        """The leg `uid` does not ring the extension any more."""
        if self._rung.get(extension) == uid:
            del self._rung[extension]

    @contextmanager
    def ringing(self, extension: str, uid: str) -> Iterator[None]:
        """Reserve an extension, inside; log lines tell it."""
        self.reserve(extension, uid)
        try:
            with structlog.contextvars.bound_contextvars(extension=extension):
                yield
        finally:
            self.release(extension, uid)

    def talk_of(self, extension: str) -> Talk | None:
        """The talk that the extension is in."""
        return next((talk for talk in self._talks if talk.party(extension)), None)

    def talk_held(self, channel: str) -> Talk | None:
        """The talk whose held party has this channel name."""
        return next((talk for talk in self._talks if talk.held is not None and talk.held.leg.name == channel), None)

    def show(self, pop: Pop) -> None:
        """A call rings at an extension, or its agent is being connected: show it once."""
        self._pops.setdefault(pop.extension, deque(maxlen=POPS_KEPT)).append(pop)
        self._latest[pop.extension] = pop
        self._on_pop(pop)
        for listener in tuple(self._listeners):
            if listener.qsize() < PUSHED_AT_ONCE:
                listener.put_nowait(pop)
            elif listener.qsize() == PUSHED_AT_ONCE:
                listener.put_nowait(None)  # it does not keep up: its stream ends here

    @contextmanager
    def listener(self) -> Iterator[asyncio.Queue[Pop | None]]:
        """A queue that gets each pop of every extension at the moment when it is shown; None ends it."""
        queue: asyncio.Queue[Pop | None] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def live_pop(self, extension: str, is_live: Callable[[str], bool]) -> Pop | None:
        """The call that the extension is in or that rings it, shown or not; `is_live` tells whether a leg is."""
        pop = self._latest.get(extension)
        if pop is None:
            return None
        talk = next((talk for talk in self._talks if talk.uid == pop.uid), None)
        if talk is not None:
            return pop if talk.party(extension) or extension in self._rung else None
        return pop if is_live(pop.uid) else None

    def next_pop(self, extension: str) -> Pop | None:
        """The oldest call of the extension that was not shown yet."""
        waiting = self._pops.get(extension)
        while waiting:
            pop = waiting.popleft()
            if datetime.now(UTC) - pop.at < timedelta(seconds=POP_SECONDS):
                return pop
        return None
