"""Counters, histograms and rates, as plain as can be: each part of the engine counts for itself, and whoever wants to
know reads it. All of it is counted in one thread, so nothing is locked. A call of a function costs what a campaign call
has some thousand of: so what happens for each event and request is measured once in EVERY.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from itertools import accumulate

Labels = tuple[str, ...]

# Upper bounds in seconds.
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # requests, events, statements
SETUPS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0)  # from dialling to the answer
WAITS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)  # for an agent

EVERY = 16  # events, requests: one of so many is measured
MINUTE = 60.0  # seconds
MOST_KEPT = 60_000  # moments of a rate: 1000 a second


class Counter:
    """Counts by labels."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: defaultdict[Labels, int] = defaultdict(int)

    def add(self, *labels: str, by: int = 1) -> None:
        """Count."""
        self.values[labels] += by


class Histogram:
    """How values are spread."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """`bounds` are the upper ones of the buckets, in their order; what is above the last is counted, too."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def take(self, value: float) -> None:
        """Take a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def buckets(self) -> list[tuple[float, int]]:
        """Return (upper bound, values up to it), the last bound infinite."""
        return list(zip((*self.bounds, float("inf")), accumulate(self.counts), strict=True))


class Histograms:
    """Histograms by labels."""

    __slots__ = ("_bounds", "values")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.values: dict[Labels, Histogram] = {}

    def take(self, value: float, *labels: str) -> None:
        """Take a value."""
        histogram = self.values.get(labels)
        if histogram is None:
            histogram = self.values[labels] = Histogram(self._bounds)
        histogram.take(value)


class Rate:
    """How often something happened within the last minute, up to MOST_KEPT times."""

    __slots__ = ("_moments", "add")

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=MOST_KEPT)
        self.add = self._moments.append  # takes the moment: seconds of a clock that only goes forward

    def per_minute(self, now: float) -> int:
        """Return how often it happened in the minute before `now`; what was before that is forgotten."""
        while self._moments and self._moments[0] <= now - MINUTE:
            self._moments.popleft()
        return len(self._moments)
