"""The demo's numbers, how it reads answers, and what it prints while it runs."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from uncall_ari.cli.main import app
from uncall_ari.demo.campaign import ABROAD, plan
from uncall_ari.demo.conducts import CONDUCTS, Conduct, conduct_of, mix
from uncall_ari.demo.crm import read
from uncall_ari.demo.display import Display, Progress
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.settings import ALLOWED
from uncall_ari.dialer.numbers import Pattern

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("count", [12, 13, 24, 60, 300])
def test_a_plan_has_all_its_numbers_once_and_each_kind(count: int) -> None:
    made = plan(count, seed=1)
    numbers = made.all_numbers
    assert len(numbers) == len(set(numbers)) == count
    kinds = {made.kind(number) for number in numbers}
    assert len(kinds) == min(count, len(CONDUCTS) + 2)
    allowed = Pattern.parse(ALLOWED)
    assert [number for number in numbers if not allowed.matches(number)] == [ABROAD]


def test_the_same_seed_makes_the_same_plan() -> None:
    assert plan(60, 7) == plan(60, 7)
    assert plan(60, 7) != plan(60, 8)


def test_the_mix_keeps_to_the_shares() -> None:
    chosen = mix(58)
    total = sum(conduct.share for conduct in CONDUCTS)
    for conduct in CONDUCTS:
        assert chosen.count(conduct) == pytest.approx(58 * conduct.share / total, abs=1)


@pytest.mark.parametrize("conduct", CONDUCTS, ids=lambda conduct: conduct.ending)
def test_the_ending_says_what_a_number_does(conduct: Conduct) -> None:
    assert conduct_of(f"139000000{conduct.ending:>02}") is conduct


@pytest.mark.parametrize("conduct", CONDUCTS, ids=lambda conduct: conduct.ending)
def test_the_documentation_says_it_too(conduct: Conduct) -> None:
    assert f"| {conduct.ending} | {conduct.says} |\n" in (DOCS / "demo.md").read_text("utf-8")


def test_without_zeep_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeep", None)
    result = CliRunner().invoke(app, ["demo"])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["uncall demo needs zeep, a SOAP client: pip install 'uncall-ari[demo]'"]


ANSWER = '<?xml version="1.0" encoding="utf-8"?><unallcc><result>1</result>{}</unallcc>'


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ("", []),
        ("<m><value>1</value><description/></m>", [{"value": "1", "description": ""}]),
        ("<m><a>1</a></m><m><a>2</a></m>", [{"a": "1"}, {"a": "2"}]),
        (
            "<m><Response>success</Response></m><AffectedRows>3</AffectedRows>",
            [{"Response": "success", "AffectedRows": "3"}],
        ),
    ],
)
def test_an_answer_is_taken_apart(body: str, items: list[dict[str, str]]) -> None:
    assert read(ANSWER.format(body), "m") == items


def test_an_answer_that_is_no_document_is_told() -> None:
    with pytest.raises(DemoFailed, match="no XML"):
        read("Connection Failed", "m")


def test_without_a_terminal_there_are_plain_lines_now_and_then() -> None:
    file = io.StringIO()
    display = Display(Console(file=file, highlight=False))
    with display.campaign():
        for polls in range(100):
            display.show(Progress("run", 60, polls // 2, live=3, polls=polls))
        display.show(Progress("finish", 60, 58, 40, 8, 10, 0, 100))
    display.request("SOAP", "getAllTask(1)", "finish", 0.012)
    first, last, request = file.getvalue().splitlines()
    assert "getAllTask #0: run, called 0/60" in first
    assert last.endswith(
        "finish, called 58/60; success 呼叫成功 40, to call back 待回访 8, failed 呼叫失败 10; 0 calls live"
    )
    assert request.endswith("SOAP getAllTask(1)  →  finish  12 ms")
    assert "\x1b" not in file.getvalue()


def test_on_a_terminal_the_progress_moves() -> None:
    file = io.StringIO()
    display = Display(Console(file=file, force_terminal=True, width=80, highlight=False))
    with display.campaign():
        display.show(Progress("run", 60, 30, 20, 5, 5, 7, 9))
    text = file.getvalue()
    assert "called 30/60" in text
    assert "7 calls live" in text
    assert "getAllTask #9: run" in text
    assert text.endswith("\x1b[2K")  # nothing of it stays
