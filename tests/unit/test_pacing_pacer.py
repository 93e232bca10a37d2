"""The pacer: how many calls it starts, and what it says of it."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncall_ari.pacing import Budget, Mode, Pacer, PastCall, Situation, Why
from uncall_ari.pacing.pacer import LEARNING_CALLS


def experienced(mode: Mode = Mode.ADVANCED, *, override: float = 1.0, answered: float = 0.3) -> Pacer:
    """A pacer that has seen 600 calls: answers after 4 to 20 s, failures after 25 s, talks of 30 to 150 s."""
    chance = random.Random(1)
    pacer = Pacer(mode, override, 0.03, Budget(0.03, [(-1, 5000, 100)]))
    pacer.learn(
        PastCall(9, True, chance.uniform(4.0, 20.0), chance.uniform(30.0, 150.0), 10.0)
        if chance.random() < answered
        else PastCall(9, False, 25.0)
        for _ in range(600)
    )
    return pacer


def situation(free: int = 0, **more: object) -> Situation:
    return replace(Situation(now=32400.0, free=free, room=500), **more)  # type: ignore[arg-type]  # 9:00


# --- mode g ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "free", "ringing", "room", "calls"),
    [
        (1.0, 3, 0, 100, 3),
        (1.0, 3, 2, 100, 1),
        (1.0, 3, 5, 100, 0),
        (2.0, 3, 0, 100, 6),
        (2.5, 3, 0, 100, 7),
        (2.5, 3, 0, 4, 4),
        (0.5, 1, 0, 100, 1),  # someone is free: at least one call
        (0.5, 1, 1, 100, 0),
        (3.0, 0, 0, 100, 0),
    ],
)
def test_plain_is_the_override_for_each_free_agent(
    override: float, free: int, ringing: int, room: int, calls: int
) -> None:
    pacer = Pacer(Mode.PLAIN, override)
    now = situation(free, ringing=(5.0,) * ringing, talking=(50.0,), room=room)
    assert pacer.calls(now) == calls
    assert pacer.reason(now).calls == calls


# --- modes i and ai ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.SMART, Mode.ADVANCED])
def test_without_data_there_is_one_call_for_each_free_agent(mode: Mode) -> None:
    pacer = Pacer(mode)
    assert pacer.calls(situation(20)) == 20
    assert pacer.calls(situation(20, ringing=(3.0,) * 20, now=32401.0)) == 0
    assert pacer.reason(situation(20, ringing=(3.0,) * 20, now=32401.0)).why is Why.LEARNING
    for number in range(LEARNING_CALLS):
        pacer.unanswered(25.0, 32402.0 + number)
    assert pacer.calls(situation(20, ringing=(3.0,) * 20, now=32500.0)) > 0


def test_with_data_more_calls_than_free_agents_are_started_when_few_answer() -> None:
    assert experienced(answered=0.3).calls(situation(15)) > 25
    few, many = experienced(answered=0.1).calls(situation(10)), experienced(answered=0.8).calls(situation(10))
    assert few > 2 * many
    assert many >= 10


def test_calls_in_flight_are_counted_for_what_they_still_promise() -> None:
    """Calls that have rung for 22 s will not be answered: they do not hold back others."""
    young = experienced().calls(situation(10, ringing=(3.0,) * 25))
    old = experienced().calls(situation(10, ringing=(22.0,) * 25))
    none = experienced().calls(situation(10))
    assert young < old
    assert none - 2 <= old <= none, "there is some doubt whether they are over"


def test_agents_who_are_about_to_be_free_count() -> None:
    busy = (20.0,) * 20
    alone = experienced().calls(situation(2))
    with_new_talks = experienced().calls(situation(2, talking=busy))
    with_long_talks = experienced().calls(situation(2, talking=(145.0,) * 20))
    in_wrap_up = experienced().calls(situation(2, talking=busy, wrapping=(3.0,) * 6))
    assert alone <= with_new_talks < with_long_talks
    assert in_wrap_up > with_new_talks


def test_waiting_calls_and_other_tasks_hold_back() -> None:
    base = experienced().calls(situation(10))
    assert experienced().calls(situation(10, others=(6.0, 4.0))) < base
    soon = (1.0,) * 10
    waiting, nobody = (experienced().calls(situation(0, wrapping=soon, waiting=calls)) for calls in (6, 0))
    assert waiting < nobody


def test_where_a_ceiling_is_promised_the_override_may_only_ask_for_less() -> None:
    timid, neutral, bold = (experienced(override=factor).calls(situation(12)) for factor in (0.5, 1.0, 2.0))
    assert timid < neutral == bold


def test_the_override_asks_for_more_or_less() -> None:
    timid, neutral, bold = (experienced(Mode.SMART, override=factor).calls(situation(12)) for factor in (0.5, 1.0, 1.4))
    assert timid < neutral < bold


@pytest.mark.parametrize("mode", list(Mode))
def test_no_agent_no_call(mode: Mode) -> None:
    pacer = experienced(mode)
    assert pacer.calls(situation(0)) == 0
    assert pacer.reason(situation(0)).why is Why.NO_AGENTS


def test_when_the_agents_leave_the_calls_stop_with_them() -> None:
    pacer = experienced()
    assert pacer.calls(situation(20)) > 0
    leaving = situation(0, ringing=(6.0,) * 12, talking=(60.0,), now=32401.0)
    assert pacer.calls(leaving) == 0
    assert pacer.calls(replace(leaving, talking=(), now=32402.0)) == 0


@pytest.mark.parametrize("mode", list(Mode))
def test_no_room_no_call(mode: Mode) -> None:
    pacer = experienced(mode)
    assert pacer.calls(situation(20, room=0)) == 0
    assert pacer.calls(situation(20, room=-3)) == 0
    assert pacer.calls(situation(20, room=4)) == 4
    assert pacer.reason(situation(20, room=0)).why is Why.NO_ROOM


def test_a_jump_of_the_answer_rate_stops_the_calls() -> None:
    """Calls were answered at 20 %; now nine of ten answer. Within 30 s the pacer wants fewer in flight."""
    pacer = experienced(answered=0.2)
    before = pacer.calls(situation(20))
    now, chance = 32401.0, random.Random(5)
    for second in range(60):
        pacer.calls(situation(20, ringing=(2.0, 6.0, 10.0), now=now + second))
        pacer.answered(chance.uniform(4.0, 20.0), now + second + 0.5)
    assert pacer.calls(situation(20, now=now + 61)) < before / 1.8


def test_a_spent_budget_leaves_the_calls_that_cost_nothing() -> None:
    pacer = experienced()
    normal = pacer.calls(situation(20))
    for _ in range(200):
        pacer.answered(10.0, 32400.5)
        pacer.abandoned(32402.5)
    pacer.unanswered(25.0, 32403.0)
    now = situation(20, ringing=(5.0,) * 19, now=32500.0)
    assert 1 <= pacer.calls(now) < normal
    assert pacer.reason(now).why is Why.BUDGET_DAY


def test_a_spent_budget_trusts_no_forecast() -> None:
    """Talks so short and so equal that the forecast has agents free a second too soon: it must not go on like that."""
    pacer = Pacer(Mode.ADVANCED, 1.0, 0.03)
    pacer.learn(PastCall(9, True, 0.2, 3.0, 1.0) for _ in range(40))
    busy = Situation(now=32400.0, talking=(1.5,) * 8, room=10)
    assert pacer.calls(busy) > 0, "the forecast is not wrong any more: this test needs another one"
    for _ in range(6):
        pacer.answered(0.2, 32401.0)
        pacer.abandoned(32403.0)
    assert pacer.calls(replace(busy, now=32404.0)) > 0, "what was in flight proves nothing against the forecast"
    for second in (32410.0, 32420.0, 32430.0):
        assert pacer.calls(replace(busy, now=second)) > 0
        pacer.answered(0.2, second + 0.2)
        pacer.abandoned(second + 2.2)
    assert pacer.calls(replace(busy, now=32440.0)) == 0
    assert pacer.calls(replace(busy, now=32440.1, free=2)) == 2
    for _ in range(400):
        pacer.answered(0.2, 32500.0)
    assert pacer.calls(replace(busy, now=32501.0)) > 0, "the budget has recovered"


def test_thirty_bad_days_are_told() -> None:
    pacer = Pacer(Mode.ADVANCED, 1.0, 0.03, Budget(0.03, [(-5, 3000, 300)]))
    pacer.learn(PastCall(9, number % 3 == 0, 10.0) for number in range(100))
    assert pacer.reason(situation(5, ringing=(3.0,) * 5)).why is Why.BUDGET_30_DAYS


def test_the_smart_mode_has_no_budget() -> None:
    pacer = experienced(Mode.SMART)
    before = pacer.calls(situation(20))
    for _ in range(50):
        pacer.abandoned(32400.5)
    assert pacer.calls(situation(20, now=32410.0)) == before


def test_the_reason_tells_the_figures() -> None:
    reason = experienced().reason(situation(3, ringing=(4.0,) * 30, talking=(50.0,) * 10))
    assert reason.why is Why.IN_FLIGHT
    assert reason.calls == 0
    assert 6.0 < reason.answers < 12.0
    assert 3.0 < reason.agents < 8.0
    assert reason.risk > reason.allowed > 0.0
    assert "answers to come" in str(reason)


def test_expected_answers_are_told_to_other_tasks() -> None:
    mean, variance = experienced().expected(situation(ringing=(0.0,) * 100))
    assert mean == pytest.approx(30.0, abs=5.0)
    assert variance == pytest.approx(21.0, abs=4.0)
    assert experienced().expected(situation()) == (0.0, 0.0)


def test_a_changed_row_changes_the_pace() -> None:
    pacer = experienced(Mode.ADVANCED)
    pacer.change(Mode.PLAIN, 3.0, 0.0)
    assert pacer.calls(situation(4)) == 12
    assert pacer.budget.ceiling == 0.03, "none given: the usual one"
    pacer.change(Mode.ADVANCED, 1.0, 0.05)
    assert pacer.budget.ceiling == 0.05


@pytest.mark.parametrize("override", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_override_is_refused(override: float) -> None:
    with pytest.raises(ValueError, match="override"):
        Pacer(Mode.PLAIN, override)


seconds = st.floats(0.0, 5000.0)
many = st.lists(seconds, max_size=30).map(tuple)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(Mode)),
    st.floats(0.01, 100.0),
    st.lists(
        st.builds(
            Situation,
            now=seconds,
            free=st.integers(0, 300),
            talking=many,
            wrapping=many,
            waiting=st.integers(0, 50),
            ringing=many,
            others=st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 100.0)),
            room=st.integers(-5, 100),
        ),
        max_size=5,
    ),
    st.lists(st.tuples(st.sampled_from(["answered", "unanswered", "talked", "wrapped", "abandoned"]), seconds)),
)
def test_whatever_happens_the_answer_is_a_number_within_the_room(
    mode: Mode, override: float, situations: list[Situation], events: list[tuple[str, float]]
) -> None:
    pacer = Pacer(mode, override)
    now = 0.0
    for s in situations:
        now += s.now
        for what, length in events:
            getattr(pacer, what)(*((now,) if what == "abandoned" else (length, now)))
        at = replace(s, now=now)
        calls = pacer.calls(at)
        assert 0 <= calls <= max(0, s.room)
        if not s.staffed:
            assert calls == 0
        assert pacer.reason(at).calls == calls


def test_a_new_hour_is_begun_with_what_is_usual_in_it() -> None:
    """At 9 every tenth call is answered, at 10 more than half: fewer calls are needed from 10:00 on."""
    pacer = Pacer(Mode.SMART)
    pacer.learn(
        PastCall(hour, chance, 10.0 if chance else 25.0, 90.0 if chance else None)
        for _ in range(3)
        for hour, share in ((10, 6), (9, 1))
        for number in range(100)
        for chance in (number % 10 < share,)
    )
    before = pacer.calls(situation(20, now=35999.0))
    after = pacer.calls(situation(20, now=36001.0))
    assert after < before / 1.2
