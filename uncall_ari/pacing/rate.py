"""How many calls are answered: a rate that is steady when nothing changes, and follows a jump within a minute."""

import math
from collections import deque

import numpy as np

from uncall_ari.pacing.durations import Floats


class AnswerRate:
    """The share of calls that bring a customer, learned second by second from all calls, those that ring as well.

    Answers come early and failures late, so a share of the ended calls would mislead after each change of pace. What
    is compared instead is the answers with those to be expected: for each call the growth of -log(1 - p G(t)) while it
    rang, where G is the distribution of the answer time. Their difference is 0 on average, whatever the pace. The level
    is -log(1 - p); a gamma distribution says what is known of it.
    """

    MEMORY = 250.0  # answers
    WINDOWS = (10, 20, 40, 80, 160, 320)  # last looks that are compared with what was believed before them
    UP, DOWN = 7.0, 7.0  # log-likelihood ratios that make a window a jump
    DOUBTED = 12.0  # answers that the memory is worth after a jump down
    FIRST = 40  # calls before there can be a jump

    def __init__(self, prior: float = 0.5, trust: float = 2.0) -> None:
        """`prior` is high on purpose: too high a rate dials too little, too low a rate loses customers."""
        self._level, self._trust = -math.log1p(-prior), trust  # `_trust` in answers
        self._answers = self._exposure = 0.0  # since the beginning; expected answers are level * exposure
        self._past: deque[tuple[float, float, float]] = deque(maxlen=self.WINDOWS[-1])  # these and the level, by look
        self.known = 0  # calls that ended

    @property
    def value(self) -> float:
        """The probability that a call is answered, 0.002 to 0.98."""
        return min(0.98, max(0.002, -math.expm1(-self._level)))

    @property
    def doubt(self) -> float:
        """The relative variance of the value."""
        return 1.0 / (1.0 + self._trust)

    def ended(self, answered: bool, before: float, reached: float) -> None:
        """A call ended when `reached` (G, 0 to 1) of all answers have come; it was `before` at the last look."""
        self.known += 1
        p = self.value
        self._learn(float(answered), math.log1p(-p * before) - math.log1p(-p * reached))

    def look(self, before: Floats, reached: Floats) -> bool:
        """Take the calls in flight into account, each with `reached` now and `before` at the last look. Return whether
        there was a jump. One up is followed at once, as customers are at stake; one down by forgetting quickly, as it
        may be chance and would be answered by too many calls."""
        p = self.value
        self._learn(0.0, float((np.log1p(-p * before) - np.log1p(-p * reached)).sum()))
        jump = self._jump() if self.known >= self.FIRST else None
        if jump is None:
            self._past.append((self._answers, self._exposure, self._level))
            return False
        answers, exposure = jump
        level = (answers + 0.5) / (exposure + 0.5 / self._level)
        if level > self._level:
            self._level, self._trust = level, max(3.0, answers)
        else:
            self._trust = min(self._trust, self.DOUBTED)
        self._past.clear()
        return True

    def _learn(self, answers: float, expected: float) -> None:
        """So many answers came where so many were expected."""
        self._answers += answers
        self._exposure += expected / self._level
        self._level *= (self._trust + answers) / (self._trust + expected)
        self._level = min(4.0, max(0.002, self._level))
        self._trust = min(self.MEMORY, self._trust + expected)

    def _jump(self) -> tuple[float, float] | None:
        """(answers, exposure) of the window that differs most from what was believed before it, if any is no chance."""
        best, found = 1.0, None
        for size in self.WINDOWS:
            if size > len(self._past):
                break
            before = self._past[-size]
            answers, exposure = self._answers - before[0], self._exposure - before[1]
            expected = exposure * before[2]
            surprise = expected - answers + (answers * math.log(answers / expected) if answers and expected else 0.0)
            surprise /= self.UP if answers > expected else self.DOWN
            if surprise > best:
                best, found = surprise, (answers, exposure)
        return found

    def shift(self, odds: float) -> None:
        """Another hour begins, in which the odds of an answer have been `odds` times as high as in the last one."""
        p = self.value
        self._level = -math.log1p(-p * odds / (1.0 - p + p * odds))
        self._trust = min(self._trust, 20.0)
        self._past.clear()
