"""What is a number, what a trunk may dial, and that nothing else ever comes out."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.dialer.numbers import (
    NumberRules,
    Pattern,
    Rewrite,
    caller_id,
    dial_target,
    dialable,
    first_known,
    parse_patterns,
    spellings,
    split_numbers,
)

ANY_TEXT = st.text(st.one_of(st.characters(), st.sampled_from("0123456789+*#-() ./,@&")), max_size=40)
PATTERN_TEXT = st.text("_XZN0123456789[]-.!*#+ ab", max_size=20)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("13800138000", ["13800138000"]),
        ("1,2,3", ["1", "2", "3"]),
        ("1，2、3､4", ["1", "2", "3", "4"]),
        ("1;2；3", ["1", "2", "3"]),
        ("1 2\t3\r\n4\n5\u30006\u00a07", ["1", "2", "3", "4", "5", "6", "7"]),
        (" ,1,,2, \n", ["1", "2"]),
        ("", []),
        (" ，\n", []),
        ("1?2？3", ["1?2？3"]),  # a damaged encoding: no guess where numbers begin
        ("+86-138-0013-8000,(021)61234567", ["+86-138-0013-8000", "(021)61234567"]),
        ("5,5", ["5", "5"]),  # duplicates are the caller's business
    ],
)
def test_split_numbers(text: str, entries: list[str]) -> None:
    assert split_numbers(text) == entries


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"),
        ("+8613800138000", "+8613800138000"),
        ("+86 (138) 0013-8000", "+8613800138000"),
        ("021.6123/4567", "02161234567"),
        ("138‑0013‑8000", "13800138000"),  # non-breaking hyphens, as word processors make them
        ("*72#", "*72#"),
        ("10", "10"),
        ("1234567890123456", "1234567890123456"),
        ("13800138000\r", "13800138000"),  # the end of a line from an import
        ("\ufeff13800138000", None),
        ("1", None),
        ("12345678901234567", None),
        ("", None),
        ("+", None),
        ("*#", None),
        ("++86138", None),
        ("138+0013", None),
        ("１３８００１３８０００", None),  # full-width
        ("١٢٣٤٥٦", None),  # Arabic-Indic
        ("1380013²", None),  # isdigit(), but no digit
        ("1380013\n8000", None),
        ("1380013\x008000", None),
        ("1380013@8000", None),
        ("1380013&8000", None),
        ("phone", None),
        ("0x1234", None),
    ],
)
def test_dialable(text: str, number: str | None) -> None:
    assert dialable(text) == number


@given(ANY_TEXT)
def test_dialable_lets_nothing_else_out(text: str) -> None:
    number = dialable(text)
    assert number is None or re.fullmatch(r"\+?[0-9*#]{1,16}", number, re.ASCII)
    assert number is None or (len(number) <= 16 and dialable(number) == number)


@pytest.mark.parametrize(
    ("text", "presented"),
    [
        ("", ""),
        ("0", ""),
        (" 0 ", ""),
        ("02161234567", "02161234567"),
        ("+86 21 6123-4567", "+862161234567"),
        ("12345678901234567890", "12345678901234567890"),
        ("123456789012345678901", None),
        ("1234567890123456789", "1234567890123456789"),
        ("ACME <123>", None),
        ("123\n456", None),
        ("*72", None),
        ("１２３", None),
    ],
)
def test_caller_id(text: str, presented: str | None) -> None:
    assert caller_id(text) == presented


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("1[3-9]XXXXXXXXX", ["13800138000"], ["12800138000", "1380013800", "138001380000", "+13800138000"]),
        ("_1[3-9]XXXXXXXXX", ["13800138000"], ["12800138000"]),
        ("NXX", ["200", "999"], ["100", "1000", "20*"]),
        ("ZXX", ["100"], ["000"]),
        ("nxx", ["200"], ["100"]),
        ("0.", ["01", "0123456", "0*"], ["0", "1", "+01"]),
        ("0!", ["0", "012"], ["10", ""]),
        (".", ["1", "+8613", "*1"], [""]),
        ("[135-79]0", ["10", "30", "50", "60", "70", "90"], ["20", "40", "80"]),
        ("+86X.", ["+86138"], ["86138", "+86"]),
        ("*7[*#]", ["*7*", "*7#"], ["*77"]),
        ("021-6XXX", ["0216123"], ["021-6123"]),
    ],
)
def test_pattern(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    compiled = Pattern.parse(pattern)
    assert [number for number in fits if not compiled.matches(number)] == []
    assert [number for number in fits_not if compiled.matches(number)] == []
    assert str(compiled) == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "empty"),
        ("_", "empty"),
        ("-", "empty"),
        ("1[3-9", r"no \]"),
        ("1[]", "must hold"),
        ("1[a]", "must hold"),
        ("1[9-3]", "backwards"),
        ("1.2", "last character"),
        ("!1", "last character"),
        ("1..", "last character"),
        ("12+", "no meaning"),
        ("1(2", "no meaning"),
        ("１３", "no meaning"),
        ("1\n", None),
        ("1\n2", "no meaning"),
    ],
)
def test_pattern_that_is_none(pattern: str, reason: str | None) -> None:
    if reason is None:  # blanks around a pattern are none of its characters
        assert Pattern.parse(pattern).matches("1")
        return
    with pytest.raises(ValueError, match=reason):
        Pattern.parse(pattern)


@given(PATTERN_TEXT, ANY_TEXT)
def test_pattern_parser_raises_nothing_but_value_error(pattern: str, number: str) -> None:
    with suppress(ValueError):
        compiled = Pattern.parse(pattern)
        assert compiled.regex.pattern
        if compiled.matches(number):
            assert re.fullmatch(r"\+?[0-9*#]*", number, re.ASCII)


RULES = NumberRules(
    allow=parse_patterns(["1[3-9]XXXXXXXXX", "0Z.", "8!"]),
    prefix="9",
    rules=(
        Rewrite(Pattern.parse("00."), 2, "+"),
        Rewrite(Pattern.parse("010."), 0, ""),
        Rewrite(Pattern.parse("0."), 1, "0086"),
        Rewrite(Pattern.parse("88"), 2, "1"),
    ),
)


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("13800138000", "913800138000"),
        ("138-0013-8000", "913800138000"),
        ("02161234567", "00862161234567"),
        ("01061234567", "01061234567"),  # the first rule that matches, not the best
        ("0021161234567", None),  # allowed patterns look at the stored form
        ("8123", "98123"),
        ("88", None),  # nothing of the number would be left
        ("12800138000", None),
        ("junk", None),
        ("", None),
    ],
)
def test_dial_string(number: str, dialled: str | None) -> None:
    assert RULES.dial_string(number) == dialled


def test_a_plus_never_lands_in_the_middle() -> None:
    rules = NumberRules(allow=parse_patterns(["."]), prefix="9")
    assert rules.dial_string("+8613800138000") is None
    assert NumberRules(rules.allow, strip=1, prefix="00").dial_string("+8613800138000") == "008613800138000"


@given(ANY_TEXT, st.integers(0, 16), st.from_regex(r"\A\+?[0-9*#]{0,16}\Z"), st.sampled_from([".", "1!", "X.", "+."]))
def test_dial_strings_hold_only_what_can_be_dialled(text: str, strip: int, prefix: str, allow: str) -> None:
    dialled = NumberRules(parse_patterns([allow]), strip, prefix).dial_string(text)
    if dialled is not None:
        assert re.fullmatch(r"PJSIP/\+?[0-9*#]{1,32}@carrier", dial_target("carrier", dialled), re.ASCII)


def test_dial_target() -> None:
    assert dial_target("carrier-1.cn", "+8613800138000") == "PJSIP/+8613800138000@carrier-1.cn"


@pytest.mark.parametrize(
    ("endpoint", "number"),
    [
        ("carrier", ""),
        ("carrier", "1@2"),
        ("carrier", "1&PJSIP/2"),
        ("carrier", "1,2"),
        ("carrier", "1\n"),
        ("carrier", "１２"),
        ("carrier", "1" * 33),
        ("", "123"),
        ("a@b", "123"),
        ("a/b", "123"),
        ("a&b", "123"),
        ("-a", "123"),
        ("a\n", "123"),
        ("载波", "123"),
    ],
)
def test_dial_target_refuses(endpoint: str, number: str) -> None:
    with pytest.raises(ValueError, match="only"):
        dial_target(endpoint, number)


def test_lists_of_numbers_are_asked_for_both_spellings() -> None:
    assert spellings(["138-0013-8001", "13800138001", "nobody", "+86 1380"]) == [
        "138-0013-8001",
        "13800138001",
        "nobody",
        "+86 1380",
        "+861380",
    ]
    assert first_known("138-0013-8001", {"13800138001": 7}) == 7
    assert first_known("138-0013-8001", {"138-0013-8001": 8}) == 8
    assert first_known("nobody", {"13800138001": 7}) is None
