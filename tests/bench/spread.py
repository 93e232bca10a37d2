"""Medians and how far the rounds lie apart. Each ratio is taken within one round, so that what disturbs a round
disturbs both sides of it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """What the rounds gave."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of values, one of each round. Raises ValueError where there are none."""
        found = sorted(values)
        if not found:
            raise ValueError("no round has a value")
        return cls(median(found), found[0], found[-1])

    @classmethod
    def of_ratios(cls, ours: Sequence[float], theirs: Sequence[float]) -> "Spread":
        """The spread of ours / theirs, round by round. Raises ValueError where they are not of the same rounds."""
        return cls.of(a / b for a, b in zip(ours, theirs, strict=True))

    def told(self, digits: int = 2, unit: str = "") -> str:
        """`1.23 (1.20 to 1.31) ms`."""
        unit = f" {unit}" if unit else ""
        if self.least == self.most:
            return f"{self.median:,.{digits}f}{unit}"
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f}){unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of the values do not exceed. Raises ValueError where there are none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
