"""The pages about settings and menus: their examples load, their tables are the models'."""

import os
import re
from pathlib import Path

import pytest

from uncall_ari.config import Settings, load_settings
from uncall_ari.config.reference import update
from uncall_ari.dialer.causes import Cause
from uncall_ari.dialer.outcome import CallEnd, EndedBy, ending
from uncall_ari.errors import ConfigErrors
from uncall_ari.ivr import CallBack, CallExtension, Complete, GoMenu, GoStep, Nothing, Repeat, after_failure, match
from uncall_ari.media.prompts import Prompts

REPOSITORY = Path(__file__).parents[2]
CONFIGURATION = REPOSITORY / "docs" / "configuration.md"
IVR = REPOSITORY / "docs" / "ivr.md"


@pytest.fixture(autouse=True)
def _no_other_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("UNCALL_")]:
        monkeypatch.delenv(variable)


EXAMPLE = re.compile(r"^```toml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples(page: Path) -> list[str]:
    return EXAMPLE.findall(page.read_text("utf-8"))


def load(text: str, folder: Path) -> Settings:
    file = folder / "uncall.toml"
    file.write_text(text, "utf-8")
    return load_settings(file, {} if "[asterisk]" in text else {"asterisk": {"password": "p"}})


@pytest.mark.parametrize("page", [CONFIGURATION, IVR], ids=lambda page: page.name)
def test_the_examples_load_and_every_prompt_in_them_is_there(page: Path, tmp_path: Path) -> None:
    assert examples(page)
    prompts = Prompts(REPOSITORY / "sounds", "zh").names()
    for text in examples(page):
        for menu in load(text, tmp_path).ivr.values():
            for step in menu.steps.values():
                assert [name for name in step.play if ":" not in name and name not in prompts] == []


@pytest.mark.parametrize("page", [CONFIGURATION, IVR], ids=lambda page: page.name)
def test_the_tables_are_up_to_date(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text == update(text), f"run: python -m uncall_ari.config.reference {page.relative_to(REPOSITORY)}"


def test_the_complete_example_names_every_section_and_does_what_the_page_says(tmp_path: Path) -> None:
    (text,) = examples(CONFIGURATION)
    settings = load(text, tmp_path)
    assert settings.model_fields_set == set(Settings.model_fields)
    first, second = settings.trunk
    assert first.number_rules.dial_string("02161234567") == "00862161234567"
    assert second.number_rules.dial_string("13800138000") == "913800138000"
    assert second.number_rules.dial_string("02161234567") is None


def test_every_cause_is_explained_with_its_outcome() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (\d)", CONFIGURATION.read_text("utf-8"), re.MULTILINE))
    assert set(rows) == set(Cause)
    assert rows["abandoned"] == str(ending(CallEnd(answered=True)).outcome.value)
    assert rows["lost"] == str(ending(CallEnd(ended_by=EndedBy.NOBODY_KNOWS)).outcome.value)
    assert rows["busy"] == str(ending(CallEnd(q850=17)).outcome.value)


def test_the_mistakes_that_the_page_shows_are_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("uncall.toml").write_text(
        'asterisk.password = "p"\n[web]\nprot = 1\n'
        '[[trunk]]\nvalue = "a"\nendpoint = "a"\nallow = ["."]\nchannels = 0\n'
        "[ivr.127000.step.welcome]\nkeys = { 1 = 'step sale' }\n[ivr.127000.step.sales]\n"
    )
    monkeypatch.setenv("UNCALL_WEB__PORT", "http")
    with pytest.raises(ConfigErrors) as caught:
        load_settings()
    shown = re.findall(
        r"^(?:uncall\.toml|environment variable \w+): .*$", CONFIGURATION.read_text("utf-8"), re.MULTILINE
    )
    assert sorted(shown) == sorted(str(caught.value).splitlines())


def test_the_worked_menu_does_what_the_page_says(tmp_path: Path) -> None:
    ivr = load(examples(IVR)[-1], tmp_path).ivr
    chinese, english = ivr["127000"], ivr["127001"]
    welcome, number = chinese.first, chinese.steps["number"]
    assert {key: match(welcome, key) for key in "1289*"} == {
        "1": Complete(GoStep("number"), "1"),
        "2": Complete(CallExtension("801"), "2"),
        "8": Complete(GoMenu("127001"), "8"),
        "9": Complete(CallBack(), "9"),
        "*": Complete(Repeat(), "*"),
    }
    assert match(number, "13800138000") == Complete(GoStep("ordered"), "13800138000")
    assert [after_failure(welcome, failure, Nothing()) for failure in (1, 2, 3)] == [Repeat(), Repeat(), GoStep("bye")]
    assert match(english.first, "2") == Complete(CallExtension("802"), "2")
    assert (chinese.language, english.language) == ("zh", "en")
