"""What the simulated carrier's numbers do when they are called: the last digits of a number decide it."""

import random
from dataclasses import dataclass

from uncall_ari.lab.phones import (
    Behaviour,
    answers,
    busy,
    congested,
    declined,
    early_hangup,
    no_answer,
    presses,
    unknown,
)

RECORDING_SECONDS = 2.0  # length of the demo's recording
LISTENS_FIRST = RECORDING_SECONDS + 0.6  # seconds until a key is pressed: the menu has begun by then
WRONG_KEY = "5"  # the demo's menu has no such key

AGENT, COLLEAGUE, SUPERVISOR = "801", "802", "803"  # the extensions, whose phones are simulated too
AGENTS = tuple(str(number) for number in range(811, 819))  # those of the queue
AGENT_HZ = 1650
AGENT_BEHAVIOUR = Behaviour(answer_after=0.5, hang_up_after=3.0, tone=AGENT_HZ)
OTHERS_BEHAVIOUR = answers(after=0.5)  # of the other extensions


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a called party behaves. `share` is its weight among the demo's numbers."""

    ending: str  # of the numbers that behave so; a longer ending goes before a shorter one
    says: str  # "a number that …"
    behaviour: Behaviour
    share: int


# In the order in which a small demo takes them: each kind once before any kind twice.
CONDUCTS = (
    Conduct("8", "answers, listens to the end", answers(), 10),
    Conduct("1", "presses 1: orders", presses("1", LISTENS_FIRST), 12),
    Conduct("9", "presses 9: wants a call back", presses("9", LISTENS_FIRST), 6),
    Conduct("2", "is busy (486)", busy(), 6),
    Conduct("6", "rings, is never answered", no_answer(), 5),
    Conduct("3", "declines the call (603)", declined(), 4),
    Conduct("0", f"presses 0: talks with {AGENT}", presses("0", LISTENS_FIRST), 2),
    Conduct("7", "hangs up while it listens", early_hangup(1.2), 5),
    Conduct("4", "does not exist (404)", unknown(), 3),
    Conduct("5", "is behind a full network (503)", congested(), 2),
    Conduct(
        "88",
        f"presses {WRONG_KEY}, a wrong key, then 1",
        Behaviour(keys=((LISTENS_FIRST, WRONG_KEY), (LISTENS_FIRST + 2.5, "1"))),
        3,
    ),
)
_BY_LENGTH = sorted(CONDUCTS, key=lambda conduct: -len(conduct.ending))


def conduct_of(number: str) -> Conduct:
    """Return what `number` does; one that does not end in a digit listens."""
    return next((each for each in _BY_LENGTH if number.endswith(each.ending)), CONDUCTS[0])


def behaviour_of(number: str) -> Behaviour:
    """Return the behaviour of `number`, for the carrier."""
    return conduct_of(number).behaviour


def mix(count: int) -> list[Conduct]:
    """Return `count` conducts in proportion to their shares: each once, then always the one furthest behind."""
    chosen = list(CONDUCTS[:count])
    have = dict.fromkeys(CONDUCTS, 1)
    while len(chosen) < count:
        next_one = min(CONDUCTS, key=lambda conduct: have[conduct] / conduct.share)
        have[next_one] += 1
        chosen.append(next_one)
    return chosen


class MobileNumbers:
    """Chinese mobile numbers, each only once, that behave as is wanted."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._given: set[str] = set()

    def like(self, conduct: Conduct) -> str:
        """Return a new number that behaves like `conduct`."""
        while True:
            start = f"1{self._dice.randint(3, 9)}{self._dice.randrange(10**9):09}"
            number = start[: 11 - len(conduct.ending)] + conduct.ending
            if number not in self._given and conduct_of(number) is conduct:
                self._given.add(number)
                return number
