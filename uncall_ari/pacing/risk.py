"""The price of a lost customer: which risk a call may take, so that the abandon rate comes out as aimed at."""


class RiskScale:
    """How a chosen risk turns into an abandon rate, learned from what happens.

    A call is started while the chance that it finds no agent is at most the risk. Most calls are started at a lower
    chance, and before other things change it, so the abandon rate is another figure than the risk. Their relation
    depends on the size of the team and on how true the model is, so it is counted: abandoned calls for each unit of
    risk that was taken.
    """

    MEMORY = 2000.0  # answers
    LEAST, MOST = 0.002, 0.6  # risks

    def __init__(self, part: float = 1.0, trust: float = 3.0) -> None:
        """`part` is where it begins, `trust` the abandoned calls that this is worth."""
        self._abandoned, self._risk = part * trust, trust
        self._abandoned = trust
        self._risk = trust / part

    def risk(self, aim: float) -> float:
        """The risk to take for an abandon rate of `aim`."""
        return min(self.MOST, max(self.LEAST, aim * self._risk / self._abandoned))

    def answered(self, risk: float) -> None:
        """A customer answered while `risk` was taken."""
        fade = 1.0 - 1.0 / self.MEMORY
        self._risk = self._risk * fade + risk
        self._abandoned *= fade

    def abandoned(self) -> None:
        """A customer found no agent in time."""
        self._abandoned += 1.0
