"""The demo's judge: what a row must say for each thing that can happen, and that a wrong row is found."""

from dataclasses import replace
from typing import Any

import pytest

from uncall_ari.demo.judge import CALL_BACK, FAILED, IGNORED, SUCCESS, Deed, Expected, Row, expected, judge

AGENT = "801"
HEARD = Deed("1", times=1, status=200, seconds=6.4, recording=-12.0)

CASES = {
    "listens": (HEARD, "", Expected(SUCCESS, "answered")),
    "hears nothing": (replace(HEARD, recording=-99.0), "", Expected(CALL_BACK, "abandoned")),
    "orders": (replace(HEARD, keys="1"), "", Expected(SUCCESS, "answered", "1")),
    "a wrong key first": (replace(HEARD, keys="51"), "", Expected(SUCCESS, "answered", "5 1")),
    "wants a call back": (replace(HEARD, keys="9"), "", Expected(CALL_BACK, "call-back", "9")),
    "talks with the agent": (
        replace(HEARD, keys="0", agent=-12.0, heard_by_agent=-12.0),
        "",
        Expected(SUCCESS, "answered", "0", AGENT),
    ),
    "never gets the agent": (replace(HEARD, keys="0"), "", Expected(CALL_BACK, "abandoned", "0")),
    "unknown": (Deed("1", times=1, status=404), "", Expected(FAILED, "unallocated")),
    "busy": (Deed("1", times=1, status=486), "", Expected(FAILED, "busy")),
    "given up": (Deed("1", times=1, status=487), "", Expected(FAILED, "no-answer")),
    "congested": (Deed("1", times=1, status=503), "", Expected(FAILED, "congestion")),
    "declined": (Deed("1", times=1, status=603), "", Expected(FAILED, "rejected")),
    "do not call": (Deed("1"), "do-not-call", Expected(IGNORED, "do-not-call")),
    "not allowed": (Deed("1"), "not-allowed", Expected(IGNORED, "not-allowed")),
}


def row_of(right: Expected, deed: Deed) -> Row:
    """The row that says what is right."""
    return Row(
        deed.number,
        right.status,
        billsec=int(deed.seconds),
        uid="1.1",
        extension=right.extension,
        cause=right.cause,
        keys=right.keys,
    )


@pytest.mark.parametrize("name", CASES)
def test_what_happened_says_what_the_row_must_say(name: str) -> None:
    deed, forbidden, right = CASES[name]
    assert expected(deed, forbidden, AGENT) == right


@pytest.mark.parametrize("name", sorted(set(CASES) - {"hears nothing"}))
def test_a_right_row_has_no_problem(name: str) -> None:
    deed, forbidden, right = CASES[name]
    assert judge(deed, row_of(right, deed), forbidden, AGENT) == []


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("status", 0),
        ("status", 4),
        ("cause", "lost"),
        ("cause", ""),
        ("keys", "7"),
        ("extension", "802"),
        ("attempts", 2),
        ("attempts", 0),
        ("uid", ""),
        ("billsec", 60),
    ],
)
def test_one_wrong_column_is_found(name: str, column: str, wrong: object) -> None:
    deed, forbidden, right = CASES[name]
    change: dict[str, Any] = {column: wrong}
    changed = replace(row_of(right, deed), **change)
    assert len(judge(deed, changed, forbidden, AGENT)) == 1 + (name == "hears nothing")


@pytest.mark.parametrize("status", [SUCCESS, CALL_BACK, FAILED, IGNORED])
@pytest.mark.parametrize("name", CASES)
def test_every_other_outcome_is_found(name: str, status: int) -> None:
    deed, forbidden, right = CASES[name]
    problems = judge(deed, replace(row_of(right, deed), status=status), forbidden, AGENT)
    assert any(problem.startswith("call_status is") for problem in problems) == (status != right.status)


@pytest.mark.parametrize(
    ("deed", "forbidden", "problem"),
    [
        (HEARD, "do-not-call", "was dialled, though do-not-call"),
        (Deed("1"), "", "was dialled 0 times"),
        (replace(HEARD, times=2), "", "was dialled 2 times"),
        (Deed("1", times=1, status=500), "", "the carrier answered 500"),
    ],
)
def test_what_must_not_happen_is_found_whatever_the_row_says(deed: Deed, forbidden: str, problem: str) -> None:
    assert judge(deed, row_of(Expected(SUCCESS, "answered"), deed), forbidden, AGENT) == [problem]


def test_a_number_without_a_row_is_found() -> None:
    assert judge(HEARD, None, "", AGENT) == ["has no row in the task's table"]


@pytest.mark.parametrize(("billsec", "agrees"), [(4, False), (5, True), (6, True), (7, True), (8, False)])
def test_whole_seconds_may_be_one_apart(billsec: int, agrees: bool) -> None:
    row = replace(row_of(Expected(SUCCESS, "answered"), HEARD), billsec=billsec)
    assert (judge(HEARD, row, "", AGENT) == []) is agrees


def test_a_silent_conversation_is_found() -> None:
    deed = replace(HEARD, keys="0", agent=-12.0, heard_by_agent=-60.0)
    row = row_of(Expected(SUCCESS, "answered", "0", AGENT), deed)
    assert judge(deed, row, "", AGENT) == ["the agent did not hear the customer (-60 dBFS)"]


def test_a_recording_that_nobody_heard_is_found_even_where_the_outcome_fits() -> None:
    deed, forbidden, right = CASES["hears nothing"]
    assert judge(deed, row_of(right, deed), forbidden, AGENT) == ["the recording was not heard (-99 dBFS)"]
