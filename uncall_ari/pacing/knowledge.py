"""What is known of a task's calls and agents, and the tables for looking ahead that are made from it."""

import math

import numpy as np

from uncall_ari.pacing.durations import Durations, Floats
from uncall_ari.pacing.forecast import (
    RING_BINS,
    RING_STEP,
    TALK_BINS,
    TALK_STEP,
    Outlook,
    Ringing,
    Shapes,
    Talking,
    outlook,
)
from uncall_ari.pacing.hours import Hours, odds, stretch
from uncall_ari.pacing.rate import AnswerRate
from uncall_ari.pacing.situation import PastCall, Situation

_LOOK_EVERY = 1.0  # seconds between two looks at the calls in flight
_SHAPES_EVERY = 10.0  # seconds between two renewals of what changes slowly, after the first _NEW calls
_NEW = 500
_SAME = 1e-6  # seconds: rounding
_NOTICED = 0.005  # a relative change of the answer rate below this changes nothing
_WRAPS = 50.0  # wrap-ups that are remembered


class Knowledge:
    """Answer rate, ring time, talk and wrap-up of one task. It begins with careful guesses, which fade."""

    def __init__(self) -> None:
        self.rate = AnswerRate()
        self._answer_hours, self._talk_hours, self._hour = Hours(), Hours(), -1
        self._ring_answered = Durations(RING_STEP, RING_BINS, median=10.0, spread=0.7, trust=5.0, memory=1500.0)
        self._ring_failed = Durations(RING_STEP, RING_BINS, median=25.0, spread=0.5, trust=5.0, memory=1500.0)
        self._talks = Durations(TALK_STEP, TALK_BINS, median=100.0, spread=0.9, trust=20.0, memory=2000.0)
        self._wrap_up, self._wraps = 0.0, 0.0
        self._looked = self._renewed = -math.inf
        self._shapes = Shapes(self._ring_answered, self._ring_failed, np.empty(0), np.empty(0))
        self.ringing = Ringing(self.rate.value, self._shapes)
        self._talking = Talking(self._talks.survival(), 0.0, self.ringing.horizons)

    @property
    def doubt(self) -> tuple[float, float]:
        """How wrong the forecasts of answers and of free agents may be, as relative variances."""
        return self.rate.doubt + 1.0 / (1.0 + self._ring_answered.weight), 1.0 / (1.0 + self._talks.weight)

    def ahead(self, s: Situation) -> Outlook:
        """What the next seconds bring. `look` comes first."""
        free = s.free if s.free else -s.waiting
        return outlook(self.ringing, self._talking, s.ringing, s.talking, s.wrapping, free, s.others)

    def look(self, s: Situation, hour: int) -> bool:
        """Take in what the situation tells, in this hour of the day; False when the last look was just now."""
        since = s.now - self._looked
        if since < _LOOK_EVERY:
            return False
        self._looked = s.now
        ages = np.asarray(s.ringing)
        past = np.maximum(ages - since, 0.0)
        promised, before = self._promise(ages), self._promise(past)
        new = ages <= since + _SAME  # those that were started right after the last look as well
        before[new] = self.rate.value
        self.rate.look(int(new.sum()), float((promised - before).sum()), float(self.ringing.due(past, ages).sum()))
        self._turn(hour)
        renews = s.now - self._renewed >= (_SHAPES_EVERY if self.rate.known > _NEW else _LOOK_EVERY)
        if renews:
            self._renewed = s.now
            self._shapes = Shapes(self._ring_answered, self._ring_failed, ages, promised)
        if renews or abs(self.rate.value / self.ringing.rate - 1.0) > _NOTICED:
            self.ringing = Ringing(self.rate.value, self._shapes)
        if renews:
            survival = self._talks.survival(s.talking)
            self._talking = Talking(survival, self._wrap_up, self.ringing.horizons)
        return True

    def ended(self, answered: bool, ring_seconds: float, now: float, hour: int) -> None:
        """A call has joined the queue, or will not."""
        at_look = ring_seconds - (now - self._looked)
        past, end = np.array([max(at_look, 0.0)]), np.array([ring_seconds])
        promise = float(self._promise(past)[0]) if at_look > _SAME else None
        self.rate.ended(answered, promise, float(self.ringing.due(past, end)[0]))
        self._answer_hours.add(hour, float(answered))
        (self._ring_answered if answered else self._ring_failed).add(ring_seconds)

    def talked(self, seconds: float, hour: int) -> None:
        """A talk is over."""
        self._talks.add(seconds)
        self._talk_hours.add(hour, math.log(max(1.0, seconds)))

    def wrapped(self, seconds: float) -> None:
        """A wrap-up is over."""
        self._wraps = min(self._wraps + 1.0, _WRAPS)
        self._wrap_up += (seconds - self._wrap_up) / self._wraps

    def past(self, call: PastCall) -> None:
        """A call of before this engine began."""
        if call.ring_seconds is not None:
            self.ended(call.answered, call.ring_seconds, math.inf, call.hour)
        else:
            self._answer_hours.add(call.hour, float(call.answered))
        if call.talk_seconds is not None:
            self.talked(call.talk_seconds, call.hour)
        if call.wrap_up_seconds is not None:
            self.wrapped(call.wrap_up_seconds)
        self._hour = call.hour

    def _turn(self, hour: int) -> None:
        """Expect what has been usual in this hour, if another one was before it."""
        before, self._hour = self._hour, hour
        if before in (-1, hour):
            return
        if (change := odds(self._answer_hours, before, hour)) != 1.0:
            self.rate.shift(change)
        if (change := stretch(self._talk_hours, before, hour)) != 1.0:
            self._talks.stretch(change)

    def _promise(self, ages: Floats) -> Floats:
        """The chance of calls of these ages to be answered yet."""
        return np.asarray(self.ringing.chances[self.ringing.places(ages), -1])
