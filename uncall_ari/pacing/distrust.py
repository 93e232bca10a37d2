"""Whether the forecast is to be believed, once the abandon budget is spent.

Then calls are started at almost no risk, by the forecast's own word. When customers are lost all the same, the forecast
is wrong: by talks that are shorter than its steps, say. What was in flight when the budget ran out proves nothing.
"""

PROOF = 2.0  # lost customers
SHARE = 0.01  # and of those who have answered since: five times the least risk that is taken


class Distrust:
    """Counts what happens while the budget is spent."""

    def __init__(self) -> None:
        self._since = 0.0
        self._answers, self._lost = 0.0, 0.0
        self._spent = False

    @property
    def forecast(self) -> bool:
        """Whether the forecast has been proved wrong since the budget ran out."""
        return self._spent and self._lost >= PROOF + SHARE * self._answers

    def look(self, *, spent: bool, now: float, in_flight: float) -> None:
        """Take in whether the budget is spent, and how many seconds a call that was started before may matter."""
        if spent and not self._spent:
            self._since = now + in_flight
            self._answers = self._lost = 0.0
        self._spent = spent

    def answered(self, now: float) -> None:
        """A customer answered."""
        self._answers += now >= self._since

    def abandoned(self, now: float) -> None:
        """A customer found no agent in time."""
        self._lost += now >= self._since
