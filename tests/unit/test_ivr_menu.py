"""Menus and steps: what follows from what is written, and what is refused."""

from typing import Any

import pytest
from pydantic import ValidationError

from uncall_ari.ivr import CallExtension, GoStep, HangUp, Menu, Step
from uncall_ari.ivr.check import endless_rounds, missing_sounds, unknown_references
from uncall_ari.ivr.menu import recording_of


def step(**values: Any) -> Step:
    return Step.model_validate(values)


def menus(**raw: Any) -> dict[str, Menu]:
    return {value: Menu.model_validate({"value": value, "step": steps}) for value, steps in raw.items()}


def test_a_step_that_says_nothing_hangs_up() -> None:
    empty = step()
    assert (empty.play, empty.gathers, empty.then) == ((), False, HangUp())


def test_digits_and_terminator_follow_from_keys() -> None:
    assert step(keys={"1": "repeat"}).digits == 1
    assert step(keys={"1": "repeat", "123": "repeat"}).digits == 3
    assert step(keys={"1": "repeat"}, digits=1).digits == 1
    assert step(keys={"12": "repeat"}).terminator == "#"
    assert step(keys={"12": "repeat", "#": "hang up"}).terminator == ""
    assert step(keys={"12": "repeat", "#": "hang up"}, terminator="*").terminator == "*"
    assert step(digits=5).gathers


def test_a_menu_begins_with_its_first_step_or_the_one_it_names() -> None:
    steps = {"b": {"then": "step a"}, "a": {"play": ["goodbye"]}}
    assert Menu.model_validate({"value": "1", "step": steps}).first.then == GoStep("a")
    assert Menu.model_validate({"value": "1", "start": "a", "step": steps}).first.play == ("goodbye",)


def test_keys_are_actions() -> None:
    assert step(keys={"2": "extension 801"}).keys == {"2": CallExtension("801")}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"keys": {"1": "repeat"}, "digits": 2}, "leave digits out"),
        ({"keys": {"1": "repeat"}, "then": "hang up"}, "leave then out"),
        ({"keys": {"1#": "repeat"}, "terminator": "#"}, 'write terminator = ""'),
        ({"save_as": "x"}, "of no use"),
        ({"digits": 1, "on_timeout": "repeat"}, "use retries"),
        ({"digits": 1, "on_invalid": "repeat"}, "use retries"),
        ({"keys": {"a": "repeat"}}, "can not be pressed"),
        ({"keys": {"": "repeat"}}, "can not be pressed"),
        ({"keys": {"1" * 11: "repeat"}}, "can not be pressed"),
        ({"keys": {"１": "repeat"}}, "can not be pressed"),
        ({"keys": {"1": 5}}, "is no action"),
        ({"keys": ["1"]}, "dictionary"),
        ({"keys": {1: "repeat"}}, "valid string"),
        ({"then": {"step": "a"}}, "is no action"),
        ({"digits": 21}, "less than or equal to 20"),
        ({"timeout": 0}, "greater than or equal to 0.5"),
        ({"timeout": float("nan")}, "finite"),
        ({"between": 31}, "less than or equal to 30"),
        ({"retries": 10}, "less than or equal to 9"),
        ({"terminator": "1"}, "Input should be"),
        ({"digits": 1, "save_as": "Choice"}, "match pattern"),
        ({"plays": ["hello"]}, "Extra inputs"),
        ({"play": "hello"}, "valid tuple"),
        ({"play": ["Hello"]}, "neither a prompt's name"),
        ({"play": ["a/b"]}, "neither a prompt's name"),
        ({"play": ["../hello"]}, "neither a prompt's name"),
        ({"play": ["sound:http://x"]}, "neither a prompt's name"),
        ({"play": ["recording:"]}, "no uploaded recording"),
        ({"play": ["recording:a.mp3"]}, "no uploaded recording"),
        ({"play": ["recording:.wav"]}, "no uploaded recording"),
        ({"play": ["recording:a\nb.wav"]}, "no uploaded recording"),
        ({"play": ["recording:../a.wav"]}, "write recording:a.wav"),
        ({"play": ["recording:a.WAV"]}, "write recording:a.wav"),
    ],
)
def test_steps_that_are_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        step(**values)


@pytest.mark.parametrize("raw", [{}, {"step": {}}, {"step": {"a b": {}}}, {"step": []}, {"step": {"a": 1}}, 5])
def test_menus_that_are_refused(raw: object) -> None:
    with pytest.raises(ValidationError):
        Menu.model_validate(raw if raw == 5 else {"value": "1", **raw})  # type: ignore[dict-item]


def test_recordings_may_have_any_name_that_an_upload_may_have() -> None:
    play = step(play=["welcome", "recording:优惠 活动.wav"]).play
    assert [recording_of(sound) for sound in play] == [None, "优惠 活动.wav"]


def test_unknown_steps_and_menus_are_told_even_where_other_things_are_wrong() -> None:
    raw = {
        "1": {"start": "b", "step": {"a": {"keys": {"1": "step x", "2": "menu 3", "3": 7}, "then": "fly"}}},
        "2": {"step": {"welcome": {"then": "step welcom", "on_timeout": "menu 1", "on_invalid": "step x"}}},
        "4": "no table",
    }
    found = {(".".join(map(str, mistake.place)), mistake.remedy) for mistake in unknown_references(raw)}
    assert found == {
        ("1.start", "Known here: a"),
        ("1.step.a.keys.1", "Known here: a"),
        ("1.step.a.keys.2", "Known here: 1, 2"),
        ("2.step.welcome.then", "Did you mean welcome?"),
        ("2.step.welcome.on_invalid", "Known here: welcome"),
    }


@pytest.mark.parametrize("raw", [None, 5, [], {"1": {"step": 5}}, {"1": {"step": {"a": {"keys": 5, "then": 5}}}}])
def test_references_need_no_readable_table(raw: object) -> None:
    assert unknown_references(raw) == []


ROUNDS = [
    ({"1": {"a": {"then": "step b"}, "b": {"then": "step a"}}}, ["1/a → 1/b → 1/a"]),
    ({"1": {"a": {"then": "repeat"}}}, ["1/a → 1/a"]),
    ({"1": {"a": {"play": ["welcome"], "then": "step a"}}}, ["1/a → 1/a"]),
    ({"1": {"a": {"digits": 1, "on_timeout": "step a", "then": "hang up"}}}, ["1/a → 1/a"]),
    ({"1": {"a": {"then": "menu 2"}}, "2": {"b": {"then": "menu 1"}}}, ["1/a → 2/b → 1/a"]),
    ({"1": {"in": {"then": "step a"}, "a": {"then": "step b"}, "b": {"then": "step a"}}}, ["1/a → 1/b → 1/a"]),
    (
        {"1": {"a": {"then": "step a"}, "b": {"keys": {"1": "hang up"}, "on_timeout": "step b"}}},
        ["1/a → 1/a", "1/b → 1/b"],
    ),
    # left by a key, a time limit or at the end
    ({"1": {"a": {"keys": {"1": "step a", "*": "repeat"}}}}, []),
    ({"1": {"a": {"digits": 1, "then": "step a"}}}, []),
    ({"1": {"a": {"keys": {"1": "step b"}, "on_invalid": "step a"}, "b": {"then": "step a"}}}, []),
    ({"1": {"a": {"then": "step b"}, "b": {"then": "extension 801"}}}, []),
    ({"1": {"a": {"then": "step c"}, "b": {"then": "step c"}, "c": {}}}, []),
]


@pytest.mark.parametrize(("raw", "rounds"), ROUNDS, ids=[str(raw) for raw, _ in ROUNDS])
def test_endless_rounds(raw: dict[str, Any], rounds: list[str]) -> None:
    found = endless_rounds(menus(**raw))
    assert [mistake.problem.rpartition(": ")[2] for mistake in found] == rounds


def test_missing_sounds() -> None:
    found = missing_sounds(
        menus(**{"1": {"a": {"play": ["welcome", "welcom", "recording:a.wav", "recording:b.wav"]}}}),
        {"welcome"}.__contains__,
        {"a.wav"}.__contains__,
    )
    assert [(mistake.place[-1], mistake.problem) for mistake in found] == [
        (1, "there is no prompt welcom"),
        (3, "there is no recording b.wav"),
    ]
