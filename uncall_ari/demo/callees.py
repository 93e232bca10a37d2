"""The customers of the campaign with agents: what each does when he is called. Pure: one seed, the same people."""

import itertools
import math
import random
from collections.abc import Collection, Iterator
from typing import Final

from uncall_ari.demo.conducts import AGENTS, CONDUCTS, MobileNumbers
from uncall_ari.lab.phones import TONES, Behaviour, answers, busy, declined, no_answer, unknown

ANSWERING: Final = 0.35  # of all
TALK_MEAN: Final = 5.0  # seconds, log-normal
TALK_SIGMA: Final = 0.5
TALK_SHORTEST: Final = 2.8  # nobody hangs up before it is plain whether he was abandoned
TALK_LONGEST: Final = 10.0  # the demo's end does not have to wait any longer
RING_MEAN: Final = 1.2  # seconds until somebody answers, log-normal
RING_SIGMA: Final = 0.4
RING_LONGEST: Final = 3.0
OTHERS: Final = ((no_answer(), 2), (busy(), 8), (declined(1.0), 6), (unknown(), 4))  # and their shares

AGENT_TONES: Final = dict(zip(AGENTS, TONES, strict=False))  # what each agent says
CUSTOMER_TONES: Final = tuple(tone for tone in TONES if tone not in AGENT_TONES.values())
"""Taken in turn: of so many customers who answer one after another, each has a tone of his own."""


def customers(count: int, seed: int, taken: Collection[str] = ()) -> dict[str, Behaviour]:
    """Return `count` customers by their numbers, in the order in which they are called; none is `taken`."""
    dice = random.Random(f"customers {seed}")  # noqa: S311 - no secret
    mobile, tones = MobileNumbers(dice), itertools.cycle(CUSTOMER_TONES)
    made: dict[str, Behaviour] = {}
    while len(made) < count:
        number = mobile.like(CONDUCTS[0])
        if number not in taken:
            made[number] = _behaviour(dice, tones)
    return made


def _behaviour(dice: random.Random, tones: Iterator[int]) -> Behaviour:
    if dice.random() >= ANSWERING:
        (other,) = dice.choices([each for each, _ in OTHERS], [share for _, share in OTHERS])
        return other
    rings = min(RING_LONGEST, _lognormal(dice, RING_MEAN, RING_SIGMA))
    talks = min(TALK_LONGEST, max(TALK_SHORTEST, _lognormal(dice, TALK_MEAN, TALK_SIGMA)))
    return answers(rings, hang_up_after=talks, tone=next(tones))


def _lognormal(dice: random.Random, mean: float, sigma: float) -> float:
    return dice.lognormvariate(math.log(mean) - sigma**2 / 2, sigma)
