"""Carrier against carrier, without Asterisk: what each Behaviour does, who hears whom, and what failures say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from uncall_ari.lab.phones import (
    HEARD,
    TONES,
    UNHEARD,
    Behaviour,
    CallRefused,
    Carrier,
    IncomingCall,
    NotSeen,
    OutgoingCall,
    answers,
    busy,
    congested,
    declined,
    early_hangup,
    hearing,
    machine,
    no_answer,
    person,
    presses,
    rejects,
    unavailable,
    unknown,
    vanishes,
)

T1 = 0.05


@asynccontextmanager
async def two(behaviour: Behaviour, t1: float = T1) -> AsyncIterator[tuple[Carrier, Carrier]]:
    """A caller, and a carrier that behaves so."""
    async with (
        Carrier(behaviour=lambda number: behaviour, t1=t1) as called,
        Carrier(peer=("127.0.0.1", called.port), t1=t1) as caller,
    ):
        yield caller, called


@asynccontextmanager
async def talking(behaviour: Behaviour | None = None) -> AsyncIterator[tuple[OutgoingCall, IncomingCall]]:
    """Both sides of a call that is answered."""
    async with two(behaviour or answers(0)) as (caller, called):
        call = caller.call("100", "5551", caller_name="Öfner, B.")
        await call.wait_answered()
        yield call, await called.called("100")


async def test_each_hears_the_other_and_not_itself() -> None:
    async with talking() as (a, b):
        table = await hearing({"a": a, "b": b}, {"a": ["b"], "b": ["a"]})
        assert table.levels["a", "b"] == pytest.approx(-12, abs=1)
        assert table.levels["b", "b"] < UNHEARD
        assert (b.caller_id, b.caller_name, b.number) == ("5551", "Öfner, B.", "100")
        assert a.meter.quality(a.answered_at + 0.1 if a.answered_at else 0).lost == 0
        assert b.meter.rms() == pytest.approx(-12, abs=1)


async def test_a_tone_can_be_changed() -> None:
    async with talking() as (a, b):
        await b.hears(a.tone)
        before, a.tone = a.tone, TONES[-1]
        await b.hears(TONES[-1])
        await b.misses(before)
        a.tone = 0
        await b.misses(TONES[-1])


async def test_a_failure_shows_the_table() -> None:
    async with talking() as (a, b):
        with pytest.raises(NotSeen) as failure:
            await hearing({"a": a, "b": b}, {"a": ["a", "b"]}, timeout=0.7)
        with pytest.raises(ValueError, match=r"no call is given for \['c'\]"):
            await hearing({"a": a, "b": b}, {"a": ["b", "c"]})
        text = str(failure.value)
        nobodys = next(hz for hz in TONES if hz not in (a.tone, b.tone))
        assert "a should hear a; b should not hear a" in text
        assert "hears →" in text
        with pytest.raises(NotSeen, match=r"\d+ Hz at -15 dBFS or more.*the last level was -\d\d"):
            await a.hears(nobodys, timeout=0.7)


async def test_a_table_needs_different_tones() -> None:
    async with talking(answers(0, tone=1000)) as (a, b):
        a.tone = 1000
        with pytest.raises(ValueError, match="a tone of its own"):
            await hearing({"a": a, "b": b}, {})


async def test_keys_go_both_ways() -> None:
    async with talking(presses("42#", after=0.1)) as (a, b):
        await a.hears_keys("42#")
        a.press("159*")
        await b.hears_keys("159*")
        assert [key for _, key in b.keys_sent] == ["4", "2", "#"]
        with pytest.raises(NotSeen, match="the keys 7"):
            await b.hears_keys("7", timeout=0.2)


async def test_the_end_is_known_on_both_sides() -> None:
    async with talking() as (a, b):
        b.hang_up()
        await a.until_ended()
        assert (a.ended_by, b.ended_by) == ("asterisk", "carrier")
        assert a.talk_seconds == pytest.approx(b.talk_seconds, abs=0.2)
        with pytest.raises(NotSeen, match="it ended"):
            await a.hears(b.tone)
        with pytest.raises(NotSeen, match="a call has ended"):
            await hearing({"a": a, "b": b}, {"a": ["b"]})
        with pytest.raises(RuntimeError, match="keys need an answered call"):
            a.press("1")


@pytest.mark.parametrize(
    ("behaviour", "status", "rings"),
    [
        (busy(), 486, False),
        (declined(0.05), 603, True),
        (unknown(), 404, False),
        (unavailable(), 480, False),
        (congested(), 503, False),
        (rejects(500, 0.05, rings=True, reason="Q.850;cause=41"), 500, True),
    ],
)
async def test_refusals(behaviour: Behaviour, status: int, rings: bool) -> None:
    async with two(behaviour) as (caller, called):
        call = caller.call("100")
        with pytest.raises(CallRefused, match=behaviour.reason or str(status)) as refused:
            await call.wait_answered()
        assert refused.value.status == status
        seen = await called.called("100")
        assert (seen.status, seen.ended_by, seen.answered_at) == (status, "rejected", None)
        assert (seen.ringing_at is not None) is rings
        assert (call.ringing_at is not None) is rings


async def test_no_answer_until_the_caller_gives_up() -> None:
    async with two(no_answer()) as (caller, called):
        call = caller.call("100")
        await call.until_ringing()
        with pytest.raises(NotSeen, match=r"waited 0.2 s for the answer in the call 100.*status -"):
            await call.wait_answered(0.2)
        call.hang_up()
        seen = await called.called("100")
        await seen.until_ended()
        assert (seen.status, seen.ended_by, seen.answered_at) == (487, "cancel", None)


async def test_an_early_hang_up() -> None:
    async with two(early_hangup(0.1)) as (caller, called):
        call = caller.call("100")
        await call.until_ended()
        assert (await called.called("100")).ended_by == "carrier"
        assert 0.05 < call.talk_seconds < 1


async def test_early_media_is_heard_before_the_answer() -> None:
    async with two(Behaviour(early_media=700, answer_after=1.5, tone=1000)) as (caller, _):
        call = caller.call("100")
        await call.until_ringing()
        await call.hears(700, timeout=1.4)
        assert call.answered_at is None
        await call.wait_answered()
        await call.hears(1000)


async def test_a_line_that_is_cut() -> None:
    async with two(vanishes(0.1)) as (caller, called):
        call = caller.call("100")
        seen = await called.called("100")
        await seen.until_ended()
        assert seen.ended_by == "vanished"
        call.hang_up()
        await called.wait_for(lambda c: call.cause == "the BYE was not answered", 64 * T1 + 2, "the BYE to time out")


async def test_no_audio_at_all() -> None:
    async with talking(answers(0, audio=False)) as (a, b):
        await b.hears(a.tone)
        assert a.meter.packets == 0


@pytest.mark.parametrize(("behaviour", "speech"), [(person(), (0.2, 0.8)), (machine(), (2.0, 6.0))])
async def test_a_person_says_less_than_a_machine(behaviour: Behaviour, speech: tuple[float, float]) -> None:
    total = sum(seconds for seconds, hz in behaviour.says if hz)
    assert speech[0] < total < speech[1]
    async with talking(behaviour) as (a, _):
        await a.hears(600, timeout=3)


async def test_many_numbers_and_the_books() -> None:
    async with two(answers(0)) as (caller, called):
        calls = [caller.call(str(100 + index % 5)) for index in range(20)]
        await asyncio.gather(*(call.wait_answered() for call in calls))
        assert called.dialled == dict.fromkeys(["100", "101", "102", "103", "104"], 4)
        assert (len(called.live), len(called.pending), called.most_at_once()) == (20, 20, 20)
        assert len({call.tone for call in called.calls}) == 20
        for call in calls:
            call.hang_up()
        await called.wait_for(lambda c: not c.pending, 5, "the end of all calls")
        assert all(call.ended_by == "asterisk" for call in called.calls)


async def test_what_was_waited_for_is_told() -> None:
    async with two(answers(0)) as (caller, called):
        caller.call("100")
        with pytest.raises(
            NotSeen, match=r"waited 0.3 s for call 2 to 100, but saw: 1 calls in(.|\n)*in 100: status 200"
        ):
            await called.called("100", timeout=0.3, times=2)


async def test_closing_hangs_up_what_is_live() -> None:
    async with Carrier(behaviour=lambda number: answers(0), t1=T1) as called:
        async with Carrier(peer=("127.0.0.1", called.port), t1=T1) as caller:
            await caller.call("100").wait_answered()
            caller.call("101", behaviour=answers())
        await called.wait_for(lambda c: len(c.calls) == 2 and not c.pending, 5, "the end of all calls")


async def test_a_mistake_in_a_behaviour_comes_out() -> None:
    def mistaken(number: str) -> Behaviour:
        return {"1": answers()}[number]

    called = await Carrier(behaviour=mistaken, t1=T1).__aenter__()
    async with Carrier(peer=("127.0.0.1", called.port), t1=T1) as caller:
        with pytest.raises(CallRefused, match="500"):
            await caller.call("2").wait_answered()
    with pytest.raises(KeyError):
        await called.__aexit__(None, None, None)


@pytest.mark.parametrize("wrong", [{"reject": 200}, {"reject": 99}, {"keys": ((1.0, "x"),)}, {"keys": ((1.0, ""),)}])
def test_behaviours_that_are_none(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no call|no keys"):
        Behaviour(**wrong)  # type: ignore[arg-type]


def test_the_levels_leave_room_between() -> None:
    assert HEARD - UNHEARD >= 30
