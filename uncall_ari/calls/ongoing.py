"""The calls that go on, of all kinds, from their first moment on; and how many there were, and how they ended."""

import enum
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from uncall_ari.metrics.meters import SETUPS, Counter, Histograms, Rate

ANSWERED, UNANSWERED = "answered", "unanswered"
SUCCESS, FAILED = "success", "failed"


class Kind(enum.StrEnum):
    """Who began a call."""

    CAMPAIGN = "campaign"  # a task, on previews too
    CLICK = "click"  # a command: OnClickCall, OnClickBridge
    INBOUND = "inbound"  # somebody outside
    INTERNAL = "internal"  # an extension, whomever it has dialled


@dataclass(slots=True)
class Call:
    """A call that goes on. Who carries it on writes here what happens to it."""

    uid: str
    kind: Kind
    number: str  # of who was called, or has called from outside
    extension: str = ""  # that has ordered or dialled it, or is rung by it, where that is known
    trunk: str = ""
    task: int = 0
    taken_over: bool = False  # from an earlier process: when it began is not measured
    began: float = field(default_factory=time.monotonic)
    answered: bool = False
    cause: str = ""  # why it was not answered


class Ongoing:
    """One for the engine."""

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}  # by uid
        self.started = Counter()  # kind, trunk
        self.ended = Counter()  # kind, cause, outcome
        self.setup = Histograms(SETUPS)  # kind
        self._rates: dict[int, Rate] = {}  # by task

    def begin(self, call: Call) -> None:
        """The call begins."""
        self.calls[call.uid] = call
        self.started.add(call.kind, call.trunk)
        if call.task:
            rate = self._rates.get(call.task)
            if rate is None:
                rate = self._rates[call.task] = Rate()
            rate.add(call.began)

    def answered(self, uid: str) -> None:
        """Who was called has answered, or who has called was put through."""
        call = self.calls.get(uid)
        if call is not None and not call.answered:
            call.answered = True
            if not call.taken_over:
                self.setup.take(time.monotonic() - call.began, call.kind)

    def unanswered(self, uid: str, disposition: str) -> None:
        """Why the call was not answered, in the words of its record: `NO ANSWER`."""
        call = self.calls.get(uid)
        if call is not None:
            call.cause = disposition.lower().replace(" ", "-")

    def end(self, uid: str, cause: str = "", outcome: str = "") -> None:
        """The call is over; without words of the caller's, those are told that are known."""
        call = self.calls.pop(uid, None)
        if call is not None:
            told = ANSWERED if call.answered else call.cause or UNANSWERED
            self.ended.add(call.kind, cause or told, outcome or (SUCCESS if call.answered else FAILED))

    @contextmanager
    def call(self, call: Call) -> Iterator[None]:
        """The call goes on, inside."""
        self.begin(call)
        try:
            yield
        finally:
            self.end(call.uid)

    @contextmanager
    def talking(self, uid: str, kind: Kind, number: str) -> Iterator[None]:
        """The two speak with each other, inside. A call that nobody has begun here was taken over."""
        if uid not in self.calls:
            with self.call(Call(uid, kind, number, taken_over=True)):
                self.answered(uid)
                yield
            return
        self.answered(uid)
        yield

    def per_minute(self, task: int) -> int:
        """Return how many calls of a task began within the last minute."""
        rate = self._rates.get(task)
        found = rate.per_minute(time.monotonic()) if rate else 0
        if rate and not found:
            del self._rates[task]  # no task that was dialled once is kept for ever
        return found
