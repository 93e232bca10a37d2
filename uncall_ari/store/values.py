"""Values as third parties leave them in the tables: NULL, text where a number belongs, anything. Never an error."""

import math

INT_MAX = 2**31 - 1
_ROUNDING = 1e-6  # ms: 1.001 s are 1000.9999999999999 of them


def words(value: object) -> str:
    """The value as text; '' for NULL."""
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode(errors="replace")
    return str(value)


def number(value: object) -> float:
    """The value as a finite number; 0 for NULL and for what is none."""
    try:
        found = float(value)  # type: ignore[arg-type]  # anything may come, and TypeError is an answer
    except (TypeError, ValueError):
        return 0.0
    return found if math.isfinite(found) else 0.0


def integer(value: object) -> int:
    """The value as a whole number; 0 for NULL and for what is none."""
    return value if isinstance(value, int) else int(number(value))


def milliseconds(seconds: float | None) -> int | None:
    """Seconds for an int column of milliseconds, not below 0; None for None. Cut off: a wait of 1.9996 s must not read
    as one of 2 s, after which it counts as abandoned."""
    return None if seconds is None else min(max(0, int(seconds * 1000 + _ROUNDING)), INT_MAX)


def seconds(milliseconds: object) -> float | None:
    """Such a column as seconds; None for NULL."""
    return None if milliseconds is None else number(milliseconds) / 1000


def extension_number(extension: str) -> int | None:
    """An extension for the contract's int(10) column: None when it is no number that fits."""
    if not (extension.isascii() and extension.isdigit()):
        return None
    found = int(extension)
    return found if found <= INT_MAX else None
