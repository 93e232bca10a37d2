"""A sample of the agents' talks: who heard whom when most of them talked, beside what the database says of them."""

from collections.abc import Iterable, Mapping, Sequence

from uncall_ari.demo.checks import Check
from uncall_ari.demo.display import Display
from uncall_ari.demo.handover import Past, Talk, moment_of
from uncall_ari.demo.matrix import matrix, wrong
from uncall_ari.demo.settled import Kept
from uncall_ari.lab.phones import Call, IncomingCall


def sample(
    display: Display,
    lines: Mapping[str, Call],
    calls: Iterable[IncomingCall],
    talks: Sequence[Talk],
    kept: Iterable[Kept],
    began: float,
) -> Check:
    """Show it; return whether those whom the database names heard each other, and nobody else of them."""
    try:
        at, chosen = moment_of(talks)
    except ValueError:
        return Check(f"a sample of the talks: none of {len(talks)} was long enough", False)
    by_number = {call.number: call for call in calls}
    extensions = {row.number: row.extension for row in kept}
    parties: dict[str, Call] = {}
    expected: dict[str, list[str]] = {}
    for talk in sorted(chosen, key=lambda each: each.extension):
        customer, agent = f"…{talk.number[-4:]}", extensions.get(talk.number) or "nobody"
        parties |= {talk.extension: lines[talk.extension], customer: by_number[talk.number]}
        expected |= {agent: [customer], customer: [agent]}
    heard = Past(parties, at)
    display.table(matrix(f"who heard whom {at - began:.1f} s after the start", list(parties), heard, expected))
    problems = wrong(heard, expected)
    text = f"{len(chosen)} talks at once, each of two who hear each other and nobody else"
    return Check("; ".join([text, *problems]), not problems)
