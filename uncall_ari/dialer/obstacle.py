"""What an obstacle is: something that keeps a task, or a number of it, from being dialled at a moment. Pure."""

import enum
from dataclasses import dataclass
from datetime import datetime


class Code(enum.StrEnum):
    """All obstacles, the most basic first. `docs/why-not-now.md` says what each means and what to do."""

    DATABASE_AWAY = "database-away"
    NO_SUCH_TASK = "no-such-task"
    ENDING = "ending"
    ASTERISK_AWAY = "asterisk-away"
    NOT_RUNNING = "not-running"
    UNUSABLE = "unusable"
    BY_AGENTS = "by-agents"
    WINDOW_CLOSED = "window-closed"
    TRUNK_RESTING = "trunk-resting"
    TRUNK_FULL = "trunk-full"
    TRUNK_RATE = "trunk-rate"
    CALL_MAX = "call-max"
    NO_AGENTS = "no-agents"
    AGENTS_BUSY = "agents-busy"
    IN_FLIGHT = "in-flight"
    LEARNING = "learning"
    BUDGET_DAY = "budget-day"
    BUDGET_30_DAYS = "budget-30-days"
    NO_NUMBERS = "no-numbers"
    NUMBER_UNKNOWN = "number-unknown"
    NUMBER_DELETED = "number-deleted"
    NUMBER_IN_CALL = "number-in-call"
    NUMBER_STRANDED = "number-stranded"
    NUMBER_DONE = "number-done"
    NUMBER_IGNORED = "number-ignored"
    BAD_NUMBER = "bad-number"
    DO_NOT_CALL = "do-not-call"
    NOT_ALLOWED = "not-allowed"
    ABANDONED_REST = "abandoned-rest"
    RETRY_LATER = "retry-later"
    WAITS_ITS_TURN = "waits-its-turn"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that is in the way."""

    code: Code
    says: tuple[str, str]  # with its figures: in Chinese, in English
    until: datetime | None = None  # when it goes away by itself, in the zone of the daily windows; None: not known


def moment(when: datetime, now: datetime) -> str:
    """`when` for people in the zone of `now`: with its date unless that is today."""
    there = when.astimezone(now.tzinfo)
    return f"{there:%H:%M:%S}" if there.date() == now.date() else f"{there:%Y-%m-%d %H:%M:%S}"


def shown(text: str, most: int = 60) -> str:
    """What somebody else wrote, for a sentence of ours: short, and nothing in it that a terminal obeys."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
