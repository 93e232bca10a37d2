"""The rules of others, by their formulas; and the command with its table, JSON and picture."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from uncall_ari.cli.main import app
from uncall_ari.cli.simulating import BadOption, chosen, teams
from uncall_ari.pacing import Situation
from uncall_ari.simulate.rules import Issabel, Ratio, Vicidial

FEW = ["simulate", "--agents", "4,6", "--scenario", "steady", "--hours", "0.1", "--rule", "ai,progressive"]


def test_progressive_is_one_call_for_each_free_agent() -> None:
    assert Ratio(1.0).calls(Situation(now=0.0, free=3, ringing=(1.0,))) == 2
    assert Ratio(1.5).calls(Situation(now=0.0, free=3, ringing=(1.0,))) == 3
    assert Ratio(1.0).calls(Situation(now=0.0, free=1, ringing=(1.0,) * 4)) == 0


def test_vicidial_raises_its_level_while_agents_are_ready_and_is_bound_to_3() -> None:
    rule = Vicidial(0.03, hard=True)
    idle = Situation(now=0.0, free=5, talking=(9.0,) * 5)
    assert rule.calls(idle) == 10 - 5
    rule.calls(Situation(now=15.0, free=5, talking=(9.0,) * 5))
    assert rule.level == pytest.approx(1.5)  # 5 of 10 agents were ready
    for second in range(30, 300, 15):
        rule.calls(Situation(now=float(second), free=5, talking=(9.0,) * 5))
    assert rule.level == 3.0
    assert rule.calls(idle) == 30 - 5


@pytest.mark.parametrize(("hard", "level"), [(True, 1.0), (False, 1.5)])
def test_vicidial_cuts_its_level_above_the_ceiling(hard: bool, level: float) -> None:
    rule = Vicidial(0.03, hard=hard)
    rule.level = 3.0
    for second in range(60):
        rule.answered(5.0, second / 10)
    for _ in range(3):
        rule.abandoned(8.0)
    rule.calls(Situation(now=16.0, free=0, talking=(9.0,) * 10))
    assert rule.level == pytest.approx(level)


def test_issabel_counts_talks_that_will_probably_end_and_divides_by_the_answer_rate() -> None:
    plain, over = Issabel(overcommit=False), Issabel(overcommit=True)
    for rule in (plain, over):
        for number in range(20):
            rule.talked(100.0, float(number))
            rule.answered(10.0, float(number))
            rule.unanswered(25.0, float(number))
    s = Situation(now=30.0, free=2, talking=(95.0, 95.0, 20.0))
    assert plain.calls(s) == 4
    assert over.calls(s) == 8
    assert plain.calls(Situation(now=30.0, free=2, talking=(95.0, 20.0), waiting=1, ringing=(1.0,))) == 1


def test_the_command_prints_a_table_and_writes_all_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    result = CliRunner().invoke(app, [*FEW, "--json", str(file)])
    assert result.exit_code == 0, result.output
    assert "progressive" in result.output
    figures = json.loads(file.read_text())
    assert figures["options"]["hours"] == 0.1
    assert {(each["agents"], each["rule"]) for each in figures["outcomes"]} == {
        (agents, rule) for agents in (4, 6) for rule in ("bound", "ai", "progressive")
    }
    assert all(0.0 < each["of_bound"] <= 1.05 for each in figures["outcomes"])


def test_the_command_draws(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "plot.png"
    result = CliRunner().invoke(app, [*FEW, "--plot", str(file)])
    assert result.exit_code == 0, result.output
    assert file.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_remedy_is_told_before_anything_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = CliRunner().invoke(app, [*FEW, "--plot", str(tmp_path / "plot.png")])
    assert result.exit_code == 1
    assert "pip install 'uncall-ari[plots]'" in result.output
    assert "progressive" not in result.output


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_folder_that_is_not_there_is_told(tmp_path: Path, option: str) -> None:
    pytest.importorskip("matplotlib")
    result = CliRunner().invoke(app, [*FEW, option, str(tmp_path / "none" / "file.png")])
    assert result.exit_code == 1
    assert "a folder that is there" in result.output


@pytest.mark.parametrize("text", ["", "0", "5,", "5,x", "-3", "1001"])
def test_impossible_teams_are_refused(text: str) -> None:
    with pytest.raises(BadOption, match="sizes of teams"):
        teams(text)


def test_unknown_names_are_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadOption, match="rule magic: give all, or some of ai, i"):
        chosen("ai,magic", ["ai", "i"], "rule")
    assert chosen("all", ["ai", "i"], "rule") == ["ai", "i"]
