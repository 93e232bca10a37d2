"""The phones' books: who heard whom is read from sound that was received, packet by packet."""

import io
import struct
from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import pytest
from rich.console import Console

from uncall_ari.demo.display import Display
from uncall_ari.demo.handover import Past, Talk, moment_of, most_at_once, overlaps, seen_by, talks_of
from uncall_ari.demo.sample import sample
from uncall_ari.demo.settled import Kept
from uncall_ari.lab.phones import FLOOR, Call, IncomingCall, Meter
from uncall_ari.lab.phones.audio import RATE, encode, sine

ANN, BOB = 300, 400  # tones of agents
LI, HAN = 1000, 1100  # tones of customers
START = 1000.0


class Party:
    """One side of a call that is over: what it said, and what came to it."""

    def __init__(
        self, tone: int, since: float, until: float, heard: Iterable[tuple[float, float, int]], number: str = ""
    ) -> None:
        """`heard`: from, until, Hz."""
        self.tone, self.number, self.status = tone, number, 200
        self.answered_at, self.ended_at = since, until
        self.invited_at, self.talk_seconds = since - 1.0, until - since
        self.meter = Meter(60.0)
        signal = np.zeros(round((until - since) * RATE), np.int16)
        for begin, end, hz in heard:
            wave = sine(hz, end - begin)
            first = round((begin - since) * RATE)
            signal[first : first + len(wave)] += wave
        for index, first in enumerate(range(0, len(signal) - 159, 160)):
            packet = struct.pack("!BBHII", 0x80, 0, index, first, 1) + encode(signal[first : first + 160])
            self.meter.ring.slot()[:] = packet
            self.meter.ring.keep(len(packet), since + first / RATE + 0.0001)


def calls(*parties: Party) -> list[IncomingCall]:
    return cast("list[IncomingCall]", list(parties))


def lines(**parties: Party) -> dict[str, Call]:
    return cast("dict[str, Call]", {name.removeprefix("x"): party for name, party in parties.items()})


LI_CALL = Party(LI, START + 1, START + 5, [(START + 1.5, START + 5, ANN)], "1391")
HAN_CALL = Party(HAN, START + 2, START + 8, [(START + 2.1, START + 8, BOB)], "1392")
ANN_LINE = Party(ANN, START, START + 10, [(START + 1.5, START + 5, LI)])
BOB_LINE = Party(BOB, START, START + 10, [(START + 2.1, START + 8, HAN)])
LINES = lines(x811=ANN_LINE, x812=BOB_LINE)


def test_talks_are_those_that_were_heard() -> None:
    talks = talks_of(LINES, calls(LI_CALL, HAN_CALL))
    assert [(talk.extension, talk.number) for talk in talks] == [("811", "1391"), ("812", "1392")]
    for talk, (since, until) in zip(talks, [(1.5, 5.0), (2.1, 8.0)], strict=True):
        assert talk.since - START == pytest.approx(since, abs=0.3)
        assert talk.until - START == pytest.approx(until, abs=0.3)
    assert overlaps(talks) == []


def test_a_customer_hears_his_agent_and_when_is_known() -> None:
    talks = talks_of(LINES, calls(LI_CALL, HAN_CALL))
    seen = seen_by(["1391", "1399"], calls(LI_CALL, HAN_CALL), LINES, talks)
    assert sorted(seen) == ["1391", "1392", "1399"]
    assert (seen["1391"].agents, seen["1391"].lines) == (("811",), ("811",))
    assert seen["1391"].delay == pytest.approx(0.5, abs=0.02)
    assert seen["1392"].delay == pytest.approx(0.1, abs=0.02)
    assert seen["1399"].times == 0


def test_who_hears_nobody_is_known() -> None:
    alone = Party(LI, START + 1, START + 4, [], "1391")
    assert talks_of(LINES, calls(Party(1900, START + 1, START + 4, [], "1391"))) == []
    seen = seen_by([], calls(alone), LINES, [])["1391"]
    assert (seen.agents, seen.lines, seen.delay) == ((), (), None)


def test_two_at_once_on_a_line_are_found() -> None:
    both = Party(ANN, START, START + 10, [(START + 1.5, START + 5, LI), (START + 2.1, START + 8, HAN)])
    talks = talks_of(lines(x811=both), calls(LI_CALL, HAN_CALL))
    assert [(one.number, two.number) for one, two in overlaps(talks)] == [("1391", "1392")]


def test_the_sample_is_where_most_agents_talk() -> None:
    talks = talks_of(LINES, calls(LI_CALL, HAN_CALL))
    at, sample = moment_of(talks)
    assert len(sample) == 2
    heard = Past({**LINES, "li": cast("Call", LI_CALL), "han": cast("Call", HAN_CALL)}, at)
    pairs: dict[str, list[str]] = {"811": ["li"], "li": ["811"], "812": ["han"], "han": ["812"]}
    assert heard.differs(pairs) == []
    assert heard.levels["811", "han"] == pytest.approx(FLOOR, abs=40)


@pytest.mark.parametrize("talks", [[], [Talk(0.0, 0.25, "811", "1391")]])
def test_without_a_talk_that_is_long_enough_there_is_no_sample(talks: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        moment_of(talks)


def test_calls_that_are_open_at_once_are_counted() -> None:
    later = Party(LI, START + 20, START + 21, [], "1393")
    assert most_at_once(calls(LI_CALL, HAN_CALL, later)) == 2
    assert most_at_once([]) == 0


@pytest.mark.parametrize(
    ("kept", "statement", "true"),
    [
        ([Kept("1391", extension="811"), Kept("1392", extension="812")], "2 talks at once, each of two", True),
        ([Kept("1391", extension="812"), Kept("1392", extension="811")], "; 811 should not hear …1391", False),
        ([Kept("1391", extension="811")], "; nobody is in no call", False),
    ],
)
def test_the_sample_is_what_the_database_says(kept: list[Kept], statement: str, true: bool) -> None:
    file = io.StringIO()
    both = calls(LI_CALL, HAN_CALL)
    check = sample(Display(Console(file=file)), LINES, both, talks_of(LINES, both), kept, START)
    assert check.true is true
    assert statement in check.text
    assert "who heard whom 2." in file.getvalue()


def test_without_a_talk_the_sample_is_false() -> None:
    check = sample(Display(Console(file=io.StringIO())), LINES, [], [], [], START)
    assert check == ("a sample of the talks: none of 0 was long enough", False)
