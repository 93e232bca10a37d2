"""What a menu does next: seven actions, written in uncall.toml as short sentences such as `step sales`."""

import re
from dataclasses import dataclass

# For messages and docs.
GRAMMAR = '"step NAME", "menu VALUE", "extension NUMBER", "queue VALUE", "call back", "hang up" or "repeat"'
NAME = r"[A-Za-z0-9_-]{1,50}"  # of steps and menus; 50 is the width of `task_queue` (contract section 5)
_SENTENCES = {
    "step": re.compile(NAME),
    "menu": re.compile(NAME),
    "extension": re.compile(r"[0-9]{1,20}"),
    "queue": re.compile(NAME),
}


@dataclass(frozen=True, slots=True)
class GoStep:
    """Go on with another step of the same menu."""

    step: str

    def __str__(self) -> str:
        return f"step {self.step}"


@dataclass(frozen=True, slots=True)
class GoMenu:
    """Go on with the first step of another menu."""

    menu: str

    def __str__(self) -> str:
        return f"menu {self.menu}"


@dataclass(frozen=True, slots=True)
class CallExtension:
    """Ring an agent's extension and connect the caller with it. The menu ends here."""

    extension: str

    def __str__(self) -> str:
        return f"extension {self.extension}"


@dataclass(frozen=True, slots=True)
class GoQueue:
    """Wait for an agent of a queue, of one who has the skill where one is asked for. The menu ends here."""

    queue: str
    skill: str = ""

    def __str__(self) -> str:
        return f"queue {self.queue}" + (f" {self.skill}" if self.skill else "")


@dataclass(frozen=True, slots=True)
class CallBack:
    """Note that the customer asks to be called back, and end the call."""

    def __str__(self) -> str:
        return "call back"


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    def __str__(self) -> str:
        return "hang up"


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same step from its beginning."""

    def __str__(self) -> str:
        return "repeat"


Action = GoStep | GoMenu | CallExtension | GoQueue | CallBack | HangUp | Repeat

_PLAIN: dict[str, Action] = {str(action): action for action in (CallBack(), HangUp(), Repeat())}


def parse_action(text: str) -> Action:
    """The action that a sentence names; ValueError says what is wrong with it.

    Case and the number of blanks between the words do not matter; names keep their case. `str` of the
    result is the sentence again.
    """
    words = text.split()
    plain = _PLAIN.get(" ".join(words).lower())
    if plain is not None:
        return plain
    verb = words[0].lower() if words else ""
    if verb not in _SENTENCES:
        raise ValueError(f"is no action: write {GRAMMAR}")
    skilled = verb == "queue" and len(words) == 3 and re.fullmatch(NAME, words[2])
    if (len(words) != 2 and not skilled) or _SENTENCES[verb].fullmatch(words[1]) is None:
        what = "one number, digits only" if verb == "extension" else "one name of letters, digits, _ and -"
        raise ValueError(f"needs {what}, after the word {verb}")
    match verb:
        case "step":
            return GoStep(words[1])
        case "menu":
            return GoMenu(words[1])
        case "queue":
            return GoQueue(*words[1:])
        case _:
            return CallExtension(words[1])
