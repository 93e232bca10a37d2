"""The pacer of a task: how many calls to start now. Pure: it knows the time only from what it is told."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from uncall_ari.pacing.budget import DEFAULT_CEILING, Budget
from uncall_ari.pacing.distrust import Distrust
from uncall_ari.pacing.forecast import PATIENCE, Outlook
from uncall_ari.pacing.knowledge import Knowledge
from uncall_ari.pacing.overload import overload
from uncall_ari.pacing.risk import RiskScale
from uncall_ari.pacing.situation import Mode, PastCall, Reason, Situation, Why

SMART_RISK = 0.05  # mode i: a call is started while the chance that it finds no agent is at most this
LEARNING_CALLS = 30  # until so many calls have ended, one call for each free agent
_BATCHES = (np.arange(0.0, 6.0), np.arange(6.0, 40.0))  # how many calls are looked at together

Clock = Callable[[float], tuple[int, int]]


def simple_clock(now: float) -> tuple[int, int]:
    """(day, hour) for a `now` that counts seconds from a midnight."""
    days, seconds = divmod(now, 86400.0)
    return int(days), int(seconds // 3600.0)


class Pacer:
    """Paces one task. Ask `calls` a few times a second and after each change, and tell it what happens."""

    def __init__(
        self,
        mode: Mode,
        override: float = 1.0,
        ceiling: float = 0.0,
        budget: Budget | None = None,
        clock: Clock = simple_clock,
    ) -> None:
        """`override` is the task_override, `ceiling` the task_loss_ceiling as a share, 0 where none is given.

        `budget` holds the past of this task; `clock` gives (day number, hour) of a `now`, in the local time of the
        people who are called. ValueError for an override that is not above 0, or a ceiling outside 0..1.
        """
        self.budget = budget or Budget()
        self.change(mode, override, ceiling)
        self._clock = clock
        self._known = Knowledge()
        self._scale = RiskScale()
        self._risk = 0.0
        self._distrust = Distrust()

    def change(self, mode: Mode, override: float, ceiling: float) -> None:
        """Go on as the task's row says now; what was learned stays. ValueError as above."""
        if not 0.0 < override < math.inf:
            raise ValueError(f"an override of {override} is none: it is above 0, and 1 is neutral")
        self.budget.change(ceiling or DEFAULT_CEILING)
        self.mode = mode
        # In mode ai the ceiling decides how bold to be, not the client: above 1, the forecast would be made false.
        self.override = min(override, 1.0) if mode is Mode.ADVANCED else override

    # --- what is asked -------------------------------------------------------------------------------

    def calls(self, s: Situation) -> int:
        """How many calls to start now, 0 to `s.room`."""
        self._look(s)
        if not s.staffed or s.room <= 0:
            return 0
        if self.mode is Mode.PLAIN:
            return self._plain(s)
        if self._learns:
            return self._one_each(s)
        return self._smart(s, self._known.ahead(s))[0]

    def reason(self, s: Situation) -> Reason:
        """The same number, and why it is not greater, for people who ask."""
        self._look(s)
        if not s.staffed:
            return Reason(Why.NO_AGENTS)
        if s.room <= 0:
            return Reason(Why.NO_ROOM)
        if self.mode is Mode.PLAIN:
            calls = self._plain(s)
            return Reason(Why.CALLS if calls == s.room else Why.IN_FLIGHT if s.free else Why.AGENTS_BUSY, calls)
        if self._learns:
            return Reason(Why.LEARNING, self._one_each(s))
        ahead = self._known.ahead(s)
        calls, risk = self._smart(s, ahead)
        answers, agents = float(ahead.answers[0, -1]), s.free + float(ahead.agents[0, -1])
        why = Why.CALLS if calls == s.room else self._why(s, agents)
        return Reason(why, calls, answers, agents, risk, self._risk)

    def expected(self, s: Situation) -> tuple[float, float]:
        """Mean and variance of the answers that `s.ringing` will still bring: `Situation.others` of other tasks."""
        self._look(s)
        if not s.ringing:
            return 0.0, 0.0
        chances = self._known.ringing.chances[self._known.ringing.places(s.ringing), -1]
        return float(chances.sum()), float((chances * (1.0 - chances)).sum())

    # --- how many ------------------------------------------------------------------------------------

    @property
    def _learns(self) -> bool:
        return self._known.rate.known < LEARNING_CALLS

    def _plain(self, s: Situation) -> int:
        """task_override calls for each free agent, and at least one call while anybody is free."""
        wanted = max(math.floor(self.override * s.free + 1e-9), 1) if s.free else 0
        return min(s.room, max(0, wanted - len(s.ringing) - s.rivals))

    def _one_each(self, s: Situation) -> int:
        """One call for each free agent: whoever answers has his."""
        return min(s.room, max(0, s.free - len(s.ringing) - math.ceil(s.others[0])))

    def _smart(self, s: Situation, ahead: Outlook) -> tuple[int, float]:
        """(how many, the risk of one more): calls are added while the risk of the next one can be taken."""
        ringing, doubt, calls = self._known.ringing, self._known.doubt, 0
        for counts in _BATCHES:
            risks = overload(ahead, ringing.fresh, counts, doubt, self.override) @ ringing.arrival
            too_much = risks > self._risk
            first = int(too_much.argmax())
            if too_much[first]:
                calls += first
                break
            calls += len(counts)
        foreseen = 0 if self._distrust.forecast else min(calls, s.room)
        chosen = max(foreseen, self._one_each(s))
        return chosen, float(risks[min(first, len(risks) - 1)])

    def _why(self, s: Situation, agents: float) -> Why:
        if self.mode is Mode.ADVANCED:
            day, _ = self._clock(s.now)
            if self.budget.target_day(day) <= 0.0:
                return Why.BUDGET_DAY
            if self.budget.target_month(day) <= 0.0:
                return Why.BUDGET_30_DAYS
        return Why.AGENTS_BUSY if agents < 0.5 else Why.IN_FLIGHT

    # --- what happens --------------------------------------------------------------------------------

    def dialled(self, now: float) -> None:
        """A call was started. Nothing is learned from it before it ends; `Situation.ringing` has it meanwhile."""

    def answered(self, ring_seconds: float, now: float) -> None:
        """A customer who needs an agent joins the queue, so long after dialling."""
        day, hour = self._clock(now)
        self._known.ended(True, ring_seconds, now, hour)
        self.budget.answered(day)
        self._scale.answered(self._risk)
        self._distrust.answered(now)

    def unanswered(self, ring_seconds: float, now: float) -> None:
        """A call ended without one: busy, refused, no answer, a machine, whatever it was."""
        self._known.ended(False, ring_seconds, now, self._clock(now)[1])

    def connected(self, waited_seconds: float, now: float) -> None:
        """A customer has his agent in time. Nothing is learned from it: who is not abandoned counts as served."""

    def abandoned(self, now: float) -> None:
        """A customer found no agent within 2 s, or hung up before."""
        self.budget.abandoned(self._clock(now)[0])
        self._scale.abandoned()
        self._distrust.abandoned(now)

    def talked(self, seconds: float, now: float) -> None:
        """A talk is over."""
        self._known.talked(seconds, self._clock(now)[1])

    def wrapped(self, seconds: float, now: float) -> None:
        """An agent's wrap-up is over."""
        self._known.wrapped(seconds)

    def learn(self, history: Iterable[PastCall]) -> None:
        """Learn from past calls of this task, the oldest first, as after a restart."""
        for call in history:
            self._known.past(call)

    def _look(self, s: Situation) -> None:
        """Renew what is derived from the learned, when it is time."""
        day, hour = self._clock(s.now)
        if self._known.look(s, hour):
            advanced = self.mode is Mode.ADVANCED
            target = self.budget.target(day)
            self._risk = self._scale.risk(target) if advanced else SMART_RISK
            in_flight = self._known.ringing.horizons + PATIENCE
            self._distrust.look(spent=advanced and target <= 0.0, now=s.now, in_flight=in_flight)
