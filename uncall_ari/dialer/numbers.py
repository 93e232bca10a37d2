"""What a phone number is, which numbers a trunk may dial, and what is handed to Asterisk. All pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self, TypeVar

T = TypeVar("T")

MAX_DIGITS = 16  # `mobile` is a varchar(16) (contract section 5)
MAX_DIALLED = 32  # with the prefix; E.164 numbers have 15 digits, international prefixes up to 5

# Commas of every kind that Chinese keyboards make, semicolons and all blanks. A question mark, ASCII or
# full-width, separates nothing: it stands where an encoding went wrong, and a guess would dial strangers.
_SEPARATORS = re.compile(r"[,，、､;；\s]+")
_PUNCTUATION = str.maketrans("", "", "-().[]/ \u00a0\u2010\u2011\u2012\u2013")
_DIALABLE = re.compile(r"\+?[0-9*#]+")
_DIALLED = re.compile(rf"\+?[0-9*#]{{1,{MAX_DIALLED}}}")
_ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_CALLER_ID = re.compile(r"\+[0-9]{1,19}|[0-9]{1,20}")
_PATTERN_LETTERS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]"}


def split_numbers(text: str) -> list[str]:
    """The entries of the parameter `Phones`, in their order, duplicates and unusable ones included.

    Contract section 3: commas; full-width commas, blanks and line ends are taken too. So are tabs and
    semicolons of both widths.
    """
    return [entry for entry in _SEPARATORS.split(text) if entry]


def dialable(text: str) -> str | None:
    """The number as it is stored and dialled: ASCII digits, `*` and `#`, perhaps a leading `+`.

    None for what is no number: other characters, digits of other scripts, control characters, fewer
    than 2 or more than 16 characters. The usual punctuation (`- ( ) . /` and blanks) is dropped.
    """
    number = text.strip().translate(_PUNCTUATION)  # strip: imported rows often end in a carriage return
    if not 2 <= len(number) <= MAX_DIGITS or _DIALABLE.fullmatch(number) is None:
        return None
    return number if any(character.isdigit() for character in number) else None


def spellings(numbers: Iterable[str]) -> list[str]:
    """The numbers as they stand and as they are dialled: lists of numbers are kept in either form."""
    return list(dict.fromkeys(form for number in numbers for form in (number, dialable(number)) if form))


def first_known(number: str, known: Mapping[str, T]) -> T | None:
    """What is known of a number in either of its spellings; None: nothing."""
    return next((known[form] for form in spellings([number]) if form in known), None)


def caller_id(text: str) -> str | None:
    """The caller's number to present: "" when none is set ("" or "0"), None when `text` is no number.

    At most 20 characters (`task_callerid` is a varchar(20), contract section 5), digits only: a name
    or anything else would reach the signalling.
    """
    text = text.strip()
    if text in ("", "0"):
        return ""
    number = text.translate(_PUNCTUATION)
    return number if _CALLER_ID.fullmatch(number) else None


@dataclass(frozen=True, slots=True)
class Pattern:
    """An Asterisk dial pattern, compiled once: `Pattern.parse("1[3-9]XXXXXXXXX").matches(number)`.

    X is 0 to 9, Z 1 to 9, N 2 to 9, `[13-5]` one of those, a final `.` one or more characters, a final
    `!` any number of them. `-` inside is ignored and a leading `_` is allowed, as in extensions.conf;
    unlike there, X, Z, N work without the `_` too.
    """

    text: str
    regex: re.Pattern[str]

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, text: str) -> Self:
        """The compiled pattern; ValueError with the reason and the place when `text` is none."""
        body = text.strip().removeprefix("_")
        parts: list[str] = []
        position = 0
        while position < len(body):
            part, position = _next_part(body, position)
            parts.append(part)
        if not any(parts):
            raise ValueError("an empty pattern matches nothing")
        return cls(text.strip(), re.compile("".join(parts)))

    def matches(self, number: str) -> bool:
        """Whether the whole of `number` fits."""
        return self.regex.fullmatch(number) is not None

    def __str__(self) -> str:
        return self.text


def _next_part(body: str, position: int) -> tuple[str, int]:
    """The regular expression of the pattern's element at `position`, and where the next one begins."""
    character = body[position]
    if character == "[":
        end = body.find("]", position)
        if end < 0:
            raise ValueError(f"the [ at character {position + 1} has no ]")
        return _character_set(body[position + 1 : end]), end + 1
    if character in ".!":
        if position != len(body) - 1:
            raise ValueError(f"{character} may only be the last character of a pattern")
        anything = r"\+?[0-9*#]" if position == 0 else "[0-9*#]"
        return anything + ("+" if character == "." else "*"), position + 1
    if character.upper() in _PATTERN_LETTERS:
        return _PATTERN_LETTERS[character.upper()], position + 1
    if character in "0123456789*#" or (character == "+" and position == 0):
        return re.escape(character), position + 1
    if character == "-":
        return "", position + 1
    raise ValueError(f"{character!r} (character {position + 1}) has no meaning in a pattern")


def _character_set(inside: str) -> str:
    """The regular expression of `[inside]`: single digits and ranges such as 3-9."""
    if re.fullmatch(r"(?:[0-9]-[0-9]|[0-9*#])+", inside) is None:
        raise ValueError(f"[{inside}] must hold digits and ranges such as [13-5]")
    for low, high in re.findall(r"([0-9])-([0-9])", inside):
        if low > high:
            raise ValueError(f"the range {low}-{high} in [{inside}] runs backwards")
    return f"[{inside}]"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """For numbers that match: drop the first `strip` characters, then put `prefix` before the rest."""

    match: Pattern
    strip: int = 0
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class NumberRules:
    """What one trunk may dial, and in which form it wants the number."""

    allow: tuple[Pattern, ...]
    strip: int = 0
    prefix: str = ""
    rules: tuple[Rewrite, ...] = ()

    def allows(self, number: str) -> bool:
        """Whether `number`, as stored, matches one of the trunk's allowed patterns."""
        return any(pattern.matches(number) for pattern in self.allow)

    def dial_string(self, number: str) -> str | None:
        """The digits to send to the trunk; None: it may not dial this number.

        The first of `rules` that matches decides alone; without one, `strip` and `prefix` do. Both look
        at the number as stored, and so do the allowed patterns.
        """
        cleaned = dialable(number)
        if cleaned is None or not self.allows(cleaned):
            return None
        strip, prefix = self._rewriting(cleaned)
        dialled = prefix + cleaned[strip:]
        return dialled if len(cleaned) > strip and _DIALLED.fullmatch(dialled) else None

    def _rewriting(self, number: str) -> tuple[int, str]:
        for rule in self.rules:
            if rule.match.matches(number):
                return rule.strip, rule.prefix
        return self.strip, self.prefix


def parse_patterns(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """The compiled patterns; ValueError for the first that is none."""
    return tuple(Pattern.parse(text) for text in texts)


def endpoint_name(text: str) -> str:
    """`text`, when it can be a PJSIP endpoint's name in a dial string; ValueError when it cannot.

    `@`, `/`, `&` and `,` would change what Asterisk dials, so only letters, digits, `_`, `.` and `-`
    are taken.
    """
    if _ENDPOINT.fullmatch(text) is None:
        raise ValueError("an endpoint's name has letters, digits, _ . - only, at most 80 of them")
    return text


def dial_target(endpoint: str, number: str) -> str:
    """`PJSIP/NUMBER@ENDPOINT`, the form in which Asterisk calls `number` through a trunk.

    `number` comes from `NumberRules.dial_string`. ValueError when either holds anything that is not
    allowed: this is the last gate before Asterisk.
    """
    if _DIALLED.fullmatch(number) is None:
        raise ValueError("a dialled number has the characters 0-9 * # and a leading + only")
    return f"PJSIP/{number}@{endpoint_name(endpoint)}"
