"""The demo's statements about a whole campaign: each of them can be false, and then the demo fails."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from uncall_ari.cli.main import app
from uncall_ari.demo import run
from uncall_ari.demo.checks import Campaign, Check, checks
from uncall_ari.demo.display import Display
from uncall_ari.demo.judge import FAILED, SUCCESS, Deed, Finding, Row
from uncall_ari.demo.report import report, verdict

COUNTERS = {"task_num": 3, "task_called": 3, "task_success": 2, "task_visit": 0, "task_fail": 1}
LISTENED = Deed("13800138008", times=1, status=200, seconds=11.9, sound=11.0, recording=-12.0)
TALKED = Deed("13800138000", 1, 200, 6.4, keys="0", sound=6.0, recording=-12.0, agent=-12.0, heard_by_agent=-12.0)
BUSY = Deed("13800138002", times=1, status=486)
FINDINGS = [
    Finding(LISTENED.number, "listens", LISTENED, Row(LISTENED.number, SUCCESS, 11, "1.1", cause="answered")),
    Finding(
        TALKED.number,
        "talks",
        TALKED,
        Row(TALKED.number, SUCCESS, 6, "1.2", extension="801", cause="answered", keys="0"),
    ),
    Finding(BUSY.number, "is busy", BUSY, Row(BUSY.number, FAILED, 0, "1.3", cause="busy")),
]
CAMPAIGN = Campaign(COUNTERS, COUNTERS, 4, 4, 0, script_seconds=10.8, rows=3)


def with_deed(index: int, **changes: Any) -> list[Finding]:
    changed = replace(FINDINGS[index], deed=replace(FINDINGS[index].deed, **changes))
    return [*FINDINGS[:index], changed, *FINDINGS[index + 1 :]]


def with_row(index: int, **changes: Any) -> list[Finding]:
    row = FINDINGS[index].row
    assert row
    return [*FINDINGS[:index], replace(FINDINGS[index], row=replace(row, **changes)), *FINDINGS[index + 1 :]]


def test_all_statements_are_true_of_a_right_campaign() -> None:
    assert [check.text for check in checks(FINDINGS, CAMPAIGN) if not check.true] == []


@pytest.mark.parametrize(
    ("findings", "campaign", "statement"),
    [
        (FINDINGS, replace(CAMPAIGN, rows=4), "one row for each number: 4"),
        (with_deed(2, times=2), CAMPAIGN, "no number was dialled twice: 4 calls"),
        (FINDINGS, replace(CAMPAIGN, strangers=["110"]), "only numbers of the task were dialled: 110"),
        (with_row(2, uid="1.1"), CAMPAIGN, "an id of its own: 2"),
        (FINDINGS, replace(CAMPAIGN, most_at_once=5), "never more than 4 calls at once: 5"),
        (FINDINGS, replace(CAMPAIGN, started_while_paused=1), "while the task was paused: 1"),
        (with_row(0, billsec=13), CAMPAIGN, "seconds agree within 1 s: 2 s apart"),
        (with_deed(0, recording=-30.0), CAMPAIGN, "the recording was heard by all 2 who answered: -30.0"),
        (with_deed(0, sound=3.8), CAMPAIGN, "heard all 10.8 s: sound in 3.8 s"),
        (with_row(1, keys=""), CAMPAIGN, "1 keys were pressed, and all arrived"),
        (with_deed(1, heard_by_agent=-60.0), CAMPAIGN, "customer and agent heard each other"),
        (FINDINGS, replace(CAMPAIGN, counters={**COUNTERS, "task_fail": 2}), "the task's counters are right"),
        (FINDINGS, replace(CAMPAIGN, listed={**COUNTERS, "task_fail": 2}), "getAllTask tells the same counters"),
    ],
)
def test_a_false_statement_is_told(findings: list[Finding], campaign: Campaign, statement: str) -> None:
    false = [check.text for check in checks(findings, campaign) if not check.true]
    assert any(statement in text for text in false), false


def printed(findings: list[Finding], statements: list[Check]) -> tuple[bool, str]:
    """What the verdict is, and what is printed."""
    file = io.StringIO()
    display = Display(Console(file=file, highlight=False))
    report(display, findings, statements)
    agrees = verdict(display, findings, statements)
    return agrees, file.getvalue()


def test_the_report_of_a_right_campaign() -> None:
    agrees, text = printed(FINDINGS, [Check("all is well", True)])
    assert agrees
    assert "ALL AGREE: 3 numbers, 1 checks" in text
    assert "success 呼叫成功, answered" in text
    assert "extension 801" in text
    assert "differ" not in text


def test_the_report_shows_the_row_that_differs() -> None:
    wrong = replace(FINDINGS[2], problems=["the cause is 'lost', not 'busy'"])
    agrees, text = printed([*FINDINGS[:2], wrong], [])
    assert not agrees
    assert "DOES NOT AGREE: 1 of 3 numbers differ, 0 checks fail" in text
    assert BUSY.number in text
    assert TALKED.number not in text


def test_the_report_shows_the_statement_that_is_false() -> None:
    agrees, text = printed(FINDINGS, [Check("all is well", False)])
    assert not agrees
    assert "✗ all is well" in text


@pytest.mark.parametrize("agrees", [True, False])
def test_the_exit_status_says_whether_all_agrees(monkeypatch: pytest.MonkeyPatch, agrees: bool) -> None:
    seen: list[run.Options] = []

    def stub(options: run.Options) -> bool:
        seen.append(options)
        return agrees

    monkeypatch.setattr(run, "run", stub)
    result = CliRunner().invoke(app, ["demo", "--numbers", "12", "--seed", "3", "--database", "mariadb"])
    assert result.exit_code == (0 if agrees else 1)
    assert seen == [run.Options(12, 3, mariadb=True, keep=False)]


@pytest.mark.parametrize("numbers", ["11", "301", "ten"])
def test_a_number_of_numbers_that_is_none_is_refused(numbers: str) -> None:
    assert CliRunner().invoke(app, ["demo", "--numbers", numbers]).exit_code == 2
