"""The checks of the parameters: each takes what was sent and returns the value to use, or refuses it.

Blanks around a value mean nothing. Digits are ASCII digits: Python's own `int` would take those of
every script.
"""

import re
import unicodedata
from collections.abc import Sequence

from api.engine import Engine
from api.methods.declaration import Check, Unusable
from uncall_ari.config import Choice
from uncall_ari.dialer.numbers import caller_id as presentable
from uncall_ari.dialer.numbers import dialable, split_numbers
from uncall_ari.dialer.window import parse_time
from uncall_ari.store.records import TaskStatus

MAX_NUMBERS = 2000  # in one addPhoneToTask (contract section 3)
MAX_TASK_ID = 2**31 - 1  # `id int(10)` (contract section 5)
MAX_OVERRIDE = 999_999  # a float(10,2) column holds it exactly enough

_CALL_MAX = re.compile(r"0*([1-9][0-9]{0,5})")
_ZERO = re.compile(r"(0+(\.0*)?)?")
_TASK_ID = re.compile(r"(?:o_task_run_)?0*([1-9][0-9]{0,9})", re.IGNORECASE)
_DECIMAL = re.compile(r"([0-9]{1,12})(\.[0-9]{1,12})?")
_EXTENSION = re.compile(r"[0-9]{1,20}")
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def text(limit: int) -> Check:
    """Text of at most `limit` characters (a column's width: never silently cut), no control characters."""

    def check(value: str, _engine: Engine) -> str:
        value = value.strip()
        if len(value) > limit or any(map(_is_control, value)):
            raise Unusable
        return value

    return check


def _one_of(value: str, choices: Sequence[Choice]) -> str:
    value = value.strip()
    if all(value != choice.value for choice in choices):
        raise Unusable
    return value


def trunk(value: str, engine: Engine) -> str:
    """The value of a trunk that getTrunkList offers, or what was written for it in chan_sip's days; kept as sent."""
    value = value.strip()
    if not engine.has_trunk(value):
        raise Unusable
    return value


def ivr(value: str, engine: Engine) -> str:
    """The value of a menu that getIncomingIVR offers."""
    return _one_of(value, engine.ivr_targets())


def queue(value: str, engine: Engine) -> str:
    """The value of a queue that getIncomingQueues offers."""
    return _one_of(value, engine.queues())


def call_max(value: str, _engine: Engine) -> int:
    """How many calls a task may have at once: a whole number, 1 to 999999."""
    number = _CALL_MAX.fullmatch(value.strip())
    if number is None:
        raise Unusable
    return int(number[1])


def override(value: str, _engine: Engine) -> float:
    """The call coefficient: a positive number, kept with two decimals as its column does."""
    number = _DECIMAL.fullmatch(value.strip())
    coefficient = round(float(number[0]), 2) if number else 0.0
    if not 0 < coefficient <= MAX_OVERRIDE:
        raise Unusable
    return coefficient


def control(value: str, _engine: Engine) -> str:
    """How a queue task is paced: g, i or ai."""
    value = value.strip()
    if value not in ("g", "i", "ai"):
        raise Unusable
    return value


def caller_id(value: str, _engine: Engine) -> str:
    """The number to present, as the dialler's own rule takes it, and nothing to be cleaned; "0" means none is set."""
    value = value.strip()
    if presentable(value) not in ("", value):
        raise Unusable
    return value


def start_time(value: str, _engine: Engine) -> str:
    """A time of day as `HH:MM` or `HH:MM:SS`: the dialler's own rule decides what is one."""
    return _time(value, as_end=False)


def end_time(value: str, _engine: Engine) -> str:
    """The same, and `24:00` too."""
    return _time(value, as_end=True)


def _time(value: str, *, as_end: bool) -> str:
    value = value.strip().replace("：", ":")
    try:
        parse_time(value, as_end=as_end)
    except ValueError:
        raise Unusable from None
    return value if value[2] == ":" else f"0{value}"


def file_name(value: str, _engine: Engine) -> str:
    """What can be the name of a file in one folder, or "0" for none. Whether it is there, the library says."""
    value = value.strip()
    if _FILE_NAME.fullmatch(value) is None or value in (".", ".."):
        raise Unusable
    return value


def task_id(value: str, _engine: Engine) -> int:
    """A task's id, given as `494` or as `o_task_run_494`."""
    number = _TASK_ID.fullmatch(value.strip())
    if number is None or int(number[1]) > MAX_TASK_ID:
        raise Unusable
    return int(number[1])


def status(value: str, _engine: Engine) -> TaskStatus:
    """One of ready, run, stop, push, finish."""
    try:
        return TaskStatus(value.strip())
    except ValueError:
        raise Unusable from None


def unless_zero(check: Check) -> Check:
    """`check`, with None for 0 or nothing: updateTask leaves such a field as it is."""

    def or_none(value: str, engine: Engine) -> object:
        return None if _ZERO.fullmatch(value.strip()) else check(value, engine)

    return or_none


def extension(value: str, _engine: Engine) -> str:
    """What can be an extension: 1 to 20 digits. Whether there is one, the engine says."""
    value = value.strip()
    if _EXTENSION.fullmatch(value) is None:
        raise Unusable
    return value


def dialable_number(value: str, _engine: Engine) -> str:
    """A number that can be dialled, cleaned. Whether a trunk may dial it, the engine says."""
    number = dialable(value.strip())
    if number is None:
        raise Unusable
    return number


def phones(value: str, _engine: Engine) -> list[str]:
    """The dialable numbers in `value`. What is no number is left out; more than 2000 entries are refused."""
    entries = split_numbers(value)
    if not entries:
        raise Unusable("Phones is empty")
    if len(entries) > MAX_NUMBERS:
        raise Unusable(f"phone overflow {MAX_NUMBERS}")
    return [number for entry in entries if (number := dialable(entry)) is not None]
