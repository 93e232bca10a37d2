"""Calls per second, calls at once, and fair shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.dialer.limits import Slots, TokenBucket, share


def test_a_bucket_spaces_calls_evenly() -> None:
    bucket = TokenBucket(rate=10, now=100.0)
    assert bucket.take(100.0)
    assert not bucket.take(100.0)
    assert bucket.wait(100.0) == pytest.approx(0.1)
    assert not bucket.take(100.09)
    assert bucket.take(100.1)
    assert not bucket.take(100.15)


def test_a_bucket_saves_no_more_than_its_burst() -> None:
    bucket = TokenBucket(rate=10, now=0.0, burst=3)
    assert [bucket.take(1000.0) for _ in range(5)] == [True, True, True, False, False]


def test_a_bucket_forgives_a_clock_that_stands() -> None:
    bucket = TokenBucket(rate=2, now=10.0)
    assert bucket.take(10.0)
    assert not bucket.take(9.0)
    assert bucket.wait(9.5) == pytest.approx(0.5)
    assert bucket.take(10.5)


def test_a_new_rate_counts_from_now_on() -> None:
    bucket = TokenBucket(rate=1, now=0.0)
    assert bucket.take(0.0)
    bucket.set_rate(100, now=0.5)
    assert bucket.wait(0.5) == pytest.approx(0.005)


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0.5)])
def test_a_bucket_needs_a_rate(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        TokenBucket(rate, 0.0, burst)


@given(
    rate=st.floats(0.5, 500),
    burst=st.floats(1, 20),
    steps=st.lists(st.floats(0, 0.3), min_size=1, max_size=200),
)
def test_no_second_has_more_than_rate_and_burst(rate: float, burst: float, steps: list[float]) -> None:
    bucket = TokenBucket(rate, 0.0, burst)
    now, taken = 0.0, list[float]()
    for step in steps:
        now += step
        while bucket.take(now) and len(taken) < 5000:
            taken.append(now)
    for start in taken:
        assert sum(1 for moment in taken if start <= moment < start + 1.0) <= rate + burst + 0.01


@given(rate=st.floats(0.1, 500), calls=st.integers(1, 50))
def test_who_waits_as_told_is_served(rate: float, calls: int) -> None:
    bucket = TokenBucket(rate, 0.0)
    now = 0.0
    for _ in range(calls):
        now += bucket.wait(now)
        assert bucket.take(now)
    assert now == pytest.approx((calls - 1) / rate, rel=1e-3)


def test_slots() -> None:
    slots = Slots(2)
    assert slots.take("a")
    assert slots.take("b")
    assert not slots.take("c")
    assert slots.take("a"), "who has one keeps it"
    assert (slots.used, slots.free) == (2, 0)
    slots.release("a")
    slots.release("a")
    slots.release("never seen")
    assert (slots.used, slots.free) == (1, 1)
    assert slots.take("c")


def test_slots_survive_a_smaller_limit_and_adopted_calls() -> None:
    slots = Slots(1)
    slots.adopt("a")
    slots.adopt("b")
    assert (slots.used, slots.free) == (2, 0)
    slots.resize(3)
    assert slots.free == 1
    slots.resize(0)
    assert not slots.take("c")
    slots.release("a")
    slots.release("b")
    assert (slots.used, slots.free) == (0, 0)


@pytest.mark.parametrize(
    ("capacity", "demands", "after", "granted"),
    [
        (10, {"a": 3, "b": 4}, None, {"a": 3, "b": 4}),
        (10, {"a": 30, "b": 4}, None, {"a": 6, "b": 4}),
        (10, {"a": 30, "b": 30, "c": 1}, None, {"a": 5, "b": 4, "c": 1}),
        (10, {"a": 30, "b": 30, "c": 1}, "a", {"a": 4, "b": 5, "c": 1}),
        (1, {"a": 5, "b": 5}, None, {"a": 1, "b": 0}),
        (1, {"a": 5, "b": 5}, "a", {"a": 0, "b": 1}),
        (1, {"a": 5, "b": 5}, "b", {"a": 1, "b": 0}),
        (1, {"a": 5, "b": 5}, "gone", {"a": 1, "b": 0}),
        (0, {"a": 5}, None, {"a": 0}),
        (-3, {"a": 5}, None, {"a": 0}),
        (5, {"a": 0, "b": -2, "c": 9}, None, {"a": 0, "b": 0, "c": 5}),
        (5, {}, None, {}),
    ],
)
def test_share(capacity: int, demands: dict[str, int], after: str | None, granted: dict[str, int]) -> None:
    assert share(capacity, demands, after) == granted


@given(st.integers(0, 200), st.dictionaries(st.integers(0, 8), st.integers(0, 60)), st.integers(0, 8))
def test_shares_are_fair_and_waste_nothing(capacity: int, demands: dict[int, int], after: int) -> None:
    granted = share(capacity, demands, after)
    assert list(granted) == list(demands)
    assert sum(granted.values()) == min(capacity, sum(demands.values()))
    assert all(0 <= granted[task] <= demands[task] for task in demands)
    unfulfilled = [granted[task] for task in demands if granted[task] < demands[task]]
    if unfulfilled:
        assert max(granted.values()) - min(unfulfilled) <= 1


def test_everybody_gets_his_turn() -> None:
    served: list[str] = []
    last: str | None = None
    for _ in range(6):
        granted = share(1, {"a": 9, "b": 9, "c": 9}, last)
        last = next(task for task, count in granted.items() if count)
        served.append(last)
    assert served == ["a", "b", "c", "a", "b", "c"]
