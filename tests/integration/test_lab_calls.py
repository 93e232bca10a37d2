"""Calls through the lab's Asterisk: what dialplan/ promises, and what the engine builds upon."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from uncall_ari.lab import Lab, LabError, until
from uncall_ari.lab.asterisk import Asterisk
from uncall_ari.lab.phones import Phone


class Socket:
    """ARI's event socket, with REST requests on the same socket (Asterisk 22.6)."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._requests = socket, 0
        self.events: list[dict[str, Any]] = []
        self._answers: dict[str, dict[str, Any]] = {}

    async def read(self) -> None:
        async for message in self._socket:
            event = json.loads(message.data)
            if event["type"] == "RESTResponse":
                self._answers[event["request_id"]] = event
            else:
                self.events.append(event)

    async def rest(self, method: str, uri: str, body: object = None) -> dict[str, Any]:
        self._requests += 1
        request_id = str(self._requests)
        request = {"type": "RESTRequest", "request_id": request_id, "method": method, "uri": uri}
        if body is not None:
            request |= {"content_type": "application/json", "message_body": json.dumps(body)}
        await self._socket.send_json(request)
        return await until(lambda: self._answers.pop(request_id, {}), f"the answer to {method} {uri}")

    async def event(self, kind: str, number: int = 1, limit: float = 5.0) -> dict[str, Any]:
        def look() -> list[dict[str, Any]]:
            return [event for event in self.events if event["type"] == kind][number - 1 :]

        return (await until(look, f"{kind} number {number}", limit))[0]


@asynccontextmanager
async def connected(asterisk: Asterisk) -> AsyncIterator[Socket]:
    """An engine, as Asterisk sees it: a socket that serves the app `uncall`."""
    account = {"Authorization": aiohttp.encode_basic_auth(asterisk.user, asterisk.password)}
    url = asterisk.url.replace("http", "ws") + "/ari/events?app=uncall"
    async with aiohttp.ClientSession(headers=account) as session, session.ws_connect(url) as websocket:
        socket = Socket(websocket)
        reading = asyncio.create_task(socket.read())
        try:
            yield socket
        finally:
            await websocket.close()
            await asyncio.wait_for(reading, 5.0)


@asynccontextmanager
async def sipp(lab: Lab, *arguments: str) -> AsyncIterator[None]:
    """SIPp in the role of the carrier, from the trunk's port, as long as the block lasts."""
    port = lab.spec.trunks[0].port
    process = lab.start_sipp(*arguments, "-i", "127.0.0.1", "-p", str(port), "-nostdin")
    try:
        yield
    finally:
        process.kill()
        process.wait(5.0)


def carrier_dials(lab: Lab, number: str) -> list[str]:
    """SIPp's arguments for one call from the trunk."""
    return ["-sn", "uac", f"127.0.0.1:{lab.asterisk.sip_port}", "-s", number, "-m", "1", "-d", "100"]


@pytest.fixture
def prompt(lab: Lab) -> Path:
    """A tone of 0.2 s, without its extension, as ARI wants it."""
    time = np.arange(1600) / 8000
    soundfile.write(lab.recordings / "lab-tone.wav", 0.3 * np.sin(2 * np.pi * 440 * time), 8000, subtype="PCM_16")
    return lab.recordings / "lab-tone"


async def test_a_call_to_the_trunk_plays_a_file_by_its_absolute_path(lab: Lab, prompt: Path) -> None:
    async with connected(lab.asterisk) as ari, sipp(lab, "-sn", "uas"):
        channel = "1795346210.0000001"
        query = f"endpoint=PJSIP/13800138000@carrier&app=uncall&channelId={channel}&timeout=10"
        placed = await ari.rest("POST", f"channels?{query}", {"variables": {"UNCALL_CALL": "call-1"}})
        assert placed["status_code"] == 200
        start = await ari.event("StasisStart")
        assert start["channel"]["id"] == channel
        assert start["channel"]["channelvars"] == {"UNCALL_CALL": "call-1"}

        await ari.rest("POST", f"channels/{channel}/play?media=sound:{prompt}")

        assert (await ari.event("PlaybackFinished"))["playback"]["state"] == "done"
        await ari.rest("DELETE", f"channels/{channel}")
        await ari.event("ChannelDestroyed")


async def test_an_event_filter_holds_back_the_rest(lab: Lab) -> None:
    async with connected(lab.asterisk) as ari, sipp(lab, "-sn", "uas"):
        wanted = ("StasisStart", "ChannelDestroyed", "RESTResponse")
        allowed = {"allowed": [{"type": kind} for kind in wanted]}
        assert (await ari.rest("PUT", "applications/uncall/eventFilter", allowed))["status_code"] == 200
        await ari.rest("POST", "channels?endpoint=PJSIP/1@carrier&app=uncall&channelId=1795346210.0000002")
        await ari.event("StasisStart")
        await ari.rest("DELETE", "channels/1795346210.0000002")
        await ari.event("ChannelDestroyed")
        await ari.rest("PUT", "applications/uncall/eventFilter", {"allowed": []})
        assert [event["type"] for event in ari.events] == ["StasisStart", "ChannelDestroyed"]


async def test_music_on_hold_is_heard_and_recorded(lab: Lab) -> None:
    """The carrier sends back what it hears."""
    async with connected(lab.asterisk) as ari, sipp(lab, "-sn", "uas", "-rtp_echo"):
        channel = "1795346210.0000003"
        await ari.rest("POST", f"channels?endpoint=PJSIP/1@carrier&app=uncall&channelId={channel}")
        await ari.event("StasisStart")
        assert (await ari.rest("POST", f"channels/{channel}/moh"))["status_code"] == 204
        recorded = await ari.rest("POST", f"channels/{channel}/record?name=r1&format=wav&maxDurationSeconds=1")
        assert recorded["status_code"] == 201
        await ari.event("RecordingFinished")
        samples, rate = soundfile.read(lab.asterisk.spool / "recording" / "r1.wav")
        assert rate == 8000
        assert np.abs(samples).max() > 0.05
        await ari.rest("DELETE", "recordings/stored/r1")
        await ari.rest("DELETE", f"channels/{channel}")
        await ari.event("ChannelDestroyed")


async def test_the_verdict_on_a_machine_comes_back_on_the_same_channel(lab: Lab) -> None:
    async with connected(lab.asterisk) as ari, sipp(lab, "-sn", "uas"):
        channel = "1795346210.0000004"
        await ari.rest("POST", f"channels?endpoint=PJSIP/1@carrier&app=uncall&channelId={channel}")
        await ari.event("StasisStart")
        await ari.rest("POST", f"channels/{channel}/continue?context=uncall-amd&extension=s&priority=1")
        back = await ari.event("StasisStart", number=2, limit=8.0)
        assert back["channel"]["id"] == channel
        assert back["args"][:2] == ["amd", "NOTSURE"]  # SIPp is silent
        await ari.rest("DELETE", f"channels/{channel}")
        await ari.event("ChannelDestroyed")


async def test_a_call_from_the_trunk_is_handed_to_the_engine(lab: Lab) -> None:
    async with connected(lab.asterisk) as ari, sipp(lab, *carrier_dials(lab, "02112345678")):
        start = await ari.event("StasisStart")
        assert start["args"] == ["trunk"]
        assert start["channel"]["dialplan"]["exten"] == "02112345678"
        assert start["channel"]["name"].startswith("PJSIP/carrier-")
        await ari.rest("POST", f"channels/{start['channel']['id']}/answer")
        await ari.event("StasisEnd")  # the caller hangs up


async def test_a_call_waits_for_an_engine_that_is_away(lab: Lab) -> None:
    async with sipp(lab, *carrier_dials(lab, "4000")):
        await until(lambda: "4000@from-trunk" in lab.asterisk.cli("core show channels"), "the call to arrive")
        async with connected(lab.asterisk) as ari:
            start = await ari.event("StasisStart")
            assert start["channel"]["dialplan"]["exten"] == "4000"
            await ari.rest("DELETE", f"channels/{start['channel']['id']}")
            await ari.event("StasisEnd")


def test_without_an_engine_a_call_ends_when_patience_does(fresh_lab: Callable[..., Lab]) -> None:
    lab = fresh_lab(patience=1)
    log = lab.asterisk.folder / "log" / "sipp.log"
    dial = [*carrier_dials(lab, "4000"), "-i", "127.0.0.1", "-p", str(lab.spec.trunks[0].port)]
    with pytest.raises(LabError, match="sipp"):  # its call failed
        lab.sipp(*dial, "-trace_err", "-error_file", str(log), limit=10.0)
    assert "SIP/2.0 503" in log.read_text()  # the carrier may try elsewhere
    warnings = [line for line in lab.asterisk.log_tail().splitlines() if "WARNING" in line]
    assert [line for line in warnings if "uncall" not in line] == []  # the prompt was there and was played
    assert len([line for line in warnings if "app_stasis" in line]) == 2  # at once and after 1 s, not after the end


async def test_without_an_engine_phones_still_reach_each_other(fresh_lab: Callable[..., Lab]) -> None:
    lab = fresh_lab(patience=0)
    (first, second), port = lab.spec.extensions[:2], lab.asterisk.sip_port
    async with Phone(*first, port) as caller, Phone(*second, port) as other:
        call = caller.dial(other.name)
        rung = await other.ringing()
        rung.answer()
        await call.until_answered()
        await call.hears(rung.tone)
        await rung.hears(call.tone)
        call.hang_up()
        await rung.until_ended()

        nobody = caller.dial("803")  # not registered
        await nobody.until_ended()
        assert nobody.answered_at is None


async def test_do_not_disturb_is_kept_by_ami(lab: Lab) -> None:
    server = lab.asterisk
    reader, writer = await asyncio.open_connection("127.0.0.1", server.ami_port)

    async def ask(**headers: str) -> str:
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{text}\r\n".encode())
        return (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5.0)).decode()

    assert "Success" in await ask(Action="Login", Username=server.user, Secret=server.password, Events="off")
    assert "Updated database successfully" in await ask(Action="DBPut", Family="DND", Key="801", Val="1")
    assert "Key deleted successfully" in await ask(Action="DBDel", Family="DND", Key="801")
    assert "could not be deleted" in await ask(Action="DBDel", Family="DND", Key="801")
    assert "Permission denied" in await ask(Action="Command", Command="core show version")
    assert "Permission denied" in await ask(Action="Originate", Channel="PJSIP/1@carrier", Application="Echo")
    writer.close()
    await writer.wait_closed()
