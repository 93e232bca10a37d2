"""The abandon budget: how many customers may find no agent, over the day and over 30 days."""

import math
from collections.abc import Iterable

DEFAULT_CEILING = 0.03  # the US rule: at most 3 % of live answers, for each campaign over 30 days
DAYS = 30
_AHEAD = 150.0  # live answers that a target is made for
_CATCH_UP = 1.5  # ceilings: the greatest target, so that what was saved is not spent at once
_RESERVE = 0.02  # of the ceiling: for a jump of the answer rate just before the day ends
_BOUND = 2.33  # standard deviations: the budget holds with a probability of 99 %
_CLUMPED = 2.0  # abandoned calls come in clumps: their variance is so many times that of independent ones


class Budget:
    """Live answers and abandoned ones of today and of the 29 days before it. Days are numbers, any that count up.

    The target for the next answers is the greatest rate with which the day and the 30 days still end at or under
    the ceiling, with 99 % confidence, however soon they end. It is low while there are few answers, near the ceiling
    when there are many, and 0 when too much has been spent: then only calls that an agent waits for are started,
    which cost nothing, so that the rate falls and dialling goes on.
    """

    def __init__(self, ceiling: float = DEFAULT_CEILING, rows: Iterable[tuple[int, int, int]] = ()) -> None:
        """`ceiling` is a share, 0 to 1; `rows` are (day, live answers, abandoned ones) of the past.

        ValueError unless the ceiling is a number above 0 and at most 1.
        """
        self.change(ceiling)
        self._days: dict[int, list[int]] = {}
        for day, answers, abandoned in rows:
            counts = self._days.setdefault(day, [0, 0])
            counts[0] += answers
            counts[1] += abandoned

    def change(self, ceiling: float) -> None:
        """Go on with another ceiling."""
        if not 0.0 < ceiling <= 1.0:
            raise ValueError(f"a ceiling of {ceiling} is none: it is above 0 and at most 1, 0.03 for 3 %")
        self.ceiling = ceiling

    def answered(self, day: int) -> None:
        """A customer answered who needs an agent."""
        self._of(day)[0] += 1

    def abandoned(self, day: int) -> None:
        """One of them found no agent in time."""
        self._of(day)[1] += 1

    def of_day(self, day: int) -> tuple[int, int]:
        """(live answers, abandoned ones) of the day."""
        answers, abandoned = self._days.get(day, (0, 0))
        return answers, abandoned

    def month(self, day: int) -> tuple[int, int]:
        """(live answers, abandoned ones) of the 30 days that end with this one."""
        recent = [counts for at, counts in self._days.items() if day - DAYS < at <= day]
        return sum(each[0] for each in recent), sum(each[1] for each in recent)

    def target(self, day: int) -> float:
        """The rate, 0 to 1, at which the next answers may be abandoned."""
        return min(self.target_day(day), self.target_month(day))

    def target_day(self, day: int) -> float:
        """What today allows, whatever was before."""
        return self._target(*self.of_day(day))

    def target_month(self, day: int) -> float:
        """What the 30 days allow. What has been overspent is saved within about a day."""
        return self._target(*self.month(day))

    def _target(self, answers: int, abandoned: int) -> float:
        """The greatest t with  abandoned + t H + 2.33 sqrt(2 t H) <= 0.98 ceiling * (answers + H),  H answers ahead."""
        left = (1.0 - _RESERVE) * self.ceiling * (answers + _AHEAD) - abandoned
        if left <= 0.0:
            return 0.0
        # A quadratic equation in sqrt(t H).
        half = _BOUND * math.sqrt(_CLUMPED) / 2
        root = math.sqrt(half**2 + left) - half
        return min(_CATCH_UP * self.ceiling, root * root / _AHEAD)

    def _of(self, day: int) -> list[int]:
        counts = self._days.get(day)
        if counts is None:
            counts = self._days[day] = [0, 0]
            for old in [each for each in self._days if each <= day - DAYS]:
                del self._days[old]
        return counts
