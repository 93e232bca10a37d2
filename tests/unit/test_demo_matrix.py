"""The demo's table of who hears whom: what it shows, and that a party who hears too much or too little is found."""

import io
from collections.abc import Iterable
from typing import cast

import pytest
from rich.console import Console

from uncall_ari.demo.matrix import Expected, before_and_after, in_words, matrix, wrong
from uncall_ari.lab.phones import FLOOR, Call, Hearing

PARTIES = ("801", "802", "customer")
TALK: Expected = {"801": ["customer"], "customer": ["801"]}
GREEN, GREY, RED = "\x1b[1;32m", "\x1b[90m", "\x1b[1;31m"


class Heard:
    """A call that hears some tones at some levels, and nothing else."""

    def __init__(self, tone: int, **levels: float) -> None:
        self.tone = tone
        self._levels = {int(hz.removeprefix("hz")): level for hz, level in levels.items()}

    def levels(self, tones: Iterable[int], seconds: float) -> dict[int, float]:
        return {hz: self._levels.get(hz, FLOOR) for hz in tones}


def hearing(**calls: Heard) -> Hearing:
    return Hearing({name.removeprefix("x"): cast("Call", call) for name, call in calls.items()})


BOTH = hearing(x801=Heard(300, hz400=-12.0), customer=Heard(400, hz300=-12.4))
DEAF = hearing(x801=Heard(300, hz400=-12.0), customer=Heard(400, hz300=-60.0))
FAINT = hearing(x801=Heard(300, hz400=-12.0, hz300=-30.0), customer=Heard(400, hz300=-12.0))
ECHO = hearing(x801=Heard(300, hz400=-12.0, hz300=-12.0), customer=Heard(400, hz300=-12.0))


def printed(table: object, *, colours: bool = False, width: int = 130) -> list[str]:
    file = io.StringIO()
    Console(file=file, force_terminal=colours, color_system="standard" if colours else None, width=width).print(table)
    return file.getvalue().splitlines()


def test_rows_hear_columns_and_who_is_in_no_call_has_dots() -> None:
    lines = printed(matrix("after", PARTIES, BOTH, TALK))
    rows = [line.strip("│").replace("│", " ").split() for line in lines if line.startswith("│")]
    assert rows == [
        ["hears", "→", "801", "802", "customer"],
        ["801", "-99", "·", "-12"],
        ["802", "·", "·", "·"],
        ["customer", "-12", "·", "-99"],
    ]


def test_what_is_heard_is_green_and_what_is_not_grey() -> None:
    text = "\n".join(printed(matrix("after", PARTIES, BOTH, TALK), colours=True))
    assert text.count(GREEN) == text.count(GREY) == 2
    assert RED not in text


@pytest.mark.parametrize(("heard", "cell"), [(DEAF, "-60"), (ECHO, "-12"), (FAINT, "-30")])
def test_what_is_wrong_is_red(heard: Hearing, cell: str) -> None:
    text = "\n".join(printed(matrix("after", PARTIES, heard, TALK), colours=True))
    assert text.count(RED) == 1
    assert f"{RED}{cell}" in text.replace(" ", "")


def test_nobody_in_a_call_is_all_dots() -> None:
    lines = printed(matrix("before", PARTIES, None, {}))
    assert sum(line.count("·") for line in lines) == len(PARTIES) ** 2


@pytest.mark.parametrize(("width", "lines"), [(130, 8), (60, 16)])
def test_two_moments_stand_beside_each_other_where_there_is_room(width: int, lines: int) -> None:
    both = before_and_after(PARTIES, (None, {}), (BOTH, TALK))
    assert len(printed(both, width=width)) == lines


@pytest.mark.parametrize(
    ("heard", "expected", "problems"),
    [
        (BOTH, TALK, []),
        (None, {}, []),
        (DEAF, TALK, ["customer should hear 801"]),
        (ECHO, TALK, ["801 should not hear 801"]),
        (BOTH, {"801": ["customer"], "customer": []}, ["customer should not hear 801"]),
        (BOTH, {**TALK, "802": []}, ["802 is in no call"]),
        (None, TALK, ["801 is in no call", "customer is in no call"]),
    ],
)
def test_what_is_not_as_expected_is_told(heard: Hearing | None, expected: Expected, problems: list[str]) -> None:
    assert wrong(heard, expected) == problems


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (TALK, "801 hears customer, customer hears 801"),
        ({"801": ["803", "customer"], "customer": []}, "801 hears 803 and customer"),
        ({"customer": []}, "nobody hears anybody"),
    ],
)
def test_what_is_expected_is_told_as_a_sentence(expected: Expected, words: str) -> None:
    assert in_words(expected) == words
