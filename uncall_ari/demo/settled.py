"""What the database must say of each number of the campaign with agents, by what carrier and phones saw. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from uncall_ari.demo.judge import CALL_BACK, FAILED, REFUSALS, SECONDS_APART, STATUS_WORDS, SUCCESS

PATIENCE: Final = 2.0  # seconds within which an agent must have a customer (docs/compliance.md)
SLACK: Final = 0.5  # seconds by which a phone may hear later than the engine acts
NOT_CALLED: Final = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the carrier and the agents' phones know of one number."""

    number: str
    times: int = 0  # calls that came for it
    status: int = 0  # SIP status that the call was answered with
    seconds: float = 0.0  # from the answer to the end
    agents: tuple[str, ...] = ()  # extensions that the customer heard
    lines: tuple[str, ...] = ()  # extensions that heard the customer
    delay: float | None = None  # seconds from the answer until he heard an agent

    @property
    def answered(self) -> bool:
        return self.status == 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database says of one number: its row in `o_task_run_N`, and the last attempt in `uncall_call`."""

    number: str
    status: int = NOT_CALLED
    attempts: int = 0
    cause: str = ""
    extension: str = ""
    abandoned: bool = False
    waited: float | None = None  # seconds from the answer to the agent, or to the end
    billsec: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """One number: what happened, what is recorded, and where the two differ."""

    seen: Seen
    kept: Kept | None
    problems: list[str] = field(default_factory=list)


def settle(seen: Mapping[str, Seen], kept: Iterable[Kept]) -> list[Settled]:
    """Put both beside each other, each number once, those included that only one of them knows."""
    rows = {row.number: row for row in kept}
    pairs = [(seen.get(number, Seen(number)), rows.get(number)) for number in dict.fromkeys([*rows, *seen])]
    return [Settled(what, row, differences(what, row)) for what, row in pairs]


def differences(seen: Seen, kept: Kept | None) -> list[str]:
    """Return how what is recorded of a number differs from what happened to it; [] when it does not."""
    if kept is None:
        return ["has no row in the task's table"]
    if seen.times > 1:
        return [f"was dialled {seen.times} times"]
    problems = [f"{kept.attempts} attempts are recorded, not {seen.times}"] if kept.attempts != seen.times else []
    if seen.agents != seen.lines or len(seen.agents) > 1:
        problems.append(f"heard {_names(seen.agents)}, and was heard by {_names(seen.lines)}")
    try:
        status, cause, extension = expected(seen)
    except ValueError as error:
        return [*problems, str(error)]
    if kept.status != status:
        problems.append(f"call_status is {_word(kept.status)}, not {_word(status)}")
    if (kept.cause, kept.extension) != (cause, extension):
        problems.append(f"it is {kept.cause!r} by {kept.extension!r}, not {cause!r} by {extension!r}")
    return problems + _facts(seen, kept)


def expected(seen: Seen) -> tuple[int, str, str]:
    """Return call_status, cause and extension that must be recorded. ValueError for an answer that is none of the
    carrier's."""
    if not seen.times:
        return NOT_CALLED, "", ""
    if not seen.answered:
        if seen.status not in REFUSALS:
            raise ValueError(f"the carrier answered {seen.status}")
        return FAILED, REFUSALS[seen.status], ""
    if seen.agents:
        return SUCCESS, "answered", seen.agents[0]
    return CALL_BACK, "abandoned", ""


def _facts(seen: Seen, kept: Kept) -> list[str]:
    problems = []
    if abs(kept.billsec - int(seen.seconds)) > SECONDS_APART:
        problems.append(f"call_billsec is {kept.billsec}, the call had {seen.seconds:.1f} s")
    late = seen.answered and (seen.delay is None or seen.delay > PATIENCE)
    plain = seen.delay is None or abs(seen.delay - PATIENCE) > SLACK
    if plain and kept.abandoned != late:
        after = "never" if seen.delay is None else f"after {seen.delay:.2f} s"
        problems.append(f"abandoned is {int(kept.abandoned)}, an agent was heard {after}")
    return problems


def _names(extensions: tuple[str, ...]) -> str:
    return " and ".join(extensions) or "nobody"


def _word(status: int) -> str:
    return f"{status} {STATUS_WORDS.get(status, '?')}"
