"""The sentences of the menu language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.ivr import (
    Action,
    CallBack,
    CallExtension,
    GoMenu,
    GoStep,
    HangUp,
    Repeat,
    parse_action,
)

NAMES = st.from_regex(r"\A[A-Za-z0-9_-]{1,50}\Z")
ACTIONS = st.one_of(
    st.builds(GoStep, NAMES),
    st.builds(GoMenu, NAMES),
    st.builds(CallExtension, st.from_regex(r"\A[0-9]{1,20}\Z")),
    st.sampled_from([CallBack(), HangUp(), Repeat()]),
)


@pytest.mark.parametrize(
    ("sentence", "action"),
    [
        ("step sales", GoStep("sales")),
        ("menu 127001", GoMenu("127001")),
        ("extension 801", CallExtension("801")),
        ("call back", CallBack()),
        ("hang up", HangUp()),
        ("repeat", Repeat()),
        ("  Hang   UP ", HangUp()),
        ("STEP Sales", GoStep("Sales")),
        ("step step", GoStep("step")),
    ],
)
def test_parse_action(sentence: str, action: Action) -> None:
    assert parse_action(sentence) == action


@pytest.mark.parametrize(
    ("sentence", "problem"),
    [
        ("", "is no action"),
        ("hangup", "is no action"),
        ("hang", "is no action"),
        ("fly away", "is no action"),
        ("call", "is no action"),
        ("repeat twice", "is no action"),
        ("step", "needs one name"),
        ("step a b", "needs one name"),
        ("step ä", "needs one name"),
        ("step " + "x" * 51, "needs one name"),
        ("menu", "needs one name"),
        ("extension", "needs one number"),
        ("extension 80a", "needs one number"),
        ("extension 801 802", "needs one number"),
        ("extension ８０１", "needs one number"),
        ("extension 801@trunk", "needs one number"),
    ],
)
def test_parse_action_refuses(sentence: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_action(sentence)


@given(ACTIONS)
def test_an_action_reads_back_as_itself(action: Action) -> None:
    assert parse_action(str(action)) == action


@given(st.one_of(st.text(max_size=40), st.from_regex(r"(step|menu|extension|call|hang) .{0,20}")))
def test_the_parser_gives_an_action_or_a_value_error(sentence: str) -> None:
    try:
        action = parse_action(sentence)
    except ValueError:
        return
    assert parse_action(str(action)) == action
