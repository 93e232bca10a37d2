"""How the demo judges a number of the campaign with agents: each thing that may be wrong is found."""

from dataclasses import replace
from typing import Any

import pytest

from uncall_ari.demo.judge import CALL_BACK, FAILED, SUCCESS
from uncall_ari.demo.settled import Kept, Seen, differences, settle

TALKED = Seen("1", times=1, status=200, seconds=5.4, agents=("811",), lines=("811",), delay=0.04)
LATE = replace(TALKED, delay=3.0)
LOST = Seen("2", times=1, status=200, seconds=4.0)
BUSY = Seen("3", times=1, status=486)
IDLE = Seen("4")
ROWS = {
    TALKED: Kept("1", SUCCESS, 1, "answered", "811", abandoned=False, waited=0.03, billsec=5),
    LATE: Kept("1", SUCCESS, 1, "answered", "811", abandoned=True, waited=3.0, billsec=5),
    LOST: Kept("2", CALL_BACK, 1, "abandoned", abandoned=True, waited=2.0, billsec=4),
    BUSY: Kept("3", FAILED, 1, "busy"),
    IDLE: Kept("4"),
}


@pytest.mark.parametrize("seen", ROWS)
def test_what_agrees_has_no_problems(seen: Seen) -> None:
    assert differences(seen, ROWS[seen]) == []


@pytest.mark.parametrize(
    ("seen", "change", "problem"),
    [
        (TALKED, {"status": CALL_BACK}, "call_status is 2 to call back 待回访, not 1 success 呼叫成功"),
        (TALKED, {"cause": "abandoned"}, "it is 'abandoned' by '811', not 'answered' by '811'"),
        (TALKED, {"extension": "812"}, "it is 'answered' by '812', not 'answered' by '811'"),
        (TALKED, {"abandoned": True}, "abandoned is 1, an agent was heard after 0.04 s"),
        (TALKED, {"billsec": 9}, "call_billsec is 9, the call had 5.4 s"),
        (TALKED, {"attempts": 2}, "2 attempts are recorded, not 1"),
        (LATE, {"abandoned": False}, "abandoned is 0, an agent was heard after 3.00 s"),
        (LOST, {"abandoned": False}, "abandoned is 0, an agent was heard never"),
        (LOST, {"status": SUCCESS}, "call_status is 1 success 呼叫成功, not 2 to call back 待回访"),
        (BUSY, {"cause": "rejected"}, "it is 'rejected' by '', not 'busy' by ''"),
        (BUSY, {"abandoned": True}, "abandoned is 1, an agent was heard never"),
        (IDLE, {"status": 4}, "call_status is 4 calling 呼叫中, not 0 not called 未呼叫"),
        (IDLE, {"attempts": 1}, "1 attempts are recorded, not 0"),
    ],
)
def test_a_row_that_differs_is_found(seen: Seen, change: dict[str, Any], problem: str) -> None:
    assert differences(seen, replace(ROWS[seen], **change)) == [problem]


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (replace(TALKED, times=2), "was dialled 2 times"),
        (replace(TALKED, lines=()), "heard 811, and was heard by nobody"),
        (
            replace(TALKED, agents=("811", "812"), lines=("811", "812")),
            "heard 811 and 812, and was heard by 811 and 812",
        ),
        (replace(BUSY, status=500), "the carrier answered 500"),
    ],
)
def test_what_must_not_happen_is_found(seen: Seen, problem: str) -> None:
    row = next(row for row in ROWS.values() if row.number == seen.number)
    assert differences(seen, row) == [problem]


def test_at_the_limit_of_two_seconds_either_is_right() -> None:
    near = replace(TALKED, delay=2.1)
    assert differences(near, ROWS[TALKED]) == differences(near, ROWS[LATE]) == []


def test_each_number_is_there_once_whoever_knows_it() -> None:
    rows = [ROWS[TALKED], ROWS[IDLE]]
    settled = settle({"1": TALKED, "9": replace(BUSY, number="9")}, rows)
    assert [(each.seen.number, each.problems) for each in settled] == [
        ("1", []),
        ("4", []),
        ("9", ["has no row in the task's table"]),
    ]
