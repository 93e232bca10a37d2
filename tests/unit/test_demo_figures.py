"""The statements about the campaign with agents: each of them can be false. Its figures, its table, its wallboard."""

import io
from dataclasses import replace
from typing import Any, cast

import pytest
from rich.console import Console

from uncall_ari.demo.crm import Crm
from uncall_ari.demo.display import Display
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.figures import Campaign, checks, figures
from uncall_ari.demo.handover import Talk
from uncall_ari.demo.judge import CALL_BACK, FAILED, SUCCESS
from uncall_ari.demo.minute import Minute
from uncall_ari.demo.settled import Kept, Seen, settle
from uncall_ari.demo.summary import recorded, saw, summary
from uncall_ari.demo.tables import Tables
from uncall_ari.demo.wallboard import STATES, Moment, Wallboard
from uncall_ari.demo.world import World
from uncall_ari.lab.phones import Carrier
from uncall_ari.queues import State

SEEN = {
    "1": Seen("1", 1, 200, 5.4, ("811",), ("811",), 0.04),
    "2": Seen("2", 1, 200, 8.0, ("812",), ("812",), 0.08),
    "3": Seen("3", 1, 200, 4.0),
    "4": Seen("4", 1, 486),
    "5": Seen("5"),
}
KEPT = [
    Kept("1", SUCCESS, 1, "answered", "811", waited=0.03, billsec=5),
    Kept("2", SUCCESS, 1, "answered", "812", waited=0.05, billsec=8),
    Kept("3", CALL_BACK, 1, "abandoned", abandoned=True, waited=2.0, billsec=4),
    Kept("4", FAILED, 1, "busy"),
    Kept("5"),
]
TALKS = [Talk(100.0, 105.0, "811", "1"), Talk(102.0, 112.0, "812", "2")]
COUNTERS = {"task_num": 5, "task_called": 4, "task_success": 2, "task_visit": 1, "task_fail": 1}
CAMPAIGN = Campaign(10.0, 100.0, 2, 30, 3, 0, COUNTERS, COUNTERS, frozenset({"3", "unknown"}))


def false(campaign: Campaign = CAMPAIGN, talks: list[Talk] = TALKS, **kept: Any) -> list[str]:
    rows = [replace(KEPT[0], **kept), *KEPT[1:]]
    return [check.text for check in checks(settle(SEEN, rows), talks, campaign) if not check.true]


def test_all_statements_are_true_of_a_right_campaign() -> None:
    assert false() == []


@pytest.mark.parametrize(
    ("campaign", "statement"),
    [
        (replace(CAMPAIGN, most_at_once=31), "never more than 30 calls at once: 31"),
        (replace(CAMPAIGN, most_at_once=0), "never more than 30 calls at once: 0"),
        (replace(CAMPAIGN, started_late=1), "no call was started after the stop: 1"),
        (replace(CAMPAIGN, resting=frozenset()), "who was abandoned is left in peace: 0 of 1 rest"),
        (replace(CAMPAIGN, listed={**COUNTERS, "task_fail": 2}), "getAllTask tells the same counters"),
    ],
)
def test_each_statement_about_the_whole_can_be_false(campaign: Campaign, statement: str) -> None:
    assert false(campaign) == [statement]


def test_wrong_counters_are_found() -> None:
    wrong = {**COUNTERS, "task_visit": 0}
    (statement,) = false(replace(CAMPAIGN, counters=wrong, listed=wrong))
    assert statement.startswith("the task's counters are right: num 5, called 4")


def test_a_number_that_is_settled_otherwise_is_found() -> None:
    assert false(extension="812") == [
        "each of 5 numbers is settled as the carrier saw it: 4, of which 1 were not dialled"
    ]


def test_a_wait_that_is_told_wrong_is_found() -> None:
    assert false(waited=1.5) == ["the wait for the agent agrees within 0.5 s: 1.46 s apart at most"]


@pytest.mark.parametrize(
    ("talks", "statements"),
    [
        ([], ["customer and agent heard each other in each of 0 talks: 2"]),
        ([*TALKS, Talk(106.0, 107.0, "811", "3")], ["customer and agent heard each other in each of 3 talks: 2"]),
        ([TALKS[0], Talk(104.0, 112.0, "811", "2")], ["no agent had two calls at once: 2 talks, 1 overlaps"]),
    ],
)
def test_talks_that_must_not_be_are_found(talks: list[Talk], statements: list[str]) -> None:
    assert false(talks=talks) == statements


def test_the_figures_are_those_of_carrier_and_phones() -> None:
    made = figures(settle(SEEN, KEPT), TALKS, CAMPAIGN)
    assert (made.dialled, made.answered, made.connected, made.abandoned) == (4, 3, 2, 1)
    assert made.rate == pytest.approx(100 / 3)
    assert made.median == pytest.approx(0.06)
    assert made.worst == pytest.approx(0.08)
    assert made.occupancy == pytest.approx((5.0 + 8.0) / 20.0)  # what comes after the stop does not count


def test_nobody_answered_is_no_mistake_of_arithmetic() -> None:
    made = figures(settle({}, KEPT[4:]), [], CAMPAIGN)
    assert (made.rate, made.median, made.worst, made.occupancy) == (0.0, None, None, 0.0)


def display(**options: Any) -> tuple[Display, io.StringIO]:
    file = io.StringIO()
    return Display(Console(file=file, highlight=False, **options)), file


AGENTS = [
    {"extension": "811", "state": "talking", "seconds": "3", "calls": "4"},
    {"extension": "812", "state": "wrap-up", "seconds": "1", "calls": "2"},
]
NOW = Moment(AGENTS, ringing=3, dialled=9, answered=4, connected=3, lost=1, why="the calls under way are enough")


def test_the_end_shows_figures_and_the_numbers_that_differ() -> None:
    shown, file = display()
    board = Wallboard(shown, 10)
    board.show(NOW, "in-flight")
    wrong = settle(SEEN, [replace(KEPT[0], extension="812"), *KEPT[1:]])
    summary(shown, figures(wrong, TALKS, CAMPAIGN), CAMPAIGN, board, wrong)
    text = file.getvalue()
    for figure in (
        "75 % of those dialled",
        "33.3 % of the answered",
        "65 %",
        "60 ms",
        "80 ms",
        "in-flight 100 %",
    ):
        assert figure in text
    assert "The numbers that differ" in text
    assert saw(SEEN["1"]) == "answered, 5.4 s, heard 811 after 40 ms"
    assert recorded(KEPT[2]) == "2 to call back 待回访, abandoned, waited 2.00 s"


def test_where_nothing_differs_no_number_is_shown() -> None:
    shown, file = display()
    right = settle(SEEN, KEPT)
    summary(shown, figures(right, TALKS, CAMPAIGN), CAMPAIGN, Wallboard(shown, 10), right)
    assert "differ" not in file.getvalue()


def test_without_a_terminal_the_wallboard_is_a_line_now_and_then() -> None:
    shown, file = display()
    board = Wallboard(shown, 10)
    with board.hung():
        for _ in range(50):
            board.show(NOW, "in-flight")
    (line,) = file.getvalue().splitlines()
    assert "dialled 9, in flight 3, answered 4, connected 3, abandoned 1; occupancy " in line
    assert line.endswith(" %: 1 talking, 1 wrap-up")
    assert board.share(*State) == pytest.approx(1.0)
    assert board.share(State.TALKING) == pytest.approx(0.5)


def test_on_a_terminal_the_wallboard_moves() -> None:
    shown, file = display(force_terminal=True, width=100)
    board = Wallboard(shown, 10)
    with board.hung():
        board.show(NOW, "in-flight")
    text = file.getvalue()
    for words in ("811", "talking 通话中", "wrap-up 话后整理", "in flight 3", "the calls under way are enough"):
        assert words in text
    assert text.endswith("\x1b[2K")  # nothing of it stays


def test_each_state_has_its_words() -> None:
    assert set(STATES) == set(State)


class Refusing:
    """A service that refuses everything."""

    async def call(self, method: str, *values: object, quiet: bool = False) -> list[Any]:
        raise DemoFailed(f"{method} was answered error\nand more")


async def test_a_refused_order_is_a_statement_that_is_false() -> None:
    shown, file = display()
    minute = Minute(10, 1, cast("Crm", Refusing()), cast("Tables", None), World(Carrier(), {}), shown)
    text = "the campaign with agents ran to its end: getIncomingQueues was answered error"
    assert await minute.run() == [(text, False)]
    assert f"✗ {text}" in file.getvalue()
    assert minute.numbers == []
