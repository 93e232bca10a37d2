"""The customers of the demo's campaign with agents: the same seed makes the same people, and tones tell them apart."""

import itertools

import pytest

from uncall_ari.demo.callees import (
    AGENT_TONES,
    ANSWERING,
    CUSTOMER_TONES,
    RING_LONGEST,
    TALK_LONGEST,
    TALK_MEAN,
    TALK_SHORTEST,
    customers,
)
from uncall_ari.demo.conducts import AGENTS
from uncall_ari.demo.minute import CALL_MAX
from uncall_ari.demo.run import RING_SECONDS
from uncall_ari.demo.settings import ALLOWED
from uncall_ari.demo.settled import PATIENCE, SLACK
from uncall_ari.dialer.numbers import Pattern
from uncall_ari.lab.phones import Behaviour


def answering(made: dict[str, Behaviour]) -> list[Behaviour]:
    return [each for each in made.values() if each.reject is None and each.answer_after is not None]


def test_the_same_seed_makes_the_same_people() -> None:
    assert customers(100, 1) == customers(100, 1)
    assert customers(100, 1).keys() != customers(100, 2).keys()


def test_numbers_may_be_dialled_and_are_nobody_elses() -> None:
    first = customers(50, 1)
    others = customers(50, 1, taken=list(first)[:10])
    assert len(first) == len(others) == 50
    assert not set(others) & set(list(first)[:10])
    assert all(Pattern.parse(ALLOWED).matches(number) for number in [*first, *others])


def test_who_answers_and_how_long_he_talks_is_as_it_is_told() -> None:
    made = customers(5000, 3)
    people = answering(made)
    assert len(people) / 5000 == pytest.approx(ANSWERING, abs=0.03)
    talks = [each.hang_up_after or 0.0 for each in people]
    assert sum(talks) / len(talks) == pytest.approx(TALK_MEAN, abs=0.3)
    assert TALK_SHORTEST <= min(talks) <= max(talks) <= TALK_LONGEST
    assert max(each.answer_after or 0.0 for each in people) <= RING_LONGEST < RING_SECONDS
    assert TALK_SHORTEST > PATIENCE + SLACK  # nobody leaves before it is plain whether he was abandoned


def test_each_voice_is_known_by_its_tone() -> None:
    assert set(AGENT_TONES) == set(AGENTS)
    assert not set(AGENT_TONES.values()) & set(CUSTOMER_TONES)
    assert len(CUSTOMER_TONES) > CALL_MAX
    tones = [each.tone for each in answering(customers(300, 1))]
    near = zip(tones, *(itertools.islice(tones, start, None) for start in range(1, 8)), strict=False)
    assert all(len(set(together)) == len(together) for together in near)
