"""How many calls are answered: a rate that is steady when nothing changes, and follows a jump within a minute."""

import math
from collections import deque

LEAST, MOST = 0.002, 0.98  # rates
LEAST_STEP = 0.5  # one look does not bring the rate down further than by half


class AnswerRate:
    """The share of calls that bring a customer, learned second by second from all calls, those that ring as well.

    Answers and failures take their own times, so a share of the ended calls would mislead after each change of pace.
    Instead each call counts from its beginning: at first for the rate itself, then, while it rings, for its promise,
    the chance that it is answered yet, and at its end for 1 or 0. What a promise loses or gains is 0 on average,
    whatever the pace and whatever ends calls early, as long as the rate is true. A gamma distribution says what is
    known of the rate, in answers. A jump is seen sooner in the answers themselves, beside those that were due while
    the calls rang.
    """

    MEMORY = 250.0  # answers
    WINDOWS = (10, 20, 40, 80, 160, 320)  # last looks that are compared with what was believed before them
    UP, DOWN = 7.0, 7.0  # log-likelihood ratios that make a window a jump
    DOUBTED = 12.0  # answers that the memory is worth after a jump down
    FIRST = 40  # calls before there can be a jump

    def __init__(self, prior: float = 0.5, trust: float = 2.0) -> None:
        """`prior` is high on purpose: too high a rate dials too little, too low a rate loses customers."""
        self._rate, self._trust = prior, trust  # `_trust` in answers
        self._answers = self._exposure = 0.0  # since the beginning; answers that were due are rate * exposure
        self._past: deque[tuple[float, float, float]] = deque(maxlen=self.WINDOWS[-1])  # these and the rate, by look
        self.known = 0  # calls that ended

    @property
    def value(self) -> float:
        """The probability that a call is answered, LEAST to MOST."""
        return self._rate

    @property
    def doubt(self) -> float:
        """The relative variance of the value."""
        return 1.0 / (1.0 + self._trust)

    def ended(self, answered: bool, promise: float | None, due: float) -> None:
        """A call ended whose `promise` at the last look was this; None: it began after it. `due`: the chance of its
        answer since then."""
        self.known += 1
        self._answers += float(answered)
        self._exposure += due / self._rate
        if promise is None:
            self._learn(1.0, float(answered))
        else:
            self._learn(0.0, float(answered) - promise)

    def look(self, started: int, change: float, due: float) -> bool:
        """Take the calls in flight into account: so many are new, the promises of all have changed by `change`, those
        of the new ones from the rate, and `due` answers were to be expected of them. Return whether there was a jump.
        One up is followed at once, as customers are at stake; one down by forgetting quickly, as it may be chance and
        would be answered by too many calls."""
        self._exposure += due / self._rate
        self._learn(float(started), started * self._rate + change)
        jump = self._jump() if self.known >= self.FIRST else None
        if jump is None:
            self._past.append((self._answers, self._exposure, self._rate))
            return False
        answers, expected = jump
        level = -math.log1p(-self._rate) * (answers + 0.5) / (expected + 0.5)  # what hazards are proportional to
        rate = -math.expm1(-level)
        if rate > self._rate:
            self._rate, self._trust = min(MOST, rate), max(3.0, answers)
        else:
            self._trust = min(self._trust, self.DOUBTED)
        self._past.clear()
        return True

    def _learn(self, calls: float, answers: float) -> None:
        """So many calls began, and so many answers more are there or promised."""
        expected = calls * self._rate
        self._trust = min(self.MEMORY, self._trust + expected)
        self._rate *= max(LEAST_STEP, 1.0 + (answers - expected) / self._trust)
        self._rate = min(MOST, max(LEAST, self._rate))

    def _jump(self) -> tuple[float, float] | None:
        """(answers, those that were due) of the window that differs most from what was believed before it, if that is
        no chance."""
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
                best, found = surprise, (answers, exposure * self._rate)
        return found

    def shift(self, odds: float) -> None:
        """Another hour begins, in which the odds of an answer have been `odds` times as high as in the last one."""
        p = self._rate
        self._rate = min(MOST, max(LEAST, p * odds / (1.0 - p + p * odds)))
        self._trust = min(self._trust, 20.0)
        self._past.clear()
