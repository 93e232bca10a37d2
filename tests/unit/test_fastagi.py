"""FastAGI over real sockets: what Asterisk says and gets, and what everybody else gets; and the decisions."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from uncall_ari import fastagi
from uncall_ari.asks import Asks
from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.errors import ConfigError, ConnectionFailed
from uncall_ari.fastagi import Answer, FastAgi, Question
from uncall_ari.flows.means import Means
from uncall_ari.ivr.action import CallExtension, GoMenu
from uncall_ari.store import Store

LIMIT = 5.0  # seconds for anything here


async def echo(question: Question) -> Answer:
    return "UNCALL_ECHO", question.value("number")


async def never(question: Question) -> Answer:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


async def wrong(question: Question) -> Answer:
    raise ValueError("no number")


async def away(question: Question) -> Answer:
    raise ConnectionFailed("Asterisk is away")


async def broken(question: Question) -> Answer:
    raise KeyError("a mistake of ours")


SCRIPTS = {"echo": echo, "never": never, "wrong": wrong, "away": away, "broken": broken}


@pytest.fixture
async def port() -> AsyncIterator[FastAgi]:
    async with FastAgi("127.0.0.1", 0, SCRIPTS) as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(fastagi, "ANSWER_SECONDS", 0.1)


def asked(script: str, *arguments: str) -> bytes:
    """The headers as Asterisk sends them."""
    lines = ["agi_network: yes", f"agi_network_script: {script}", "agi_channel: PJSIP/801-00000001"]
    lines += [f"agi_arg_{number}: {value}" for number, value in enumerate(arguments, 1)]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


async def told(port: FastAgi, sent: bytes, answer: bytes = b"200 result=1\n") -> list[str]:
    """Send this, answer each command, and return the commands up to the end of the connection."""
    async with asyncio.timeout(LIMIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
        commands: list[str] = []
        try:
            writer.write(sent)
            while line := await reader.readline():
                commands.append(line.decode().rstrip("\n"))
                writer.write(answer)
        except ConnectionError:
            commands.append("reset")
        finally:
            writer.transport.abort()
        return commands


def answered(value: str) -> list[str]:
    return [f'SET VARIABLE UNCALL_ECHO "{value}"', 'SET VARIABLE UNCALL_ERROR ""']


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (asked("echo?number=4008001"), "4008001"),
        (asked("/echo/?a=1&number=4008001&number=2"), "2"),
        (asked("echo", "4008001"), "4008001"),
        (asked("echo?number=801", "802"), "801"),
        (asked("echo?number=+8613800138000"), "+8613800138000"),
        (asked("echo?number=%2B86#1*"), "+86#1*"),
        (asked("echo?number"), ""),
        (asked("echo", "801").replace(b"\n", b"\r\n"), "801"),
        (asked("echo", "801") + b"HANGUP\n", "801"),
    ],
)
async def test_a_question_is_answered_by_a_variable(port: FastAgi, sent: bytes, value: str) -> None:
    assert await told(port, sent) == answered(value)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("wrong", "value"),
        ("away", "away"),
        ("broken", "mistake"),
        ("unknown", "script"),
        ("", "script"),
        ("../echo", "script"),
        ("\x1b[31mechö\x00", "script"),
    ],
)
async def test_a_question_without_an_answer_leaves_the_default(port: FastAgi, script: str, why: str) -> None:
    assert await told(port, asked(script)) == [f'SET VARIABLE UNCALL_ERROR "{why}"']
    assert await told(port, asked("echo", "801")) == answered("801"), "the next one is answered"


@pytest.mark.usefixtures("hurried")
async def test_a_decision_that_takes_too_long_leaves_the_default(port: FastAgi) -> None:
    assert await told(port, asked("never")) == ['SET VARIABLE UNCALL_ERROR "time"']


@pytest.mark.parametrize(
    "sent",
    [
        b"agi_network_script: " + b"x" * 1100 + b"\n\n",
        b"x" * 100_000,
        b"a: b\n" * 200,
        b"a: b\n" * 101 + b"\n",
    ],
    ids=["a long line", "a line without end", "many headers", "one header too many"],
)
async def test_too_much_is_cut_off_unanswered(port: FastAgi, sent: bytes) -> None:
    assert await told(port, sent) in ([], ["reset"])
    assert await told(port, asked("echo", "801")) == answered("801")


@pytest.mark.parametrize("value", ['8"01', "8\\01", "801\x07", "八", '801"\nEXEC System "x'])
async def test_nothing_that_means_something_to_asterisk_is_sent(port: FastAgi, value: str) -> None:
    """A decision should never return such a value; were it to, the command is not sent."""
    sent = asked("echo?number=" + "".join(f"%{byte:02x}" for byte in value.encode()))
    assert await told(port, sent) == []


@pytest.mark.parametrize("answer", [b"510 Invalid or unknown command\n", b"\n", b"\xff\xfe\n", b"x" * 5000 + b"\n"])
async def test_a_refused_command_ends_the_question(port: FastAgi, answer: bytes) -> None:
    commands = await told(port, asked("echo", "801"), answer)
    assert [each for each in commands if each != "reset"] == answered("801")[:1]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "sent", [b"", b"agi_network: yes\n", asked("echo", "801")], ids=["silent", "half", "no answers"]
)
async def test_a_peer_that_falls_silent_is_cut_off(port: FastAgi, sent: bytes) -> None:
    async with asyncio.timeout(LIMIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
        writer.write(sent)
        try:
            rest = await reader.read()
        except ConnectionError:
            rest = b""
        writer.transport.abort()
    assert rest in (b"", b'SET VARIABLE UNCALL_ECHO "801"\n')
    await idle(port)


@pytest.mark.parametrize("sent", [b"", b"agi_network: yes\n", asked("echo", "801"), asked("never")])
async def test_a_peer_that_goes_leaves_no_task(port: FastAgi, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "REQUEST_SECONDS", 1.0)
    _, writer = await asyncio.open_connection("127.0.0.1", port.port)
    writer.write(sent)
    await writer.drain()
    writer.close()
    await idle(port)


async def test_there_is_a_most_of_sessions(port: FastAgi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "MOST_SESSIONS", 3)
    async with asyncio.timeout(LIMIT):
        silent = [await asyncio.open_connection("127.0.0.1", port.port) for _ in range(3)]
        assert await told(port, asked("echo", "801")) in ([], ["reset"])
        for _, writer in silent:
            writer.transport.abort()
        await idle(port)
        assert await told(port, asked("echo", "801")) == answered("801")


async def test_closing_ends_what_is_asked() -> None:
    began = asyncio.Event()

    async def begin(question: Question) -> Answer:
        began.set()
        return await never(question)

    async with asyncio.timeout(LIMIT):
        async with FastAgi("127.0.0.1", 0, {"begin": begin}) as short:
            reader, writer = await asyncio.open_connection("127.0.0.1", short.port)
            writer.write(asked("begin"))
            await began.wait()
        with pytest.raises((EOFError, ConnectionError)):
            await reader.readexactly(1)
        writer.transport.abort()
        assert not short._sessions


async def test_a_taken_port_names_the_remedy(port: FastAgi) -> None:
    with pytest.raises(ConfigError, match=r"fastagi\.port: port \d+ on 127\.0\.0\.1 is taken.*another port"):
        async with FastAgi("127.0.0.1", port.port, SCRIPTS):
            pass
    with pytest.raises(ConfigError, match=r"fastagi\.host: cannot listen on 192\.0\.2\.1"):
        async with FastAgi("192.0.2.1", 0, SCRIPTS):
            pass


async def test_many_ask_at_once(port: FastAgi) -> None:
    numbers = [str(number) for number in range(1000, 1050)]
    every = await asyncio.gather(*(told(port, asked("echo", number)) for number in numbers))
    assert every == [answered(number) for number in numbers]


async def idle(port: FastAgi) -> None:
    """Wait until no session is left."""
    async with asyncio.timeout(LIMIT):
        while port._sessions:
            await asyncio.wait(port._sessions)


# --- the decisions --------------------------------------------------------------------------------------


class Phones:
    """Extensions whose states are given."""

    def __init__(self, states: dict[str, ExtensionStatus]) -> None:
        self._states = states

    async def status(self, extension: str) -> ExtensionStatus:
        return self._states.get(extension, ExtensionStatus.OFFLINE)

    async def exists(self, extension: str) -> bool:
        return extension in self._states


STATES = {str(800 + status.value): status for status in ExtensionStatus}
WAYS = {"4008001": CallExtension("801"), "4008002": GoMenu("127000")}


@pytest.fixture
async def asks(tmp_path: Path) -> AsyncIterator[Asks]:
    means = cast("Means", SimpleNamespace(extensions=Phones(STATES), inbound=WAYS.get))
    async with await Store.open(f"sqlite:///{tmp_path / 'asks.db'}", timezone=ZoneInfo("Asia/Shanghai")) as store:
        await store.dnc_add(["13800138000"], "asked not to be called")
        yield Asks(means, store)


async def test_only_an_idle_extension_is_to_be_disturbed(asks: Asks) -> None:
    for extension, status in STATES.items():
        expected = str(int(status is ExtensionStatus.IDLE))
        assert await asks.disturb(Question("disturb", {"extension": extension})) == ("UNCALL_DISTURB", expected)
    assert await asks.disturb(Question("disturb", argument="999")) == ("UNCALL_DISTURB", "0")


@pytest.mark.parametrize(
    ("number", "way"),
    [
        ("4008001", "extension 801"),
        ("4008002", "menu 127000"),
        (next(iter(STATES)), f"extension {next(iter(STATES))}"),
        ("999", "none"),
    ],
)
async def test_a_number_has_a_way(asks: Asks, number: str, way: str) -> None:
    assert await asks.inbound(Question("inbound", {"number": number})) == ("UNCALL_WAY", way)


@pytest.mark.parametrize(("number", "refused"), [("13800138000", "1"), ("138-0013-8000", "1"), ("13900139000", "0")])
async def test_a_caller_on_the_list_is_refused(asks: Asks, number: str, refused: str) -> None:
    assert await asks.refused(Question("refused", {"number": number})) == ("UNCALL_REFUSED", refused)


@pytest.mark.parametrize("value", ["", "anonymous", "' OR 1=1 --", "801/../x", "８０１", "1" * 40, "801\n", "80%31"])
async def test_what_is_no_number_has_no_answer(asks: Asks, value: str) -> None:
    for name, script in asks.scripts.items():
        if (name, value) == ("refused", "801\n"):  # a number of a row may end so
            continue
        with pytest.raises(ValueError, match="no "):
            await script(Question(name, {"extension": value, "number": value}))
