"""What the next seconds bring: answers of the calls in flight, agents who become free, and how they meet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uncall_ari.pacing.durations import Durations, Floats

PATIENCE = 2.0  # seconds: who has answered and waits longer for an agent counts as abandoned
RING_STEP, RING_BINS = 0.5, 120  # calls in flight: 60 s
TALK_STEP, TALK_BINS = 2.0, 600  # talks: 20 minutes, in steps in which nobody's end can be told more exactly
FURTHEST = 45  # seconds: the longest look ahead
_RINGS = np.arange(RING_BINS + 1) * RING_STEP


@dataclass(frozen=True, slots=True)
class Outlook:
    """Answers and free agents by each second from now on: row 0 the mean, 1 the variance, 2 the third moment."""

    answers: Floats  # 3 x horizons
    agents: Floats  # 3 x horizons, without those who are free now
    free: int


class Shapes:
    """When answers come and failures end, whatever their number: P(by then), each RING_STEP seconds."""

    def __init__(self, answers: Durations, failures: Durations, ages: Floats, promise: Floats) -> None:
        """`ages` are those of the calls in flight, `promise` the chance of each to be answered yet."""
        self.reached = 1.0 - answers.survival(ages, promise)
        self.failing = failures.survival(ages, 1.0 - promise)
        latest = int(np.searchsorted(self.reached, 0.995)) * RING_STEP
        self.horizons = min(FURTHEST, max(5, int(latest) + 1)) + 1
        ahead = np.arange(RING_BINS + 1)[:, None] + (np.arange(self.horizons) / RING_STEP).astype(np.int64)[None, :]
        self.gained = self.reached[np.minimum(ahead, RING_BINS)] - self.reached[:, None]


class Ringing:
    """P(a call that has rung so long is answered within h seconds), for h = 0, 1, 2 ..."""

    def __init__(self, rate: float, shapes: Shapes) -> None:
        self.rate, self.horizons = rate, shapes.horizons
        alive = rate * (1.0 - shapes.reached) + (1.0 - rate) * shapes.failing
        self.alive, self.reached = alive, shapes.reached
        self.chances = np.minimum(shapes.gained * (rate / np.maximum(alive, 1e-9))[:, None], 1.0)
        self.moments = _moments(self.chances)
        self.fresh = self.chances[0]  # a call that is started now
        self.arrival = np.diff(self.fresh, prepend=0.0) / max(self.fresh[-1], 1e-9)  # when its answer comes

    def due(self, before: Floats, now: Floats) -> Floats:
        """P(a call that has rung `before` seconds is answered until it has rung `now`)."""
        reached = np.interp(now, _RINGS, self.reached) - np.interp(before, _RINGS, self.reached)
        return np.asarray(
            np.minimum(self.rate * reached / np.maximum(np.interp(before, _RINGS, self.alive), 1e-9), 1.0)
        )

    def places(self, ages: Sequence[float] | Floats) -> NDArray[np.int64]:
        """The rows of the table for calls of these ages."""
        return np.minimum((np.asarray(ages) / RING_STEP + 0.5).astype(np.int64), RING_BINS)


class Talking:
    """P(an agent who has talked so long is free within h + 2 seconds), wrap-up included, for h = 0, 1, 2 ..."""

    def __init__(self, survival: Floats, wrap_up: float, horizons: int) -> None:
        ahead = (np.arange(horizons) + PATIENCE - wrap_up) / TALK_STEP
        lasts = np.arange(TALK_BINS + 1)
        later = lasts[:, None] + np.maximum(ahead, 0.0)[None, :]
        log = np.log(np.maximum(survival, 1e-12))
        below = np.minimum(later.astype(np.int64), TALK_BINS - 1)
        part = np.minimum(later - below, 1.0)
        self.chances = 1.0 - np.exp(log[below] * (1.0 - part) + log[below + 1] * part - log[:, None])
        self.moments = _moments(self.chances)

    def places(self, talked: Sequence[float]) -> NDArray[np.int64]:
        """The rows of the table for agents who have talked so long."""
        return np.minimum((np.asarray(talked) / TALK_STEP + 0.5).astype(np.int64), TALK_BINS)


def outlook(
    ringing: Ringing,
    talking: Talking,
    calls: Sequence[float],
    talked: Sequence[float],
    wrapping: Sequence[float],
    free: int,
    others: tuple[float, float],
) -> Outlook:
    """Return what is to be expected of these calls and agents."""
    horizons = ringing.horizons
    answers = agents = np.zeros((3, horizons))
    if calls:
        counts = np.bincount(ringing.places(calls), minlength=RING_BINS + 1)
        answers = (counts @ ringing.moments).reshape(3, horizons)
    if talked:
        counts = np.bincount(talking.places(talked), minlength=TALK_BINS + 1)
        agents = (counts @ talking.moments).reshape(3, horizons)
    if wrapping:
        agents = agents.copy()
        agents[0] += np.searchsorted(np.sort(wrapping), np.arange(horizons) + PATIENCE, side="right")
    if others[0] > 0.0:
        shape = np.cumsum(ringing.arrival)
        answers = answers + np.array([others[0], others[1], others[1]])[:, None] * shape
    return Outlook(answers, agents, free)


def _moments(chances: Floats) -> Floats:
    """Mean, variance and third central moment of a yes or no with these chances, side by side."""
    variance = chances * (1.0 - chances)
    return np.concatenate([chances, variance, variance * (1.0 - 2.0 * chances)], axis=1)
