"""What pressed keys mean to a step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.ivr import (
    Action,
    CallBack,
    Complete,
    GoStep,
    HangUp,
    Invalid,
    NeedMore,
    Nothing,
    Repeat,
    Step,
    after_failure,
    match,
)

OFFER = Step.model_validate({"keys": {"1": "step one", "2": "call back", "*": "repeat"}, "timeout": 7})
LONGER = Step.model_validate({"keys": {"1": "step one", "12": "step twelve", "135": "hang up"}, "between": 3})
HASH = Step.model_validate({"keys": {"#": "repeat", "1#": "step one"}})
NUMBER = Step.model_validate({"digits": 4, "then": "step check", "timeout": 6, "between": 1.5})
STAR = Step.model_validate({"digits": 4, "then": "step check", "terminator": "*"})
OPEN = Step.model_validate({"digits": 4, "then": "step check", "terminator": ""})
ONE_DIGIT = Step.model_validate({"digits": 1, "then": "step check"})
CHECK = GoStep("check")


@pytest.mark.parametrize(
    ("step", "pressed", "ended", "result"),
    [
        # one key each
        (OFFER, "", False, NeedMore(7)),
        (OFFER, "", True, Nothing()),
        (OFFER, "1", False, Complete(GoStep("one"), "1")),
        (OFFER, "2", False, Complete(CallBack(), "2")),
        (OFFER, "*", False, Complete(Repeat(), "*")),
        (OFFER, "3", False, Invalid("3")),
        (OFFER, "#", False, Invalid("#")),
        # keys that begin longer ones
        (LONGER, "", False, NeedMore(5)),
        (LONGER, "1", False, NeedMore(3)),
        (LONGER, "1", True, Complete(GoStep("one"), "1")),
        (LONGER, "1#", False, Complete(GoStep("one"), "1")),
        (LONGER, "12", False, Complete(GoStep("twelve"), "12")),
        (LONGER, "13", False, NeedMore(3)),
        (LONGER, "13", True, Invalid("13")),
        (LONGER, "13#", False, Invalid("13")),
        (LONGER, "135", False, Complete(HangUp(), "135")),
        (LONGER, "14", False, Invalid("14")),
        (LONGER, "2", False, Invalid("2")),
        (LONGER, "#", False, Invalid("")),
        # a terminator that is a key is none
        (HASH, "#", False, Complete(Repeat(), "#")),
        (HASH, "1#", False, Complete(GoStep("one"), "1#")),
        # any digits
        (NUMBER, "", False, NeedMore(6)),
        (NUMBER, "12", False, NeedMore(1.5)),
        (NUMBER, "12", True, Complete(CHECK, "12")),
        (NUMBER, "12#", False, Complete(CHECK, "12")),
        (NUMBER, "1234", False, Complete(CHECK, "1234")),
        (NUMBER, "1234#", False, Complete(CHECK, "1234")),
        (NUMBER, "12345", False, Invalid("12345")),
        (NUMBER, "#", False, Invalid("")),
        (NUMBER, "1*", False, Invalid("1*")),
        (STAR, "12*", False, Complete(CHECK, "12")),
        (STAR, "12#", False, Invalid("12#")),
        (OPEN, "12#", False, Invalid("12#")),
        (OPEN, "12", True, Complete(CHECK, "12")),
        (ONE_DIGIT, "5", False, Complete(CHECK, "5")),
        (ONE_DIGIT, "#", False, Invalid("#")),
    ],
)
def test_match(step: Step, pressed: str, ended: bool, result: object) -> None:
    assert match(step, pressed, ended=ended) == result


@given(
    st.sampled_from([OFFER, LONGER, HASH, NUMBER, STAR, OPEN, ONE_DIGIT]),
    st.text("0123456789*#", min_size=1, max_size=12),
)
def test_an_entry_always_ends(step: Step, pressed: str) -> None:
    """A flow that adds keys while more are needed stops after `digits` keys and a terminator at the latest."""
    for count in range(1, len(pressed) + 1):
        result = match(step, pressed[:count])
        if not isinstance(result, NeedMore):
            break
        assert result.seconds > 0
        assert count < step.digits
    assert not isinstance(match(step, pressed, ended=True), NeedMore | Nothing)


BYE, AGENT = GoStep("bye"), GoStep("agent")
PATIENT = Step.model_validate({"keys": {"1": "hang up"}, "retries": 2, "on_timeout": "step bye"})
SPLIT = Step.model_validate(
    {"keys": {"1": "hang up"}, "retries": 1, "on_timeout": "step bye", "on_invalid": "step agent"}
)
ONCE = Step.model_validate({"keys": {"1": "call back"}, "retries": 0})


@pytest.mark.parametrize(
    ("step", "failures", "result", "action"),
    [
        (PATIENT, 1, Nothing(), Repeat()),
        (PATIENT, 2, Invalid("9"), Repeat()),
        (PATIENT, 3, Nothing(), BYE),
        (PATIENT, 3, Invalid("9"), BYE),
        (SPLIT, 1, Invalid("9"), Repeat()),
        (SPLIT, 2, Invalid("9"), AGENT),
        (SPLIT, 2, Nothing(), BYE),
        (ONCE, 1, Nothing(), HangUp()),
        (ONCE, 1, Invalid("9"), HangUp()),
    ],
)
def test_after_failure(step: Step, failures: int, result: Invalid | Nothing, action: Action) -> None:
    assert after_failure(step, failures, result) == action
