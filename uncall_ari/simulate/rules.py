"""The rules that are compared: ours, and those of others as their formulas say."""

import statistics
from collections import deque
from collections.abc import Callable
from typing import Protocol

from uncall_ari.pacing import Budget, Mode, Pacer, Situation


class Rule(Protocol):
    """What the simulated day asks and tells. All are called with the simulated second."""

    every: float  # seconds between two questions

    def calls(self, s: Situation) -> int:
        """How many calls to start now."""
        ...

    def answered(self, ring_seconds: float, now: float) -> None: ...
    def unanswered(self, ring_seconds: float, now: float) -> None: ...
    def abandoned(self, now: float) -> None: ...
    def talked(self, seconds: float, now: float) -> None: ...
    def wrapped(self, seconds: float, now: float) -> None: ...


class Silent:
    """A rule that learns nothing."""

    every = 1.0

    def answered(self, ring_seconds: float, now: float) -> None:
        """Nothing is learned from it."""

    unanswered = talked = wrapped = answered

    def abandoned(self, now: float) -> None:
        """Nor from this."""


class Ratio(Silent):
    """So many calls for each free agent, whatever happens: 1 is progressive dialling."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def calls(self, s: Situation) -> int:
        """floor(m * (ready - dialled / m)); queued calls are taken off `free` already."""
        return max(0, int(self.ratio * s.free - len(s.ringing) + 1e-9))


class Vicidial(Silent):
    """VICIdial, ADAPT_HARD_LIMIT or AVERAGE: a dial level that follows who is ready and who waits."""

    every = 2.5  # its auto-dialler looks so often; the level itself is renewed every 15 s

    def __init__(self, ceiling: float, *, hard: bool, target: float = 0.0, intensity: float = 0.0) -> None:
        self.ceiling, self.hard, self.target, self.intensity = ceiling, hard, target, intensity
        self.level = 1.0
        self._samples: list[tuple[int, int]] = []
        self._renew = 15.0
        self._minute: deque[tuple[float, bool]] = deque()  # of each ended call: when, and whether it was dropped
        self._answers = self._drops = 0

    def answered(self, ring_seconds: float, now: float) -> None:
        """A live answer."""
        self._answers += 1
        self._minute.append((now, False))

    def unanswered(self, ring_seconds: float, now: float) -> None:
        """A call without an answer."""
        self._minute.append((now, False))

    def abandoned(self, now: float) -> None:
        """A drop."""
        self._drops += 1
        self._minute.append((now, True))

    def calls(self, s: Situation) -> int:
        """round(level * (agents + target)) - in flight, where talks are in flight too."""
        self._samples.append((s.free, s.waiting))
        if s.now >= self._renew and s.staffed:
            self._renew = s.now + 15.0
            self._adapt(s)
        return round(self.level * (s.staffed + self.target)) - len(s.ringing) - len(s.talking) - s.waiting

    def _adapt(self, s: Situation) -> None:
        ready, waiting = (sum(each[part] for each in self._samples) / len(self._samples) for part in (0, 1))
        self._samples.clear()
        percent = 100.0 * (ready - waiting + self.target) / s.staffed
        percent *= abs(self.intensity / 100 - 1) if percent < 0 else self.intensity / 100 + 1
        self.level = min(3.0, max(1.0, self.level * (1 + percent / 100)))
        while self._minute and self._minute[0][0] < s.now - 60.0:
            self._minute.popleft()
        drops = sum(dropped for _, dropped in self._minute)
        calls = len(self._minute) - drops
        if calls > 20 and drops > 0.5 * calls:
            self.level = max(1.0, self.level / 2)
        if calls and self._answers > 50 and self._drops / self._answers > self.ceiling:
            self.level = 1.0 if self.hard else max(1.0, self.level / 2)


class Issabel(Silent):
    """Issabel: free agents and those who will probably be free within the ring time, over the answer rate.

    A talk will probably end when more than half of the talk times are shorter than what it will have lasted by then;
    that it has lasted so long already is not taken into account.
    """

    every = 3.0

    def __init__(self, *, overcommit: bool) -> None:
        self.overcommit = overcommit
        self._talks: deque[float] = deque(maxlen=500)
        self._rings: deque[float] = deque(maxlen=500)
        self._half_hour: deque[tuple[float, bool]] = deque()
        self._answers = 0

    def answered(self, ring_seconds: float, now: float) -> None:
        """An answer."""
        self._rings.append(ring_seconds)
        self._half_hour.append((now, True))
        self._answers += 1

    def unanswered(self, ring_seconds: float, now: float) -> None:
        """None."""
        self._half_hour.append((now, False))

    def talked(self, seconds: float, now: float) -> None:
        """A completed call."""
        self._talks.append(seconds)

    def calls(self, s: Situation) -> int:
        """free + probably free - waiting - in flight, with overcommit divided by max(answer rate, 0.2)."""
        wanted = float(s.free)
        if len(self._talks) >= 10:
            ring = sum(self._rings) / len(self._rings)
            middle = statistics.median(self._talks)  # by then, the CDF of the talk times is at one half
            wanted += sum(talked + ring >= middle for talked in s.talking)
        wanted -= s.waiting
        while self._half_hour and self._half_hour[0][0] < s.now - 1800.0:
            if self._half_hour.popleft()[1]:
                self._answers -= 1
        if self.overcommit and self._half_hour:
            wanted /= max(self._answers / len(self._half_hour), 0.2)
        return int(wanted) - len(s.ringing)


class Ours:
    """The product's pacer, as it is."""

    every = 1.0

    def __init__(self, ceiling: float, mode: Mode = Mode.ADVANCED) -> None:
        self.pacer = Pacer(mode, 1.0, ceiling, Budget(ceiling))
        self.calls = self.pacer.calls
        self.answered, self.unanswered = self.pacer.answered, self.pacer.unanswered
        self.abandoned = self.pacer.abandoned
        self.talked, self.wrapped = self.pacer.talked, self.pacer.wrapped


RULES: dict[str, Callable[[float], Rule]] = {
    "ai": Ours,
    "i": lambda ceiling: Ours(ceiling, Mode.SMART),
    "progressive": lambda _: Ratio(1.0),
    "ratio-1.5": lambda _: Ratio(1.5),
    "ratio-2": lambda _: Ratio(2.0),
    "vicidial-hard": lambda ceiling: Vicidial(ceiling, hard=True),
    "vicidial-average": lambda ceiling: Vicidial(ceiling, hard=False),
    "issabel": lambda _: Issabel(overcommit=False),
    "issabel-over": lambda _: Issabel(overcommit=True),
}
