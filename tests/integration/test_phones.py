"""The phones and the carrier against a real Asterisk: what they say happened is what Asterisk says, too.

Asterisk is steered over its bare HTTP interface here, so that nothing of the engine takes part.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.phones import (
    Behaviour,
    Call,
    CallRefused,
    Carrier,
    Phone,
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
    silent,
    unavailable,
    unknown,
)
from uncall_ari.lab.phones.media import Ticker
from uncall_ari.lab.ports import free_port

SECRETS = {"801": "secret-801", "802": "secret-802", "803": "secret-803"}
LIMIT = 10.0


class Steering:
    """ARI: requests over HTTP, events of one app as they come."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, app: str) -> None:
        self.app = app
        self._session, self._socket = session, socket
        self._events: list[dict[str, Any]] = []
        self._more = asyncio.Condition()

    async def read(self) -> None:
        async for message in self._socket:
            async with self._more:
                self._events.append(json.loads(message.data))
                self._more.notify_all()

    async def event(self, kind: str, channel: str) -> dict[str, Any]:
        """The first event of this kind about this channel (or playback, by its target)."""

        def found() -> dict[str, Any] | None:
            return next(
                (
                    event
                    for event in self._events
                    if event["type"] == kind
                    and channel in (event.get("channel", {}).get("id"), event.get("playback", {}).get("id"))
                ),
                None,
            )

        try:
            async with asyncio.timeout(LIMIT), self._more:
                await self._more.wait_for(found)
        except TimeoutError:
            seen = [(e["type"], e.get("channel", {}).get("id")) for e in self._events]
            raise AssertionError(f"no {kind} of {channel} in {LIMIT} s, but {seen}") from None
        event = found()
        assert event
        return event

    async def started(self, argument: str) -> dict[str, Any]:
        """The channel that entered the app with this first argument."""

        def found() -> dict[str, Any] | None:
            for event in self._events:
                if event["type"] == "StasisStart" and event["args"][:1] == [argument]:
                    return event
            return None

        async with asyncio.timeout(LIMIT), self._more:
            await self._more.wait_for(found)
        event = found()
        assert event
        return event

    async def post(self, path: str, **parameters: str) -> dict[str, Any]:
        async with self._session.post(f"/ari/{path}", params=parameters) as response:
            text = await response.text()
            assert response.status < 300, f"{path}: {response.status} {text}"
            return json.loads(text) if text else {}

    async def delete(self, path: str) -> None:
        async with self._session.delete(f"/ari/{path}") as response:
            await response.read()

    async def originate(self, number: str, **parameters: str) -> str:
        """Dial a number of the carrier; the channel's id."""
        where = {"app": self.app} if "context" not in parameters else {}
        channel = await self.post(
            "channels", endpoint=f"PJSIP/{number}@carrier", channelId=f"t-{self.app}-{number}-x", **where, **parameters
        )
        return str(channel["id"])


@asynccontextmanager
async def steering(lab: Lab, app: str) -> AsyncIterator[Steering]:
    """Asterisk in our hands, for one app."""
    asterisk = lab.asterisk
    account = {"Authorization": aiohttp.encode_basic_auth(asterisk.user, asterisk.password)}
    async with (
        aiohttp.ClientSession(asterisk.url, headers=account, timeout=aiohttp.ClientTimeout(10)) as session,
        session.ws_connect(f"/ari/events?app={app}") as socket,
    ):
        ari = Steering(session, socket, app)
        reading = asyncio.create_task(ari.read())
        try:
            yield ari
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading


@pytest.fixture(scope="module")
def quick(rootfs: None) -> Iterator[Lab]:
    """An Asterisk that waits for no engine: its phones reach each other at once."""
    spec = LabSpec(
        name=f"phones-{os.getpid()}",
        trunks=(TrunkSpec("carrier", port=free_port(udp=True)),),
        extensions=tuple(SECRETS.items()),
        patience=0,
    )
    with Lab.up(spec) as lab:
        yield lab


@pytest.fixture
async def carrier(quick: Lab) -> AsyncIterator[Carrier]:
    (trunk,) = quick.spec.trunks
    async with Carrier(trunk.host, trunk.port, peer=("127.0.0.1", quick.asterisk.sip_port)) as carrier:
        yield carrier


@pytest.fixture
async def ari(quick: Lab) -> AsyncIterator[Steering]:
    async with steering(quick, "uncall") as ari:
        yield ari


def phone_of(lab: Lab, name: str, **details: Any) -> Phone:
    return Phone(name, SECRETS[name], lab.asterisk.sip_port, **details)


def asterisk_alone(lab: Lab) -> bool:
    """Whether no channel is left."""
    return "0 active channels" in lab.asterisk.cli("core show channels count")


# Phones


async def test_a_phone_registers_and_unregisters(quick: Lab) -> None:
    async with phone_of(quick, "801") as phone:
        assert phone.registered
        assert "Contact:  801/sip:801@127.0.0.1:" in quick.asterisk.cli("pjsip show contacts")
        await phone.register()
    assert "801/sip:801@127.0.0.1:" not in quick.asterisk.cli("pjsip show contacts")


async def test_a_wrong_password_is_refused(quick: Lab) -> None:
    with pytest.raises(CallRefused) as refused:
        await Phone("801", "wrong", quick.asterisk.sip_port).__aenter__()
    assert refused.value.status == 401


async def test_two_phones_hear_each_other(quick: Lab) -> None:
    async with phone_of(quick, "801") as first, phone_of(quick, "802") as second:
        out = first.dial("802")
        coming = await second.ringing()
        assert coming.caller_id == "801"
        await out.until_ringing()
        assert out.answered_at is None
        coming.answer()
        await out.wait_answered()
        table = await hearing({"801": out, "802": coming}, {"801": ["802"], "802": ["801"]})
        assert table.levels["801", "802"] == pytest.approx(-12, abs=1)
        assert table.levels["802", "801"] == pytest.approx(-12, abs=1)
        out.press("12#")
        await coming.hears_keys("12#")
        coming.press("*9")
        await out.hears_keys("*9")
        coming.hang_up()
        await out.until_ended()
        assert (out.ended_by, coming.ended_by) == ("asterisk", "802")


@pytest.mark.parametrize(
    ("behaviour", "status"), [(busy(), 486), (declined(0.1), 603), (rejects(480), 480), (congested(), 503)]
)
async def test_a_phone_that_refuses(quick: Lab, behaviour: Behaviour, status: int) -> None:
    async with phone_of(quick, "801") as first, phone_of(quick, "802", behaviour=behaviour) as second:
        with pytest.raises(CallRefused):
            await first.call("802")
        assert [(call.status, call.ended_by) for call in second.incoming] == [(status, "rejected")]


async def test_a_phone_in_a_call_is_busy(quick: Lab) -> None:
    async with (
        phone_of(quick, "801") as first,
        phone_of(quick, "802", behaviour=answers(0), lines=1) as second,
        phone_of(quick, "803") as third,
    ):
        await first.call("802")
        with pytest.raises(CallRefused):
            await third.call("802")
        assert [call.status for call in second.incoming] == [200, 486]


async def test_a_call_is_given_up_while_it_rings(quick: Lab) -> None:
    async with phone_of(quick, "801") as first, phone_of(quick, "802") as second:
        out = first.dial("802")
        coming = await second.ringing()
        out.hang_up()
        await coming.until_ended()
        assert (coming.ended_by, coming.status) == ("cancel", 487)


# The carrier's Behaviours, dialled by Asterisk


@pytest.mark.parametrize(
    ("behaviour", "status", "cause"),
    [
        (busy(), 486, 17),
        (declined(0.1), 603, 21),
        (unknown(), 404, 1),
        (unavailable(), 480, 19),
        (congested(), 503, 34),
    ],
    ids=["busy", "declined", "unknown", "unavailable", "congested"],
)
async def test_refusals_reach_asterisk(
    ari: Steering, carrier: Carrier, behaviour: Behaviour, status: int, cause: int
) -> None:
    carrier.behaviour = lambda number: behaviour
    channel = await ari.originate("13800138000", callerId="Lin <95001>")
    destroyed = await ari.event("ChannelDestroyed", channel)
    assert destroyed["cause"] == cause
    call = await carrier.called("13800138000")
    assert (call.status, call.ended_by, call.caller_id) == (status, "rejected", "95001")
    assert carrier.dialled == {"13800138000": 1}


@pytest.mark.parametrize(
    ("behaviour", "ended_by"), [(no_answer(), "cancel"), (Behaviour(early_media=700, answer_after=None), "cancel")]
)
async def test_a_number_that_only_rings(ari: Steering, carrier: Carrier, behaviour: Behaviour, ended_by: str) -> None:
    carrier.behaviour = lambda number: behaviour
    channel = await ari.originate("1001", timeout="1")
    destroyed = await ari.event("ChannelDestroyed", channel)
    assert destroyed["cause"] == 19
    call = await carrier.called("1001")
    await call.until_ended()
    assert (call.ended_by, call.answered_at) == (ended_by, None)
    assert call.ended_at
    assert call.ended_at - call.invited_at == pytest.approx(1, abs=0.9)


async def test_a_line_that_is_dead(ari: Steering, carrier: Carrier) -> None:
    carrier.behaviour = lambda number: silent()
    channel = await ari.originate("1002", timeout="2")
    call = await carrier.called("1002")
    await carrier.wait_for(lambda _: call.copies >= 2, LIMIT, "the INVITE to come again twice")
    await ari.event("ChannelDestroyed", channel)
    assert carrier.dialled == {"1002": 1}  # however often the INVITE came


async def test_a_customer_hangs_up_early(ari: Steering, carrier: Carrier) -> None:
    carrier.behaviour = lambda number: early_hangup(0.3)
    channel = await ari.originate("1003")
    await ari.event("StasisStart", channel)
    await ari.event("StasisEnd", channel)
    call = await carrier.called("1003")
    assert call.ended_by == "carrier"
    assert call.talk_seconds == pytest.approx(0.3, abs=0.29)


async def test_asterisk_hangs_up(ari: Steering, carrier: Carrier) -> None:
    carrier.behaviour = lambda number: answers(0)
    channel = await ari.originate("1004")
    await ari.event("StasisStart", channel)
    await ari.delete(f"channels/{channel}")
    call = await carrier.called("1004")
    await call.until_ended()
    assert (call.ended_by, call.status) == ("asterisk", 200)
    assert "Q.850" in call.cause


async def test_keys_of_a_customer_reach_asterisk(ari: Steering, carrier: Carrier) -> None:
    carrier.behaviour = lambda number: presses("7", after=0.3)
    channel = await ari.originate("1005")
    event = await ari.event("ChannelDtmfReceived", channel)
    assert (event["digit"], event["duration_ms"]) == ("7", pytest.approx(100, abs=40))
    call = await carrier.called("1005")
    assert [key for _, key in call.keys_sent] == ["7"]
    await ari.post(f"channels/{channel}/dtmf", dtmf="42#", duration="100", between="100")
    await call.hears_keys("42#")
    # Asterisk counts its first packets of a key, which it sends at once, as 20 ms each: 0.16 s are announced
    assert [press.duration for press in call.meter.keys] == pytest.approx([0.13] * 3, abs=0.05)


@pytest.mark.parametrize("level", [-12.0, -20.0])
async def test_the_level_of_what_asterisk_plays(quick: Lab, ari: Steering, carrier: Carrier, level: float) -> None:
    path = quick.recordings / f"tone{level:.0f}.wav"
    write_tone(path, 900, 2.0, level)
    carrier.behaviour = lambda number: answers(0)
    channel = await ari.originate("1006")
    await ari.event("StasisStart", channel)
    playback = await ari.post(f"channels/{channel}/play", media=f"sound:{path.with_suffix('')}")
    started = await ari.event("PlaybackStarted", playback["id"])
    call = await carrier.called("1006")
    await ari.event("PlaybackFinished", playback["id"])
    assert started["playback"]["media_uri"].endswith(path.stem)
    end = call.meter.closed_at or asyncio.get_running_loop().time()
    assert call.meter.level(900, end - 1.2, end - 0.7) == pytest.approx(level, abs=1)
    assert call.meter.rms(end - 1.2, end - 0.7) == pytest.approx(level, abs=1)
    assert call.meter.level(call.tone, end - 1.2, end - 0.7) < -45


def write_tone(path: Path, hz: int, seconds: float, level: float) -> None:
    """A WAV as Asterisk plays it."""
    moments = np.arange(int(8000 * seconds)) / 8000
    soundfile.write(path, 10 ** (level / 20) * np.sin(2 * np.pi * hz * moments), 8000, subtype="PCM_16")
    path.chmod(0o644)


@pytest.mark.parametrize(("behaviour", "verdict"), [(person(), "HUMAN"), (machine(), "MACHINE")])
async def test_asterisk_takes_them_for_what_they_play(
    ari: Steering, carrier: Carrier, behaviour: Behaviour, verdict: str
) -> None:
    carrier.behaviour = lambda number: behaviour
    await ari.originate("1007", context="uncall-amd", extension="s", priority="1")
    event = await ari.started("amd")
    assert event["args"][1] == verdict


# The carrier calls Asterisk


async def test_an_inbound_call(ari: Steering, carrier: Carrier) -> None:
    call = carrier.call("95001", "13900139000", caller_name="Wang")
    event = await ari.started("trunk")
    channel = event["channel"]
    assert (channel["caller"], channel["dialplan"]["exten"]) == ({"name": "Wang", "number": "13900139000"}, "95001")
    assert call.answered_at is None
    await ari.post(f"channels/{channel['id']}/answer")
    await call.wait_answered()
    call.press("3")
    assert (await ari.event("ChannelDtmfReceived", channel["id"]))["digit"] == "3"
    await ari.delete(f"channels/{channel['id']}")
    await call.until_ended()
    assert call.ended_by == "asterisk"


async def test_an_inbound_call_without_an_engine_is_refused(quick: Lab, carrier: Carrier) -> None:
    with pytest.raises(CallRefused) as refused:
        await carrier.call("95001", "13900139000").wait_answered()
    assert refused.value.status >= 400


# Many at once


async def test_fifty_calls_at_once_are_clean(quick: Lab, ari: Steering, carrier: Carrier) -> None:
    carrier.behaviour = lambda number: answers(0.1)
    numbers = [str(2000 + index) for index in range(50)]
    channels = await asyncio.gather(*(ari.originate(number) for number in numbers))
    for channel in channels:
        await ari.event("StasisStart", channel)
    calls = {call.number: call for call in carrier.calls}
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    for first, second in pairs:
        bridge = await ari.post("bridges", type="mixing")
        both = ",".join(channels[numbers.index(number)] for number in (first, second))
        await ari.post(f"bridges/{bridge['id']}/addChannel", channel=both)
    await asyncio.gather(*(each_hears_the_other(calls[first], calls[second]) for first, second in pairs))
    ticker = Ticker.running()
    ticker.longest_stall = 0.0
    began = asyncio.get_running_loop().time()
    await carrier.wait_for(lambda _: asyncio.get_running_loop().time() - began > 2, 5, "two seconds of talk")
    for call in calls.values():
        quality = call.meter.quality(began, began + 2)
        assert quality.lost == 0, f"{call}: {quality}"
        # what this process held back, Asterisk could not pass on
        assert quality.longest_gap < 0.3 + ticker.longest_stall, f"{call}: {quality}"
    assert carrier.dialled == dict.fromkeys(numbers, 1)
    assert carrier.most_at_once() == 50
    for call in calls.values():
        call.hang_up()
    for channel in channels:
        await ari.event("StasisEnd", channel)


async def each_hears_the_other(first: Call, second: Call) -> None:
    await hearing({"first": first, "second": second}, {"first": ["second"], "second": ["first"]})


async def test_nothing_is_left_in_asterisk(quick: Lab, ari: Steering, carrier: Carrier) -> None:
    carrier.behaviour = lambda number: answers(0)
    channel = await ari.originate("3000")
    await ari.event("StasisStart", channel)
    (await carrier.called("3000")).hang_up()
    await ari.event("StasisEnd", channel)
    await carrier.wait_for(lambda _: asterisk_alone(quick), LIMIT, "Asterisk to be without calls")
