"""How many calls at once and how many per second, and who gets them. Pure: the clock is an argument."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

_WHOLE = 1.0 - 1e-6  # a token but for rounding errors: who waited as told is not sent back for a millionth


class TokenBucket:
    """At most `rate` calls per second: in any second at most `rate + burst`, never more than `burst` at once.

    `now` is a clock that only goes forward, in seconds (the event loop's time). A bucket begins full.
    """

    def __init__(self, rate: float, now: float, burst: float = 1.0) -> None:
        """ValueError unless `rate` is above 0 and `burst` at least 1."""
        if not rate > 0 or not burst >= 1:
            raise ValueError("a rate must be above 0 and a burst at least 1")
        self.rate, self.burst = rate, burst
        self._tokens, self._at = burst, now

    def take(self, now: float) -> bool:
        """Whether a call may start now; if so, it counts as started."""
        self._fill(now)
        if self._tokens < _WHOLE:
            return False
        self._tokens -= 1.0
        return True

    def wait(self, now: float) -> float:
        """Seconds until `take` will say yes, 0 when it would now."""
        self._fill(now)
        return 0.0 if self._tokens >= _WHOLE else (1.0 - self._tokens) / self.rate

    def set_rate(self, rate: float, now: float) -> None:
        """Goes on with another rate from now; ValueError unless it is above 0."""
        if not rate > 0:
            raise ValueError("a rate must be above 0")
        self._fill(now)
        self.rate = rate

    def _fill(self, now: float) -> None:
        passed = max(0.0, now - self._at)
        self._tokens = min(self.burst, self._tokens + passed * self.rate)
        self._at = max(self._at, now)


class Slots:
    """Calls at once: of a trunk (`channels`) or of a task (`call_max`).

    Each slot has a holder, the call's id, so giving one back twice, or taking it again after a restart,
    changes nothing: slots cannot leak by being miscounted.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._holders: set[str] = set()

    @property
    def used(self) -> int:
        """Slots held now. May be above the limit, after `resize` or `adopt`."""
        return len(self._holders)

    @property
    def free(self) -> int:
        """Slots that can still be taken, never below 0."""
        return max(0, self.limit - self.used)

    def take(self, holder: str) -> bool:
        """Whether `holder` has a slot now; False when none is free."""
        if holder not in self._holders and not self.free:
            return False
        self._holders.add(holder)
        return True

    def adopt(self, holder: str) -> None:
        """Gives `holder` a slot in any case: its call is there already, found after a restart."""
        self._holders.add(holder)

    def release(self, holder: str) -> None:
        """Takes the slot back, if `holder` has one."""
        self._holders.discard(holder)

    def resize(self, limit: int) -> None:
        """Sets another limit. Calls above it go on; no slot is free until enough of them have ended."""
        self.limit = limit


def share(capacity: int, demands: Mapping[Key, int], after: Key | None = None) -> dict[Key, int]:
    """What each task gets of a trunk's capacity: round robin, one at a time, until all is given or granted.

    So nobody gets more than he wants, no room stays empty that somebody wants, and two tasks differ
    by more than 1 only where one wants less. The round begins behind `after`, in the order of
    `demands`: pass the task that was served last, and what remains of uneven shares goes round too.
    """
    order = list(demands)
    if after is not None and after in demands:
        start = order.index(after) + 1
        order = order[start:] + order[:start]
    granted = dict.fromkeys(demands, 0)
    left = max(0, capacity)
    wanting = [task for task in order if demands[task] > 0]
    while left and wanting:
        each = min(left // len(wanting), *(demands[task] - granted[task] for task in wanting))
        served = wanting if each else wanting[:left]
        for task in served:
            granted[task] += each or 1
            left -= each or 1
        wanting = [task for task in wanting if demands[task] > granted[task]]
    return granted
