"""What the hours of the day differ in: answers and talk times, learned over the days."""

import math

_TRUST = 40.0  # calls of an hour after which its own figure counts half
_MOST = 5000.0  # calls of an hour; above, the old ones fade


class Hours:
    """A figure of each hour of the day, on a scale where differences add up, such as a logarithm."""

    def __init__(self) -> None:
        self._sums, self._calls = [0.0] * 24, [0.0] * 24

    def add(self, hour: int, figure: float) -> None:
        """A call of this hour, 0 to 23, with this figure."""
        if self._calls[hour] >= _MOST:
            self._calls[hour] /= 2
            self._sums[hour] /= 2
        self._calls[hour] += 1.0
        self._sums[hour] += figure

    def mean(self, hour: int) -> float:
        """Of the hour's figures; 0 without any."""
        return self._sums[hour] / self._calls[hour] if self._calls[hour] else 0.0

    def trust(self, before: int, after: int) -> float:
        """How much of the difference of two hours is to be believed, 0 to 1; 0 below 40 calls."""
        calls = min(self._calls[before], self._calls[after])
        return calls / (calls + _TRUST) if calls >= _TRUST else 0.0


def odds(answers: Hours, before: int, after: int) -> float:
    """Return how many times as high the odds of an answer are in the hour `after`; 1 while that is not known.

    `answers` has 1 for each call that was answered and 0 for each other.
    """
    return math.exp(answers.trust(before, after) * (_logit(answers.mean(after)) - _logit(answers.mean(before))))


def stretch(talks: Hours, before: int, after: int) -> float:
    """Return how many times as long talks are in the hour `after`; 1 while that is not known.

    `talks` has the logarithm of each talk time.
    """
    return math.exp(talks.trust(before, after) * (talks.mean(after) - talks.mean(before)))


def _logit(share: float) -> float:
    inside = min(0.99, max(0.01, share))
    return math.log(inside / (1.0 - inside))
