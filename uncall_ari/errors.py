"""The tree of errors that the engine raises. The facade alone turns them into answers.

UncallError
├── ConfigError          a mistake in uncall.toml or the environment: names file, key and remedy
│   └── ConfigErrors     all mistakes of one reading, together
├── ConnectionFailed     Asterisk is not reached now
├── StoreUnavailable     the database is not reached now
├── NoSuchTask           a task id that is none
├── CommandRefused       a command on a call that cannot be carried out, with the reason as `WhyNot`
└── RecordingRefused     an upload that is not taken, with the reason as `RefusedBecause`
"""

import difflib
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple


class UncallError(Exception):
    """The root of everything that uncall-ari raises on purpose."""


class ConfigError(UncallError):
    """A mistake in the settings.

    `source` is the file or the environment variable, `key` the dotted key in it, `problem` what is
    wrong and `remedy` what to write instead.
    """

    def __init__(self, source: str, key: str, problem: str, remedy: str) -> None:
        self.source, self.key, self.problem, self.remedy = source, key, problem, remedy
        where = f"{source}: {key}" if key else source
        text = f"{where}: {problem}. {remedy}"
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))  # one line each


class ConfigErrors(ConfigError):
    """All mistakes that one reading of the settings found: `errors`, of which there is at least one.

    Its own fields are those of the first, its text has one line for each.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        first, self.errors = errors[0], tuple(errors)
        super().__init__(first.source, first.key, first.problem, first.remedy)

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))


class Mistake(NamedTuple):
    """A mistake in the settings while it is not known yet which source it came from."""

    place: tuple[str | int, ...]  # the keys down to the value, list positions as numbers from 0
    problem: str
    remedy: str


def remedy_for_unknown(name: str, known: Iterable[str]) -> str:
    """`Did you mean x?` when one of `known` is close to `name`, else what is known."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Known here: {', '.join(names)}" if names else "None is known here"


class ConnectionFailed(UncallError):
    """Asterisk is not reached now; the message says where and what it answered."""


class StoreUnavailable(UncallError):
    """The database is not reached now. What was asked has not been done."""


class NoSuchTask(UncallError):
    """There is no task with this id."""

    def __init__(self, task_id: int) -> None:
        self.task_id = task_id
        super().__init__(f"there is no task {task_id}")


class WhyNot(Enum):
    """Why a command on a call is refused (the failures of contract section 2)."""

    RINGING = "the extension is ringing"
    UNAVAILABLE = "the extension is in a call, does not want to be disturbed, or is not registered"
    NO_CALL = "the extension is in no call"
    NOT_IN_BRIDGE = "the extension's call has nobody at its other end now"
    TARGET_NOT_IDLE = "the target is not idle"
    NO_SUCH_CHANNEL = "no held call has this channel"
    CANNOT_LISTEN = "the supervisor cannot listen to this call"
    NOT_CHANGED = "Asterisk has not written it down, or nothing was to be changed"
    NO_MEMBER = "the extension is a member of no queue"
    NO_AGENT = "there is no such extension"
    NOT_HIS = "the number is another agent's, or was dialled meanwhile"
    NOT_DIALABLE = "the number must not be dialled: it is on the do-not-call list, rests, or no trunk may dial it"
    NO_ROOM = "the trunk or the task has no room for another call"


class CommandRefused(UncallError):
    """A command on a call cannot be carried out now."""

    def __init__(self, why: WhyNot) -> None:
        self.why = why
        super().__init__(why.value)


class RefusedBecause(Enum):
    """Why a recording is not taken (contract section 4: E1, E2, E3, F1)."""

    FORMAT = "no usable name, or not a WAV file of 16 bits, 8000 Hz, mono"
    TOO_LARGE = "the file has 3 MiB or more"
    EXISTS = "a recording of this name is there already"
    FAILED = "the recording could not be written"


class RecordingRefused(UncallError):
    """An uploaded recording is not taken."""

    def __init__(self, because: RefusedBecause, detail: str = "") -> None:
        self.because = because
        super().__init__(f"{because.value}{': ' if detail else ''}{detail}")
