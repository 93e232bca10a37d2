"""The abandon budget: careful at first, near the ceiling later, and always going on."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.pacing import Budget

TODAY = 1000


def budget(answers: int, abandoned: int, *, day: int = TODAY, ceiling: float = 0.03) -> Budget:
    return Budget(ceiling, [(day, answers, abandoned)] if answers else [])


def test_it_begins_below_the_ceiling() -> None:
    assert 0.0 < budget(0, 0).target(TODAY) < 0.5 * 0.03


def test_what_was_saved_may_be_spent_but_not_at_once() -> None:
    assert budget(5000, 100).target(TODAY) == pytest.approx(1.5 * 0.03)


def test_at_the_ceiling_less_than_the_ceiling_is_allowed() -> None:
    assert 0.0 < budget(5000, 150).target(TODAY) < 0.03


def test_when_too_much_is_spent_the_target_is_nothing() -> None:
    assert budget(5000, 160).target(TODAY) == 0.0
    assert budget(20, 6).target(TODAY) == 0.0


def test_it_does_not_starve() -> None:
    """One loss among the first customers is far above 3 %, and no reason to stop for long."""
    spent = budget(10, 1)
    assert spent.target(TODAY) > 0.0
    overspent = budget(100, 10)
    for _ in range(400):
        overspent.answered(TODAY)
    assert overspent.target(TODAY) > 0.0


def test_thirty_days_bound_a_good_day() -> None:
    """Ten days at 4 %: today may be perfect, it pays for them."""
    rows = [(TODAY - ago, 1000, 40) for ago in range(1, 11)]
    bound = Budget(0.03, rows)
    for _ in range(2000):
        bound.answered(TODAY)
    assert bound.target_day(TODAY) > 0.03
    assert bound.target_month(TODAY) == 0.0
    assert bound.target(TODAY) == 0.0


def test_days_before_the_thirty_are_forgotten() -> None:
    rows = [(TODAY - 30, 1000, 500), (TODAY - 29, 1000, 10)]
    bound = Budget(0.03, rows)
    assert bound.month(TODAY) == (1000, 10)
    assert bound.month(TODAY - 1) == (2000, 510)
    bound.answered(TODAY)
    assert bound.month(TODAY) == (1001, 10)


def test_a_day_and_its_parts_are_added_up() -> None:
    bound = Budget(0.03, [(TODAY, 10, 1), (TODAY, 5, 0)])
    bound.answered(TODAY)
    bound.abandoned(TODAY)
    assert bound.of_day(TODAY) == (16, 2)
    assert bound.of_day(TODAY + 1) == (0, 0)


@pytest.mark.parametrize("ceiling", [0.0, -1.0, 1.01, float("nan")])
def test_an_impossible_ceiling_is_refused(ceiling: float) -> None:
    with pytest.raises(ValueError, match="ceiling"):
        Budget(ceiling)


@given(st.integers(0, 20000), st.integers(0, 2000), st.floats(0.005, 0.2))
def test_the_target_is_a_rate_and_falls_with_each_loss(answers: int, abandoned: int, ceiling: float) -> None:
    one = budget(answers + 1, min(abandoned, answers), ceiling=ceiling).target(TODAY)
    more = budget(answers + 1, min(abandoned, answers) + 1, ceiling=ceiling).target(TODAY)
    assert 0.0 <= more <= one <= 1.5 * ceiling


@pytest.mark.parametrize("answers", [300, 2000, 10000])
def test_who_follows_the_target_keeps_the_ceiling_on_19_days_of_20_and_uses_it(answers: int) -> None:
    """Losses in clumps of two, at exactly the rate that the target allows."""
    rates = []
    for day in range(60):
        chance, bound = random.Random(day), Budget(0.03)
        for _ in range(answers):
            bound.answered(TODAY)
            if chance.random() < bound.target(TODAY) / 2:
                bound.abandoned(TODAY)
                bound.abandoned(TODAY)
        rates.append(bound.of_day(TODAY)[1] / answers)
    assert sum(rate <= 0.03 for rate in rates) >= 57, sorted(rates)[-6:]
    assert sum(rates) / len(rates) > 0.03 * (1 - 8 / (0.03 * answers)) * 0.9
