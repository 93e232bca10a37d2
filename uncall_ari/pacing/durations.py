"""How long something takes, learned from what has been seen: a histogram over a prior that fades."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RENORMALISE = 1e9  # growing weights are brought down here


class Durations:
    """The distribution of a duration, on a grid of `bins` steps of `step` seconds.

    Three parts, and the data outweighs them in this order: a log-normal prior (`median` seconds, `spread` of the
    logarithm, worth `trust` observations), a log-normal fitted to what was seen (worth at most `BODY` observations, so
    that tails are smooth), and what was seen itself. An observation counts half after about 0.7 `memory` others.
    """

    BODY = 30.0

    def __init__(self, step: float, bins: int, median: float, spread: float, trust: float, memory: float) -> None:
        self.step, self.bins, self.memory = step, bins, memory
        self._edges = np.log(np.maximum(np.arange(1, bins + 1) * step, 1e-9))
        self._trust, self._log, self._square = trust, math.log(median), math.log(median) ** 2 + spread**2
        self._seen: Floats = np.zeros(bins)
        self._unit = 1.0  # what an observation of now weighs in `_seen`
        self._sums = [0.0, 0.0, 0.0]  # weight, weight * log, weight * log^2

    @property
    def weight(self) -> float:
        """How many observations are remembered, the faded ones counted for what they weigh."""
        return self._sums[0] / self._unit

    def add(self, seconds: float) -> None:
        """It took so many seconds."""
        self._unit *= 1.0 + 1.0 / self.memory
        log = math.log(max(seconds, 0.1 * self.step))
        for power in range(3):
            self._sums[power] += self._unit * log**power
        self._seen[min(self.bins - 1, max(0, int(seconds / self.step)))] += self._unit
        if self._unit > _RENORMALISE:
            self._seen /= self._unit
            self._sums = [each / self._unit for each in self._sums]
            self._unit = 1.0

    def stretch(self, factor: float) -> None:
        """From now on it takes so many times as long as what was seen."""
        log = math.log(factor)
        weight, first, second = self._sums
        self._sums = [weight, first + weight * log, second + 2.0 * log * first + weight * log * log]
        places = np.minimum((np.arange(self.bins) + 0.5) * factor, self.bins - 1).astype(np.int64)
        self._seen = np.bincount(places, self._seen, minlength=self.bins).astype(np.float64)

    def mean(self) -> float:
        """Of the fitted log-normal, in seconds."""
        middle, spread = self._fit()
        return math.exp(middle + spread**2 / 2)

    def survival(self, still: Sequence[float] | Floats = (), weights: Floats | None = None) -> Floats:
        """Return P(longer than k steps) for k = 0..bins, falling from 1 and never quite 0.

        `still` are the durations so far of what goes on: without them the short ones, which end first, would be
        over-represented while there is little data (Kaplan and Meier's estimate). `weights`: how much each counts.
        """
        middle, spread = self._fit()
        body = _normal_below((self._edges - middle) / spread)
        weight = self.weight
        parametric = np.diff(body, prepend=0.0) * min(self.BODY, self._trust + weight)
        parametric[-1] += (1.0 - body[-1]) * min(self.BODY, self._trust + weight)
        ended = self._seen / self._unit + parametric
        at_risk = np.cumsum(ended[::-1])[::-1]
        if len(still):
            places = np.minimum((np.asarray(still) / self.step).astype(np.int64), self.bins)
            at_risk += np.cumsum(np.bincount(places, weights, minlength=self.bins + 1)[::-1])[::-1][1:]
        hazard = np.minimum(ended / np.maximum(at_risk, 1e-12), 1.0 - 1e-6)
        result = np.empty(self.bins + 1)
        result[0] = 1.0
        np.cumprod(1.0 - hazard, out=result[1:])
        return result

    def _fit(self) -> tuple[float, float]:
        weight = self._sums[0] / self._unit + self._trust
        middle = (self._sums[1] / self._unit + self._trust * self._log) / weight
        square = (self._sums[2] / self._unit + self._trust * self._square) / weight
        return middle, math.sqrt(max(square - middle**2, 0.0025))


def _normal_below(z: Floats) -> Floats:
    """P(standard normal below z), within 1e-3: a logistic curve of third order."""
    clipped = np.clip(z, -8.0, 8.0)
    return np.asarray(1.0 / (1.0 + np.exp(-1.5976 * clipped - 0.07056 * clipped**3)))
