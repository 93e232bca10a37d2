"""A simulated day: the product's desk and a rule for pacing, event by event."""

import heapq
import random
from dataclasses import dataclass, field

from uncall_ari.pacing import PATIENCE, Situation
from uncall_ari.queues import Desk, Member, Rules
from uncall_ari.simulate.rules import Rule
from uncall_ari.simulate.scenario import Call, Scenario, Stream, shifts

QUEUE = "simulated"
SLICE = 300.0  # seconds: the day's course is told in such pieces


@dataclass(slots=True)
class Piece:
    """A part of the day, or all of it. Seconds and counts."""

    staffed: float = 0.0  # agents' time at work
    talk: float = 0.0
    dialled: int = 0
    answers: int = 0
    connected: int = 0
    abandoned: int = 0
    waited: float = 0.0  # of those who got an agent

    @property
    def occupancy(self) -> float:
        """Talk time as a share of the agents' time."""
        return self.talk / self.staffed if self.staffed else 0.0

    @property
    def abandon_rate(self) -> float:
        """Abandoned ones as a share of the answers."""
        return self.abandoned / self.answers if self.answers else 0.0


@dataclass(slots=True)
class Result:
    """How a day went."""

    total: Piece = field(default_factory=Piece)
    course: list[Piece] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)  # of those who got an agent, in seconds


class Day:
    """One rule on one day. `run` may be called once."""

    def __init__(self, scenario: Scenario, agents: int, hours: float, seed: str, rule: Rule) -> None:
        self.scenario, self.rule = scenario, rule
        self.seconds = hours * 3600.0
        self._channels = max(agents + 1, round(scenario.channels * agents))
        self._stream = Stream(scenario, seed)
        self._answer = scenario.answer(random.Random(f"curve {seed}"))  # noqa: S311 - made-up customers
        self._names = [str(800 + number) for number in range(agents)]
        members = tuple(Member(name) for name in self._names)
        self._desk = Desk({QUEUE: Rules(members, wrap_up_seconds=scenario.wrap_up)}, seed=1)
        self._events: list[tuple[float, int, str, str]] = []
        self._order = 0
        self._ringing: dict[str, float] = {}  # call -> when it was dialled
        self._joined: dict[str, float] = {}  # call that waits -> when it joined
        self._talks: dict[str, tuple[str, float]] = {}  # agent -> (call, since)
        self._there: dict[str, float] = {}  # agent at work -> since
        self._wrapping: dict[str, float] = {}  # agent -> until
        self._leaving: set[str] = set()  # they talk to the end, then go
        self._next = 0
        self.result = Result(course=[Piece() for _ in range(int(-(-self.seconds // SLICE)))])
        for name, periods in zip(self._names, shifts(scenario, agents, self.seconds, seed), strict=True):
            for begin, end in periods:
                self._at(begin, "comes", name)
                self._at(end, "goes", name)

    def run(self) -> Result:
        """Return what the day was like."""
        self._at(0.0, "look", "")
        handlers = {
            name: getattr(self, f"_{name}")
            for name in ("comes", "goes", "look", "answers", "fails", "gives_up", "ends", "is_back")
        }
        events = self._events
        while events and events[0][0] < self.seconds:
            now, _, what, who = heapq.heappop(events)
            handlers[what](who, now)
        for name in list(self._there):
            self._off(name, self.seconds)
        for _, since in self._talks.values():
            self._count_talk(since, self.seconds)
        for piece in self.result.course:
            _add(self.result.total, piece)
        return self.result

    # --- events --------------------------------------------------------------------------------------

    def _look(self, _: str, now: float) -> None:
        s = self._situation(now)
        for _call in range(max(0, min(s.room, self.rule.calls(s)))):
            self._dial(now)
        self._at(now + self.rule.every, "look", "")

    def _dial(self, now: float) -> None:
        name, call = str(self._next), self._stream[self._next]
        self._next += 1
        self._ringing[name] = now
        self._piece(now).dialled += 1
        what, after = fate(self.scenario, call, self._answer(now))
        self._at(now + after, what, name)

    def _fails(self, call: str, now: float) -> None:
        self.rule.unanswered(now - self._ringing.pop(call), now)

    def _answers(self, call: str, now: float) -> None:
        self.rule.answered(now - self._ringing.pop(call), now)
        self._piece(now).answers += 1
        self._joined[call] = now
        self._desk.join(call, QUEUE, now)
        self._at(now + PATIENCE, "gives_up", call)
        self._match(now)

    def _gives_up(self, call: str, now: float) -> None:
        if call in self._joined:
            del self._joined[call]
            self._desk.leave(call, now)
            self._piece(now).abandoned += 1
            self.rule.abandoned(now)

    def _match(self, now: float) -> None:
        for offer in self._desk.offers(now) if self._joined else ():
            name = offer.extensions[0]
            if not self._desk.answered(offer.call, name, now):
                raise AssertionError(f"the desk offers {offer.call} to {name} and does not let him have it")
            if name in self._talks:
                raise AssertionError(f"agent {name} has two calls: {self._talks[name][0]} and {offer.call}")
            waited = now - self._joined.pop(offer.call)
            piece = self._piece(now)
            piece.connected += 1
            piece.waited += waited
            self.result.waits.append(waited)
            self._talks[name] = offer.call, now
            self._at(now + talk_seconds(self.scenario, self._stream[int(offer.call)]), "ends", name)

    def _ends(self, name: str, now: float) -> None:
        call, since = self._talks.pop(name)
        self._count_talk(since, now)
        self._desk.ended(name, call, now)
        self.rule.talked(now - since, now)
        if name in self._leaving:
            self._leaving.discard(name)
            self._off(name, now)
        else:
            self._wrapping[name] = now + self.scenario.wrap_up
            self._at(now + self.scenario.wrap_up, "is_back", name)

    def _is_back(self, name: str, now: float) -> None:
        del self._wrapping[name]
        self.rule.wrapped(self.scenario.wrap_up, now)
        self._match(now)

    def _comes(self, name: str, now: float) -> None:
        self._there.setdefault(name, now)
        self._leaving.discard(name)
        self._desk.agent(name, signed_in=True, available=True, now=now)
        self._match(now)

    def _goes(self, name: str, now: float) -> None:
        self._desk.agent(name, signed_in=False, available=False, now=now)
        if name in self._talks:
            self._leaving.add(name)
        else:
            self._off(name, now)

    # --- inside --------------------------------------------------------------------------------------

    def _situation(self, now: float) -> Situation:
        """What the desk would say, from the day's own books: asking it for each agent anew takes most of a long day."""
        talking = tuple([now - since for _, since in self._talks.values()])
        wrapping = tuple([until - now for name, until in self._wrapping.items() if name in self._there])
        return Situation(
            now=now,
            free=max(0, len(self._there) - len(talking) - len(wrapping) - len(self._joined)),
            talking=talking,
            wrapping=wrapping,
            waiting=len(self._joined),
            ringing=tuple([now - since for since in self._ringing.values()]),
            room=self._channels - len(self._ringing) - len(self._joined) - len(talking),
        )

    def _at(self, moment: float, what: str, who: str) -> None:
        self._order += 1
        heapq.heappush(self._events, (moment, self._order, what, who))

    def _piece(self, now: float) -> Piece:
        return self.result.course[int(now / SLICE)]

    def _off(self, name: str, now: float) -> None:
        self._spread(self._there.pop(name), now, "staffed")

    def _count_talk(self, since: float, now: float) -> None:
        self._spread(since, now, "talk")

    def _spread(self, since: float, until: float, what: str) -> None:
        """Add seconds to the pieces of the day that they fall into."""
        while since < until:
            place = int(since / SLICE)
            end = min(until, (place + 1) * SLICE)
            piece = self.result.course[min(place, len(self.result.course) - 1)]
            setattr(piece, what, getattr(piece, what) + end - since)
            since = end


def fate(scenario: Scenario, call: Call, answer: float) -> tuple[str, float]:
    """Return what becomes of a call, "answers" or "fails", and after how many seconds."""
    if call.luck >= answer:
        refused = call.kind < scenario.refused
        return "fails", 1.0 + 4.0 * call.ring if refused else scenario.give_up
    first, last = scenario.ring
    rings = first + (last - first) * call.ring
    if not scenario.machines:
        return "answers", rings
    machine, error = is_machine(scenario, call)
    return ("answers" if machine == error else "fails"), rings + scenario.detection


def is_machine(scenario: Scenario, call: Call) -> tuple[bool, bool]:
    """Whether a machine answers, and whether the detector takes it for the other."""
    if call.kind < scenario.machines:
        return True, call.kind < scenario.machines * scenario.missed
    return False, call.kind > 1.0 - (1.0 - scenario.machines) * scenario.mistaken


def talk_seconds(scenario: Scenario, call: Call) -> float:
    """How long the agent is busy with it: with a machine that was not detected, 8 s."""
    return 8.0 if scenario.machines and is_machine(scenario, call)[0] else call.talk


def _add(total: Piece, piece: Piece) -> None:
    for name in Piece.__slots__:
        setattr(total, name, getattr(total, name) + getattr(piece, name))
