"""The ARI client against a real Asterisk: legs that answer, are refused, hear, press, and survive lost sockets."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.campaigns import until
from tests.integration.conftest import TONE, ari_of, carrier_of, write_tone
from uncall_ari.ari import Ari, EndedBy, HungUp, IdMaker, Leg, RequestFailed, connection
from uncall_ari.errors import ConnectionFailed
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Behaviour, Carrier, answers, busy, congested, declined, no_answer, presses, unknown

NUMBER = "13800138000"
ENDPOINT = f"PJSIP/{NUMBER}@carrier"


async def test_an_answered_leg_hears_what_is_played(ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path) -> None:
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10, caller_id="02088880000")
        await leg.answered(10)
        playing = await leg.start_playing(f"sound:{tone_wav.with_suffix('')}")
        call = await carrier.called(NUMBER)
        await call.hears(TONE)
        assert call.caller_id == "02088880000"
        assert await playing.finished()
    await call.until_ended()
    assert call.ended_by == "asterisk"
    assert leg.end is not None
    assert leg.end.by is EndedBy.US


@pytest.mark.parametrize(
    ("behaviour", "cause", "sip"),
    [(busy(), 17, 486), (declined(), 21, 603), (unknown(), 1, 404), (congested(), 34, 503), (no_answer(), 19, 480)],
    ids=["busy", "declined", "unknown", "congested", "no answer"],
)
async def test_a_refused_leg_ends_with_its_cause(
    ari: Ari, ids: IdMaker, carrier: Carrier, behaviour: Behaviour, cause: int, sip: int
) -> None:
    carrier.behaviour = lambda number: behaviour
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=2)
        with pytest.raises(HungUp) as gone:
            await leg.answered(10)
    end = gone.value.end
    assert (end.q850, end.sip, end.by) == (cause, sip, EndedBy.THEM)


async def test_an_unknown_endpoint_is_refused_at_once(ari: Ari, ids: IdMaker) -> None:
    with pytest.raises(RequestFailed, match="Allocation failed"):
        async with ari.leg(ids.new()) as leg:
            await ari.originate(leg, "PJSIP/1@nobody", seconds=2)


async def test_keys_come_in_order_and_stop_nothing_by_themselves(
    ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path
) -> None:
    carrier.behaviour = lambda number: presses("12", after=0.5)
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        playing = await leg.start_playing(f"sound:{tone_wav.with_suffix('')}")
        assert [await leg.key(5, during=playing), await leg.key(5)] == ["1", "2"]
        assert not playing.over
        await playing.stop()
        assert await playing.finished()
        with pytest.raises(TimeoutError):
            await leg.key(0.01)


async def test_several_sounds_are_played_one_after_another(
    ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path, lab: Lab
) -> None:
    second = lab.recordings / "second, with a comma.wav"
    write_tone(second, 1300, 1.0)
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        playing = await leg.start_playing(f"sound:{tone_wav.with_suffix('')}", f"sound:{second.with_suffix('')}")
        call = await carrier.called(NUMBER)
        await call.hears(TONE)
        await call.hears(1300)
        assert await playing.finished()
    second.unlink()


async def test_a_missing_sound_is_told_and_the_leg_lives(ari: Ari, ids: IdMaker, carrier: Carrier) -> None:
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        assert not await leg.play("sound:/no/such/file")
        assert leg.live


async def test_the_callers_hangup_ends_whatever_is_waited_for(
    ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path
) -> None:
    carrier.behaviour = lambda number: answers(hang_up_after=0.5)

    async def plays_for_ever(leg: Leg) -> None:
        while await leg.play(f"sound:{tone_wav.with_suffix('')}"):
            pass

    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        with pytest.raises(HungUp) as gone:
            await plays_for_ever(leg)
    assert gone.value.end.by is EndedBy.THEM


async def test_the_first_reason_for_a_hangup_counts(ari: Ari, ids: IdMaker, carrier: Carrier) -> None:
    for _ in range(10):  # a second request used to win about one race in six
        async with ari.leg(ids.new()) as leg:
            await ari.originate(leg, f"PJSIP/{NUMBER}@carrier", seconds=10)
            await leg.answered(10)
            await asyncio.gather(leg.hang_up("busy"), leg.hang_up("normal"))
            assert (await leg.ended(10)).q850 == 17


async def test_bridged_legs_hear_each_other(ari: Ari, ids: IdMaker, carrier: Carrier) -> None:
    async with ari.leg(ids.new()) as one, ari.leg(ids.new()) as two, ari.bridge(ids.new()) as bridge:
        for leg, number in ((one, "13800138001"), (two, "13800138002")):
            await ari.originate(leg, f"PJSIP/{number}@carrier", seconds=10)
            await leg.answered(10)
        await bridge.add(one, two)
        first, second = await carrier.called("13800138001"), await carrier.called("13800138002")
        await first.hears(second.tone)
        await second.hears(first.tone)
        await bridge.remove(two)
        await first.misses(second.tone)
    assert not [each for each in await ari.bridges() if each.id == bridge.id], "the bridge is destroyed"


async def test_a_lost_socket_costs_no_call(ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path) -> None:
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        playing = await leg.start_playing(f"sound:{tone_wav.with_suffix('')}")
        call = await carrier.called(NUMBER)
        await call.hears(TONE)
        await ari.connection.drop()
        assert await playing.finished(), "the playback's end is seen, although it may have come in the gap"
        assert await leg.play(f"sound:{tone_wav.with_suffix('')}"), "and the leg goes on"


async def test_a_leg_that_ends_in_a_gap_is_told_on_reconnect(fresh_lab: Callable[..., Lab], ids: IdMaker) -> None:
    lab = fresh_lab()
    async with carrier_of(lab), ari_of(lab) as ari:
        await ari.connection.wait_up(10)
        leg = ari.leg(ids.new())
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        lab.asterisk.kill()
        lab.asterisk.start()
        assert (await leg.ended(20)).by is EndedBy.GAP
        await ari.connection.wait_up(20)


async def test_a_silent_asterisk_is_given_up_and_found_again(
    fresh_lab: Callable[..., Lab], ids: IdMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.5)
    lab = fresh_lab()

    async def noticed() -> bool:
        return "has said nothing" in ari.connection.problem

    async with carrier_of(lab), ari_of(lab) as ari:
        await ari.connection.wait_up(10)
        async with ari.leg(ids.new()) as leg:
            await ari.originate(leg, ENDPOINT, seconds=10)
            await leg.answered(10)
            process = lab.asterisk.process
            assert process is not None
            process.signal(signal.SIGSTOP)
            try:
                await until(noticed, "the silence to be noticed", 10)
                assert not ari.connection.up
            finally:
                process.signal(signal.SIGCONT)
            await ari.connection.wait_up(20)
            await leg.check()
            assert leg.live, "and the call has gone on"


async def test_a_wrong_password_names_the_remedy_and_no_secret(lab: Lab) -> None:
    async with Ari(lab.asterisk.url, "uncall", "not-the-password", "uncall") as ari:
        with pytest.raises(ConnectionFailed, match=r"asterisk\.password") as refused:
            await ari.connection.wait_up(2)
    assert "not-the-password" not in str(refused.value)


async def test_a_missing_server_is_named(ids: IdMaker) -> None:
    async with Ari("http://127.0.0.1:9", "uncall", "secret", "uncall") as ari:
        with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:9"):
            await ari.connection.wait_up(2)


async def test_a_second_engine_makes_the_first_stop(ari: Ari, lab: Lab) -> None:
    async with ari_of(lab) as second:
        await second.connection.wait_up(10)
        await ari.connection.replaced.wait()
        assert "another engine" in ari.connection.problem
        assert not ari.connection.up


async def test_a_request_on_a_broken_socket_waits_for_the_next_one(ari: Ari, ids: IdMaker, carrier: Carrier) -> None:
    """The write fails before the reader has seen the end: asking again must not spin without letting it run."""
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, ENDPOINT, seconds=10)
        await leg.answered(10)
        await ari.connection.drop()
        await leg.check()
        assert leg.live
