"""AMI against a real Asterisk: the AstDB, MixMonitor, and what is said and done when it cannot be reached."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from tests.integration.conftest import TONE
from uncall_ari import ami as module
from uncall_ari.ami import Ami, AmiRefused
from uncall_ari.ari import Ari, IdMaker, Leg
from uncall_ari.errors import ConnectionFailed
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier
from uncall_ari.lab.ports import free_port
from uncall_ari.lab.waits import until

NUMBER = "13800138000"
MakeLab = Callable[..., Lab]


def ami_of(lab: Lab, password: str = "") -> Ami:
    server = lab.asterisk
    return Ami("127.0.0.1", server.ami_port, server.user, password or server.password)


@pytest.fixture
async def ami(lab: Lab) -> AsyncIterator[Ami]:
    async with ami_of(lab) as ami:
        await ami.wait_up(10)
        yield ami


@contextlib.asynccontextmanager
async def peer(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[Ami]:
    """An Ami whose Asterisk is a program of the test's."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            result = answer(reader, writer)
            if asyncio.iscoroutine(result):
                await result
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with Ami("127.0.0.1", server.sockets[0].getsockname()[1], "uncall", "secret") as ami:
        yield ami
    server.close()


async def next_action(reader: asyncio.StreamReader) -> dict[str, str]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    return dict(line.split(": ", 1) for line in lines)


async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"Asterisk Call Manager/11.0.0\r\n")
    login = await next_action(reader)
    assert login["Action"] == "Login"
    assert login["Events"] == "off"
    writer.write(f"Response: Success\r\nActionID: {login['ActionID']}\r\n\r\n".encode())


async def test_what_is_put_is_there_until_it_is_deleted(ami: Ami, lab: Lab) -> None:
    await ami.db_put("ami-test", "801", "YES")
    assert "YES" in lab.asterisk.cli("database get ami-test 801")
    assert await ami.db_has("ami-test", "801")
    assert await ami.db_keys("ami-test") == {"801"}
    assert await ami.db_del("ami-test", "801")
    assert not await ami.db_has("ami-test", "801")
    assert not await ami.db_del("ami-test", "801")
    assert await ami.db_keys("ami-test") == set()


async def test_values_arrive_as_they_are(ami: Ami, lab: Lab) -> None:
    value = "请勿打扰　a: b, c; ${EXTEN}"
    await ami.db_put("ami-test", "键", value)
    assert await ami.db_keys("ami-test") == {"键"}
    assert value in lab.asterisk.cli("database get ami-test 键")
    assert await ami.db_del("ami-test", "键")


@pytest.mark.parametrize("place", [0, 1, 2], ids=["family", "key", "value"])
@pytest.mark.parametrize(
    "bad", ["1\r\nAction: Logoff", "1\n2", "1\0", "1\x85", "1\u2028", "x" * 1100], ids=lambda bad: ascii(bad[:4])
)
async def test_what_could_be_taken_for_another_header_is_not_sent(ami: Ami, place: int, bad: str) -> None:
    words = ["ami-test", "key", "value"]
    words[place] = bad
    with pytest.raises(ValueError, match=r"control character|longer than AMI takes"):
        await ami.db_put(words[0], words[1], words[2])
    assert await ami.db_keys("ami-test") == set()


async def test_a_name_with_a_line_end_is_refused_by_mixmonitor_too(ami: Ami) -> None:
    with pytest.raises(ValueError, match="Channel has a control character"):
        await ami.start_mixmonitor("PJSIP/801-00000001\r\nCommand: true", "/tmp/a.wav")
    for file, options in (("/tmp/a.wav,,touch /tmp/b", ""), ("/tmp/a.wav", "b,touch /tmp/b")):
        with pytest.raises(ValueError, match="comma"):
            await ami.start_mixmonitor("PJSIP/801-00000001", file, options)


async def test_what_asterisk_refuses_is_told_in_its_words(ami: Ami) -> None:
    with pytest.raises(AmiRefused, match="No key specified"):
        await ami.db_put("ami-test", "", "1")
    with pytest.raises(AmiRefused, match="No family specified"):
        await ami.db_del("", "key")
    with pytest.raises(AmiRefused, match="No such channel"):
        await ami.start_mixmonitor("PJSIP/801-00000001", "/tmp/none.wav")


async def test_many_ask_at_once_and_each_gets_its_own_answer(ami: Ami) -> None:
    async def one(number: int) -> list[bool]:
        key = f"{number:04d}"
        if number % 2:
            await ami.db_put("ami-many", key, key)
        return [await ami.db_has("ami-many", key), await ami.db_del("ami-many", key)]

    answers = await asyncio.gather(*(one(number) for number in range(300)))
    assert answers == [[bool(number % 2)] * 2 for number in range(300)]


async def test_a_wrong_password_is_told_once_and_not_shown(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.01, 0.02))
    with capture_logs() as logs:
        async with ami_of(lab, "not-this-one") as ami:
            with pytest.raises(ConnectionFailed, match=r"asterisk\.ami_user and asterisk\.ami_password") as refused:
                await ami.wait_up(2.5)  # Asterisk takes a second for each refusal
            assert not ami.up
    assert "\n" not in str(refused.value)
    assert [entry["event"] for entry in logs] == ["no connection to AMI"]
    assert "not-this-one" not in str(logs)


@pytest.mark.parametrize("password", ["x\r\nAction: Logoff", "x" * 1100], ids=["line end", "long"])
async def test_a_password_that_cannot_be_sent_is_not_sent(lab: Lab, password: str) -> None:
    async with ami_of(lab, password) as ami:
        with pytest.raises(ConnectionFailed, match=r"asterisk\.ami_password cannot be sent to AMI: Secret"):
            await ami.wait_up(0.5)


async def test_a_closed_port_is_told_once_with_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    port = free_port()
    with capture_logs() as logs:
        async with Ami("127.0.0.1", port, "uncall", "secret") as ami:
            with pytest.raises(ConnectionFailed, match=rf":{port}: Connection refused.*asterisk\.ami_port"):
                await ami.db_put("ami-test", "801", "1")
    assert len(logs) == 1
    with pytest.raises(ConnectionFailed, match="AMI is closed"):
        await ami.wait_up(0)


async def test_a_host_without_address_is_told() -> None:
    async with Ami("nowhere.invalid", 5038, "uncall", "secret") as ami:
        with pytest.raises(ConnectionFailed, match=r"asterisk\.ami_host"):
            await ami.wait_up(4)


async def test_something_else_on_the_port_is_told() -> None:
    async def secure_shell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    async with peer(secure_shell) as ami:
        with pytest.raises(ConnectionFailed, match=r"is not AMI.*asterisk\.ami_port"):
            await ami.wait_up(1)


async def test_a_silent_listener_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.1)
    async with peer(lambda reader, writer: reader.read()) as ami:
        with pytest.raises(ConnectionFailed, match=r"no answer in 0.1 s.*asterisk\.ami_port"):
            await ami.wait_up(1)


async def test_an_endless_message_ends_the_connection() -> None:
    async def chatterbox(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        await next_action(reader)
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with peer(chatterbox) as ami:
        with pytest.raises(ConnectionFailed, match="a message has no end"):
            await ami.db_put("ami-test", "801", "1")


async def test_what_was_not_answered_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKOFF_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.3)
    seen: list[str] = []

    async def forgetful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        writer.write(b"Event: FullyBooted\r\nPrivilege: system,all\r\n\r\n")  # where panoramisk sends again
        action = await next_action(reader)
        seen.append(action["Key"])
        if action["Key"] == "answered":
            writer.write(f"Response: Success\r\nActionID: {action['ActionID']}\r\n\r\n".encode())
        elif action["Key"] == "cut":
            return
        await reader.read()

    async with peer(forgetful) as ami:
        with pytest.raises(ConnectionFailed, match="Asterisk has closed the connection"):
            await ami.db_put("ami-test", "cut", "1")
        with pytest.raises(ConnectionFailed, match="no answer to DBPut"):
            await ami.db_put("ami-test", "silence", "1")
        await ami.db_put("ami-test", "answered", "1")
    assert seen == ["cut", "silence", "answered"]


async def test_it_comes_back_when_asterisk_does(fresh_lab: MakeLab) -> None:
    lab = fresh_lab()
    with capture_logs() as logs:
        async with ami_of(lab) as ami:
            await ami.wait_up(10)
            await ami.db_put("DND", "801", "YES")
            await asyncio.to_thread(lab.asterisk.stop)
            with pytest.raises(ConnectionFailed, match=r"was lost|Connection refused"):
                await ami.wait_up(0)
            await asyncio.to_thread(lab.asterisk.start)
            assert await ami.db_has("DND", "801")
            await asyncio.to_thread(lab.asterisk.kill)
            await asyncio.to_thread(lab.asterisk.start)
            await ami.wait_up(10)
            assert ami.problem == ""
    assert [entry["event"] for entry in logs].count("connected to AMI") == 3
    assert lab.asterisk.password not in str(logs)


async def talking(ari: Ari, leg: Leg) -> None:
    await ari.originate(leg, f"PJSIP/{NUMBER}@carrier", seconds=10)
    await leg.answered(10)


async def test_a_recording_has_what_the_channel_heard(
    ami: Ami, ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path, lab: Lab
) -> None:
    file = lab.asterisk.spool / "monitor" / "heard.wav"
    async with ari.leg(ids.new()) as leg:
        await talking(ari, leg)
        await ami.start_mixmonitor(leg.name, str(file))
        playing = await leg.start_playing(f"sound:{tone_wav.with_suffix('')}")
        call = await carrier.called(NUMBER)
        await call.hears(TONE)
        assert await playing.finished()
    await call.until_ended()  # and with it the recording, but for a moment
    await until(lambda: len(soundfile.read(file)[0]) > 2.5 * 8000, "the recording to be written", 5)
    audio, rate = soundfile.read(file)
    assert rate == 8000
    assert 2.5 < len(audio) / rate < 6
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    tones = np.fft.rfftfreq(len(audio), 1 / rate)
    assert spectrum[abs(tones - TONE) < 5].max() > 0.2 * len(audio) * 0.25 / 4  # a tone of 0.25 for most of the time
