"""The desk: who gets whom, and that nobody ever has two."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncall_ari.queues import Desk, Member, Rules, State, Strategy


def desk_of(strategy: Strategy = Strategy.LINEAR, *members: Member | str) -> Desk:
    made = [each if isinstance(each, Member) else Member(each) for each in members or ("801", "802", "803")]
    desk = Desk({"600": Rules(tuple(made), strategy, wrap_up_seconds=10.0, rest_seconds=30.0)}, seed=1)
    for place, member in enumerate(made):
        desk.agent(member.extension, signed_in=True, available=True, now=float(place))
    return desk


def rung(desk: Desk, now: float) -> list[tuple[str, tuple[str, ...]]]:
    return [(offer.call, offer.extensions) for offer in desk.offers(now)]


def served(desk: Desk, calls: int, talk: float = 5.0) -> list[str]:
    """Who gets so many calls, one after another, each over before the next."""
    got = []
    for number in range(calls):
        now = 100.0 + number * 100.0
        desk.join(f"c{number}", "600", now)
        ((call, (extension,)),) = rung(desk, now)
        assert desk.answered(call, extension, now)
        desk.ended(extension, call, now + talk)
        got.append(extension)
    return got


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        (Strategy.LINEAR, ["801", "801", "801", "801"]),
        (Strategy.ROUND_ROBIN, ["801", "802", "803", "801"]),
        (Strategy.LONGEST_IDLE, ["801", "802", "803", "801"]),
        (Strategy.FEWEST_CALLS, ["801", "802", "803", "801"]),
    ],
)
def test_a_strategy_gives_calls_in_its_order(strategy: Strategy, order: list[str]) -> None:
    assert served(desk_of(strategy), 4) == order


def test_fewest_calls_and_longest_idle_differ() -> None:
    for strategy, wanted in ((Strategy.FEWEST_CALLS, "803"), (Strategy.LONGEST_IDLE, "801")):
        desk = desk_of(strategy)
        assert served(desk, 2) == ["801", "802"]
        desk.agent("803", signed_in=False, available=True, now=300.0)
        desk.agent("803", signed_in=True, available=True, now=900.0)  # comes back: idle only since then
        desk.join("next", "600", 1000.0)
        assert rung(desk, 1000.0) == [("next", (wanted,))]


def test_random_reaches_everyone() -> None:
    assert set(served(desk_of(Strategy.RANDOM), 30)) == {"801", "802", "803"}


def test_ring_all_rings_all_and_the_first_gets_it() -> None:
    desk = desk_of(Strategy.RING_ALL)
    desk.join("a", "600", 10.0)
    assert rung(desk, 10.0) == [("a", ("801", "802", "803"))]
    desk.unanswered("a", "801", 11.0)
    assert desk.state("801", 11.0) is State.RESTING
    assert desk.answered("a", "803", 12.0)
    assert not desk.answered("a", "802", 12.0)
    assert (desk.state("802", 12.0), desk.state("803", 12.0)) == (State.FREE, State.TALKING)


def test_a_lower_penalty_goes_first_and_a_skill_is_needed() -> None:
    desk = desk_of(Strategy.LINEAR, Member("801", penalty=1), Member("802", skills=frozenset({"english"})), "803")
    for call, skill in (("any", ""), ("english", "english"), ("more", ""), ("last", "")):
        desk.join(call, "600", 10.0, skill=skill)
    assert rung(desk, 10.0) == [("any", ("802",)), ("more", ("803",)), ("last", ("801",))]
    desk.leave("any", 11.0)
    assert rung(desk, 11.0) == [("english", ("802",))]


def test_priority_then_waiting_time_decide_who_is_next() -> None:
    desk = desk_of(Strategy.LINEAR, "801")
    desk.join("first", "600", 1.0)
    desk.join("campaign", "600", 2.0, priority=1)
    desk.join("last", "600", 3.0)
    assert [desk.place(each) for each in ("campaign", "first", "last", "nobody")] == [1, 2, 3, 0]
    assert rung(desk, 3.0) == [("campaign", ("801",))]


def test_who_did_not_answer_rests_and_the_call_keeps_its_place() -> None:
    desk = desk_of(Strategy.LINEAR, "801", "802")
    desk.join("a", "600", 1.0)
    desk.offers(1.0)
    desk.unanswered("a", "801", 16.0)
    desk.join("b", "600", 16.0)
    assert rung(desk, 16.0) == [("a", ("802",))]
    assert desk.next_change(16.0) == 46.0
    assert rung(desk, 45.9) == []
    assert rung(desk, 46.0) == [("b", ("801",))]


def test_wrap_up_is_kept_and_then_the_agent_is_free() -> None:
    desk = desk_of(Strategy.LINEAR, "801")
    desk.join("a", "600", 1.0)
    desk.offers(1.0)
    assert desk.talking("600", 1.0) == [0.0]
    desk.answered("a", "801", 3.0)
    assert desk.talking("600", 8.0) == [5.0]
    assert desk.ended("801", "a", 9.0)
    assert not desk.ended("801", "a", 9.5)
    assert (desk.state("801", 18.9), desk.wrapping("600", 18.0)) == (State.WRAP_UP, [1.0])
    assert (desk.state("801", 19.0), desk.wrapping("600", 19.0)) == (State.FREE, [])


def test_what_pacing_reads() -> None:
    desk = desk_of()
    desk.agent("803", signed_in=True, available=False, now=5.0)
    assert (desk.free("600", 5.0), desk.staffed("600", 5.0), desk.waiting("600")) == (2, 2, 0)
    desk.join("a", "600", 6.0)
    assert (desk.free("600", 6.0), desk.waiting("600"), desk.longest_wait("600", 9.0)) == (1, 1, 3.0)
    desk.offers(6.0)
    assert (desk.free("600", 6.0), desk.waiting("600")) == (1, 1)
    desk.answered("a", "801", 7.0)
    desk.agent("802", signed_in=False, available=True, now=7.0)
    assert (desk.free("600", 7.0), desk.waiting("600"), desk.staffed("600", 7.0)) == (0, 0, 1)
    assert (desk.free("nowhere", 7.0), desk.staffed("nowhere", 7.0)) == (0, 0)


def test_an_agent_of_two_queues_serves_the_more_urgent_one() -> None:
    both = (Member("801"),)
    desk = Desk({"600": Rules(both), "601": Rules(both, priority=5)})
    desk.agent("801", signed_in=True, available=True, now=0.0)
    desk.join("sales", "600", 1.0)
    desk.join("service", "601", 2.0)
    assert rung(desk, 2.0) == [("service", ("801",))]


def test_a_reload_keeps_calls_and_states() -> None:
    desk = desk_of(Strategy.LINEAR, "801")
    desk.join("a", "600", 1.0)
    desk.offers(1.0)
    desk.answered("a", "801", 1.0)
    desk.change({"600": Rules((Member("802"),))})
    desk.join("b", "600", 2.0)
    assert rung(desk, 2.0) == []  # nobody has seen 802 yet
    desk.agent("802", signed_in=True, available=True, now=3.0)
    assert rung(desk, 3.0) == [("b", ("802",))]
    assert desk.state("801", 3.0) is State.TALKING
    assert desk.ended("801", "a", 4.0)


def test_a_queue_that_is_gone_keeps_nobody() -> None:
    desk = desk_of(Strategy.LINEAR, "801")
    desk.join("a", "600", 1.0)
    desk.change({})
    assert rung(desk, 2.0) == []
    desk.leave("a", 2.0)
    with pytest.raises(KeyError):
        desk.join("b", "600", 2.0)


STEPS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 7), st.integers(0, 3)), max_size=120)


@settings(max_examples=200)
@given(STEPS, st.sampled_from(Strategy))
def test_no_agent_has_two_calls_and_no_call_two_agents(steps: list[tuple[int, int, int]], strategy: Strategy) -> None:
    """Whatever happens in whatever order; and what is over leaves nothing behind."""
    names = ["801", "802", "803"]
    members = tuple(Member(each) for each in names)
    desk = Desk({"600": Rules(members, strategy, 2.0, 3.0), "601": Rules(members[1:], strategy, 2.0, 3.0, 1)})
    ringing: dict[str, set[str]] = {}
    talking: dict[str, str] = {}
    now = 0.0
    for what, call_number, agent_number in steps:
        now += (what + 1) / 7
        call, extension = f"c{call_number}", names[agent_number % 3]
        match what:
            case 0 | 1:
                if call not in ringing and call not in talking.values():
                    desk.join(call, "600" if what else "601", now)
                    ringing[call] = set()
            case 2:
                if extension in ringing.get(call, ()) and desk.answered(call, extension, now):
                    talking[extension] = call
                    del ringing[call]
            case 3:
                if extension in ringing.get(call, ()):
                    desk.unanswered(call, extension, now)
                    ringing[call].discard(extension)
            case 4:
                if extension in talking:
                    assert desk.ended(extension, talking.pop(extension), now)
            case 5:
                desk.leave(call, now)
                ringing.pop(call, None)
            case _:
                desk.agent(extension, signed_in=call_number < 6, available=call_number % 2 == 0, now=now)
        for offer in desk.offers(now):
            assert not ringing[offer.call], "offered while it rings already"
            ringing[offer.call] = set(offer.extensions)
        busy = [*talking, *(each for rung_ in ringing.values() for each in rung_)]
        assert len(busy) == len(set(busy)), f"an agent has two calls: {talking}, {ringing}"
        for each in names:
            state = desk.state(each, now)
            assert (state in (State.OFFERED, State.TALKING)) == (each in busy), f"{each} is {state}"
