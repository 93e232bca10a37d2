"""How a call ended, as outcome and cause word."""

from itertools import product
from typing import Any

import pytest

from uncall_ari.dialer.causes import Q850, Cause
from uncall_ari.dialer.outcome import CallEnd, EndedBy, Refused, cause_of, ending
from uncall_ari.store.records import Outcome

CASES: list[tuple[dict[str, Any], Outcome, Cause]] = [
    # answered
    ({"answered": True, "job_began": True, "q850": 16}, Outcome.SUCCESS, Cause.ANSWERED),
    ({"answered": True, "job_began": True, "ended_by": EndedBy.US}, Outcome.SUCCESS, Cause.ANSWERED),
    ({"answered": True, "job_began": True, "ended_by": EndedBy.NOBODY_KNOWS}, Outcome.SUCCESS, Cause.ANSWERED),
    ({"answered": True, "job_began": True, "amd": "MACHINE"}, Outcome.SUCCESS, Cause.ANSWERED),
    ({"answered": True, "job_began": True, "call_back_asked": True}, Outcome.CALL_BACK, Cause.CALL_BACK),
    ({"answered": True, "call_back_asked": True}, Outcome.CALL_BACK, Cause.CALL_BACK),
    ({"answered": True, "q850": 16}, Outcome.CALL_BACK, Cause.ABANDONED),
    ({"answered": True, "ended_by": EndedBy.US}, Outcome.CALL_BACK, Cause.ABANDONED),
    ({"answered": True, "amd": "HANGUP"}, Outcome.CALL_BACK, Cause.ABANDONED),
    ({"answered": True, "amd": "MACHINE", "ended_by": EndedBy.US}, Outcome.FAILED, Cause.MACHINE),
    ({"answered": True, "ended_by": EndedBy.NOBODY_KNOWS}, Outcome.CALL_BACK, Cause.LOST),
    # not answered: what the network said, as measured on Asterisk 22
    ({"q850": 17, "sip": 486}, Outcome.FAILED, Cause.BUSY),
    ({"q850": 21, "sip": 603}, Outcome.FAILED, Cause.REJECTED),
    ({"q850": 1, "sip": 404}, Outcome.FAILED, Cause.UNALLOCATED),
    ({"q850": 34, "sip": 503}, Outcome.FAILED, Cause.CONGESTION),
    ({"q850": 19, "sip": 480}, Outcome.FAILED, Cause.NO_ANSWER),
    ({"q850": 19}, Outcome.FAILED, Cause.NO_ANSWER),
    ({"q850": 21, "sip": 401}, Outcome.FAILED, Cause.TRUNK_DOWN),
    # not answered: what we did, or what nobody knows
    ({"timed_out": True}, Outcome.FAILED, Cause.NO_ANSWER),
    ({"timed_out": True, "ended_by": EndedBy.US, "q850": 16}, Outcome.FAILED, Cause.NO_ANSWER),
    ({"ended_by": EndedBy.US, "q850": 16}, Outcome.FAILED, Cause.CANCELLED),
    ({"ended_by": EndedBy.NOBODY_KNOWS, "q850": 16}, Outcome.FAILED, Cause.LOST),
    ({}, Outcome.FAILED, Cause.LOST),
    # not even sent out
    ({"refused": Refused.TRUNK_DOWN}, Outcome.FAILED, Cause.TRUNK_DOWN),
    ({"refused": Refused.NOT_ALLOWED}, Outcome.IGNORED, Cause.NOT_ALLOWED),
    ({"refused": Refused.DO_NOT_CALL}, Outcome.IGNORED, Cause.DO_NOT_CALL),
    ({"refused": Refused.BAD_NUMBER}, Outcome.IGNORED, Cause.BAD_NUMBER),
]


@pytest.mark.parametrize(("known", "outcome", "cause"), CASES, ids=[str(case[0]) for case in CASES])
def test_ending(known: dict[str, Any], outcome: Outcome, cause: Cause) -> None:
    assert ending(CallEnd(**known)) == (outcome, cause)


def test_every_cause_word_comes_up() -> None:
    words = {cause for _, _, cause in CASES} | {cause_of(q850, 0) for q850 in range(1, 128)}
    assert words == set(Cause)


@pytest.mark.parametrize(
    ("q850", "sip", "cause"),
    [
        (16, 0, Cause.NO_ANSWER),
        (16, 486, Cause.BUSY),  # a vague code steps back behind the status
        (31, 404, Cause.UNALLOCATED),
        (127, 603, Cause.REJECTED),
        (0, 600, Cause.BUSY),
        (0, 488, Cause.UNAVAILABLE),
        (0, 502, Cause.CONGESTION),
        (0, 699, Cause.REJECTED),
        (0, 302, Cause.UNAVAILABLE),
        (16, 183, Cause.NO_ANSWER),  # no final status: nothing to go by
        (20, 480, Cause.UNAVAILABLE),  # Q.850 is finer than SIP
        (22, 410, Cause.UNALLOCATED),
        (37, 0, Cause.CONGESTION),  # in no list: its class, resource unavailable
        (60, 0, Cause.UNAVAILABLE),
        (126, 0, Cause.UNAVAILABLE),
        (21, 402, Cause.TRUNK_DOWN),
        (21, 407, Cause.TRUNK_DOWN),
        (0, 0, Cause.LOST),
        (255, 0, Cause.UNAVAILABLE),
        (-1, -1, Cause.UNAVAILABLE),
    ],
)
def test_cause_of(q850: int, sip: int, cause: Cause) -> None:
    assert cause_of(q850, sip) is cause


def test_every_pair_of_codes_has_a_word_of_an_unanswered_call() -> None:
    words = {cause_of(q850, sip) for q850, sip in product(range(129), [0, *range(300, 700)])}
    assert words <= {
        Cause.BUSY,
        Cause.NO_ANSWER,
        Cause.REJECTED,
        Cause.UNALLOCATED,
        Cause.CONGESTION,
        Cause.UNAVAILABLE,
        Cause.TRUNK_DOWN,
        Cause.LOST,
    }


def test_success_and_call_back_need_an_answer() -> None:
    for call_back, began, timed_out, by in product([False, True], [False, True], [False, True], EndedBy):
        end = CallEnd(call_back_asked=call_back, job_began=began, timed_out=timed_out, ended_by=by)
        assert ending(end).outcome is Outcome.FAILED


# The codes of Asterisk's include/asterisk/causes.h: what an ARI event can hold, whatever a carrier sent.
ASTERISK = [
    *(1, 2, 3, 6, 7, 16, 17, 18, 19, 21, 22, 27, 28, 29, 30, 31, 34, 38, 41, 42, 43, 44, 45, 50, 52, 54, 57, 58),
    *(65, 66, 69, 81, 88, 95, 96, 97, 98, 99, 100, 101, 102, 103, 111, 127),
]


@pytest.mark.parametrize("q850", ASTERISK)
def test_whatever_asterisk_says_is_in_the_table(q850: int) -> None:
    cause, name = Q850[q850]
    assert name
    assert cause_of(q850, 0) is cause
