"""The chance that calls find no agent: compared with the distribution counted out."""

import numpy as np
import pytest

from uncall_ari.pacing.forecast import Outlook
from uncall_ari.pacing.overload import overload


def distribution(chances: list[float]) -> list[float]:
    """P(0, 1, 2 ... of independent events)."""
    result = [1.0]
    for chance in chances:
        result = [
            (result[n] if n < len(result) else 0.0) * (1 - chance) + (result[n - 1] * chance if n else 0.0)
            for n in range(len(result) + 1)
        ]
    return result


def counted(calls: list[float], agents: list[float], free: int) -> float:
    """P(answers >= free agents + those who become free)."""
    answers, freed = distribution(calls), distribution(agents)
    return sum(a * b for n, a in enumerate(answers) for m, b in enumerate(freed) if n >= free + m)


def moments(chances: list[float]) -> np.ndarray:
    p = np.array(chances)
    v = p * (1 - p)
    return np.array([[p.sum()], [v.sum()], [(v * (1 - 2 * p)).sum()]])


def chance(outlook: Outlook, counts: int, doubt: float = 0.0, override: float = 1.0) -> list[float]:
    """Of an overload with 0, 1, 2 ... calls more, each with a chance of 0.3."""
    rows = overload(outlook, np.array([0.3]), np.arange(float(counts)), (doubt, doubt), override)
    return [float(row[0]) for row in rows]


@pytest.mark.parametrize(
    ("calls", "busy", "free"),
    [(6, 4, 1), (12, 3, 5), (20, 12, 3), (60, 25, 12), (400, 180, 60)],
)
def test_it_agrees_with_the_counted_distribution(calls: int, busy: int, free: int) -> None:
    chances = [0.1 + 0.25 * (n % 5) / 5 for n in range(calls)]
    agents = [0.05 + 0.3 * (n % 7) / 7 for n in range(busy)]
    outlook = Outlook(moments(chances), moments(agents), free)
    for more, found in enumerate(chance(outlook, 6)):
        exact = counted(chances + [0.3] * more, agents, free)
        assert found == pytest.approx(exact, abs=0.02), f"with {more} calls more"


def test_each_call_more_raises_it_and_doubt_does_when_it_is_small() -> None:
    outlook = Outlook(moments([0.3] * 20), moments([0.2] * 10), 8)
    sure, doubted = chance(outlook, 8), chance(outlook, 8, doubt=0.1)
    assert sure == sorted(sure)
    assert doubted[0] > sure[0]


def test_the_override_is_a_factor_on_the_agents() -> None:
    outlook = Outlook(moments([0.3] * 20), moments([0.2] * 10), 8)
    bold, neutral, timid = (chance(outlook, 1, override=factor)[0] for factor in (1.3, 1.0, 0.7))
    assert bold < neutral < timid
