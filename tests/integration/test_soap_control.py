"""Call control through real SOAP clients: every method of section 2 with its exact answers, and whole calls.

PHP is used where it is installed, and skipped, with its name, where it is not: apt-get install php-cli php-soap
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import zeep
from lxml import etree

from api.app import make_app
from api.methods import METHODS
from api.serve import serving
from tests.facade_engine import HELD, POP, FacadeEngine
from tests.integration.campaigns import until
from tests.integration.talking import CALLER_ID, CUSTOMER, World, world
from tests.integration.test_soap_clients import HEAD, SCRIPTS, SECONDS, php
from uncall_ari.config import WebSettings
from uncall_ari.errors import WhyNot
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Call, Carrier, hearing

FILE = "808-13632510278-20130625-093138-1372123897.17.WAV"
QUEUED = "<Message>Originate successfully queued</Message>"

Ask = Callable[..., Awaitable[str]]
"""Calls a method with these arguments by position; its answer."""

Client = Callable[[str], AbstractAsyncContextManager[Ask]]


@asynccontextmanager
async def with_php(url: str, mode: str) -> AsyncIterator[Ask]:
    """PHP's SoapClient in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    script = str(SCRIPTS / "control.php")
    process = await asyncio.create_subprocess_exec("php", script, url, mode, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    told, heard = process.stdin, process.stdout

    async def ask(*call: str) -> str:
        told.write(json.dumps(call).encode() + b"\n")
        answer = await asyncio.wait_for(heard.readline(), SECONDS)
        return answer.decode().removesuffix("\n")

    try:
        yield ask
    finally:
        told.close()
        *_, complaint = await asyncio.wait_for(process.communicate(), SECONDS)
        print(complaint.decode())


@asynccontextmanager
async def with_zeep(url: str, wsdl: str = "?wsdl") -> AsyncIterator[Ask]:
    """Zeep, in threads."""
    client = await asyncio.to_thread(zeep.Client, url + wsdl)

    async def ask(name: str, *values: str) -> str:
        answer = await asyncio.to_thread(getattr(client.service, name), *values)
        assert isinstance(answer, str)
        return answer

    try:
        yield ask
    finally:
        client.transport.session.close()


def _of(how: Callable[[str, str], AbstractAsyncContextManager[Ask]], option: str) -> Client:
    return lambda url: how(url, option)


CLIENTS = [
    *(pytest.param(_of(with_zeep, wsdl), id=f"zeep {wsdl}") for wsdl in ("?wsdl", "?wsdl=literal")),
    *(pytest.param(_of(with_php, mode), id=f"php {mode}", marks=php) for mode in ("encoded", "literal", "none")),
]


@dataclass(frozen=True, slots=True)
class Case:
    """A call, the inside of its answer's root, and what it answers when the engine cannot do it."""

    call: tuple[str, ...]
    done: str
    why: WhyNot | None  # None: Asterisk is away
    refused: str
    refused_call: tuple[str, ...] = ()  # where it is another one


def done(element: str, children: str) -> str:
    return f"<result>1</result><{element}><Response>success</Response>{children}</{element}>"


def refused(element: str, message: str, response: str = "error", result: int = 0) -> str:
    told = f"<Response>{response}</Response><Message>{message}</Message>"
    return f"<result>{result}</result><{element}>{told}</{element}>"


def command(call: tuple[str, ...], message: str, why: WhyNot, refusal: str, element: str = "", result: int = 0) -> Case:
    """A method that answers with a Message alone."""
    element = element or call[0]
    return Case(call, done(element, f"<Message>{message}</Message>"), why, refused(element, refusal, result=result))


def clicking(name: str, first: str, why: WhyNot, word: str) -> Case:
    children = f"<ActionID>crm-7</ActionID>{QUEUED}"
    return Case((name, first, CUSTOMER, "crm-7"), done(name, children), why, refused(name, word, word))


def row(name: str, **fields: str) -> str:
    return f"<{name}>" + "".join(f"<{each}>{value}</{each}>" for each, value in fields.items()) + f"</{name}>"


SPIED = "Spy or whisper success"
NOT_SET = "Failed to update entry"
NOBODY = "<result>0</result>"
MUSIC_RMS = -40.0  # dBFS: music is louder than that, silence is not
CASES = [
    clicking("OnClickCall", "801", WhyNot.RINGING, "Ringing"),
    Case(
        ("popEvent", "802"),
        "<result>1</result>" + row("popEvent", calla=POP.caller, callb="802", uid=POP.uid, status="callin"),
        None,
        NOBODY,
        ("popEvent", "801"),
    ),
    Case(
        ("getRecording", POP.uid),
        "<result>1</result>" + row("getRecording", files=f"audio:{FILE}"),
        None,
        NOBODY,
        ("getRecording", "1372123897.18"),
    ),
    command(("setBuys", "801"), "Updated database successfully", WhyNot.NOT_CHANGED, NOT_SET),
    command(("setIdle", "801"), "Key deleted successfully", WhyNot.NOT_CHANGED, NOT_SET),
    command(("keepCalling", "801"), HELD, WhyNot.NO_CALL, "Agent not in use"),
    command(("restoreCalling", "801", HELD), "Restorepark successful", WhyNot.NO_SUCH_CHANNEL, "Channel not exist"),
    command(("transferCall", "801", "802"), "Transfer successful", WhyNot.TARGET_NOT_IDLE, "Exten is not idle"),
    command(("feedBack", "801"), "Feedback successful", WhyNot.NO_CALL, "Agent not in use"),
    command(("callQuality", "801"), "Feedback successful", WhyNot.NO_CALL, "Agent not in use", "feedBack"),
    command(("monitorExten", "803", "801"), SPIED, WhyNot.CANNOT_LISTEN, "Spy or whisper failed"),
    command(("listenCall", "801", "803"), SPIED, WhyNot.NO_CALL, "Agent not in use"),
    command(("whisper", "803", "801"), SPIED, WhyNot.CANNOT_LISTEN, "Spy or whisper failed"),
    command(("hangUp", "801"), "Channel Hungup success", WhyNot.NO_CALL, "No Channels", result=1),
    Case(
        ("getExtenStatus", "802"),
        "<result>1</result>" + row("getExtenStatus", extension="802", status="11"),
        None,
        refused("getExtenStatus", "Connection Failed"),
    ),
    Case(
        ("getAllExtenStatus", "801"),
        "<result>1</result>"
        + row("getAllExtenStatus", extension="801", status="0")
        + row("getAllExtenStatus", extension="802", status="11"),
        None,
        refused("getAllExtenStatus", "Connection Failed"),
    ),
    clicking("OnClickBridge", "13900139000", WhyNot.UNAVAILABLE, "Busy"),
    command(("signIn", "801"), "Agent signed in", WhyNot.NO_MEMBER, "Agent not in queue"),
    command(("signOut", "801"), "Agent signed out", WhyNot.NO_MEMBER, "Agent not in queue"),
]
COMMANDS = [  # what has reached the engine when all cases were done
    ("click", "801", CUSTOMER, "crm-7"),
    ("busy", "801"),
    ("idle", "801"),
    ("hold", "801"),
    ("restore", "801", HELD),
    ("transfer", "801", "802"),
    ("feedback", "801"),
    ("feedback", "801"),
    ("listen", "803", "801"),
    ("listen", "803", "801"),
    ("whisper", "803", "801"),
    ("hang up", "801"),
    ("bridge", "13900139000", CUSTOMER, "crm-7"),
    ("sign in", "801"),
    ("sign out", "801"),
]


def test_no_method_is_left_out() -> None:
    names = [method.name for method in METHODS if method.root == "uncall" and method.answers != "bare"]
    assert [case.call[0] for case in CASES] == names


@pytest.mark.parametrize("client", CLIENTS)
async def test_every_method_through_a_client(client: Client, tmp_path: Path) -> None:
    engine = FacadeEngine(tmp_path)
    engine.recorded[POP.uid] = FILE
    engine.waiting_pops = [POP, replace(POP, extension="803")]
    async with (
        serving(make_app(engine, WebSettings()), "127.0.0.1", 0) as port,
        client(f"http://127.0.0.1:{port}/uncall_api/index.php") as ask,
    ):
        for case in CASES:
            assert await ask(*case.call) == f"{HEAD}<uncall>{case.done}</uncall>"
        assert engine.commands == COMMANDS
        for case in CASES:
            engine.why_not, engine.asterisk_away = case.why, case.why is None
            assert await ask(*(case.refused_call or case.call)) == f"{HEAD}<uncall>{case.refused}</uncall>"
    assert engine.commands == COMMANDS


# --- a whole call ---------------------------------------------------------------------------------------


class Crm:
    """A program that leads calls over SOAP, and knows nothing else of them."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def gets(self, *call: str) -> str:
        """The inside of the answer's root."""
        answer = await self._ask(*call)
        assert answer.startswith(f"{HEAD}<uncall>")
        return answer.removeprefix(f"{HEAD}<uncall>").removesuffix("</uncall>")

    async def text(self, path: str, *call: str) -> str | None:
        """The text of one element of the answer."""
        return etree.fromstring((await self._ask(*call)).encode()).findtext(path)

    async def until_state(self, extension: str, status: str) -> None:
        """Ask for the extension's state until it is this one."""

        async def look() -> bool:
            return await self.text("getExtenStatus/status", "getExtenStatus", extension) == status

        await until(look, f"{extension} to be {status}", 10)

    async def pop(self, extension: str) -> dict[str, str | None]:
        """Poll until the extension has a call."""

        async def poll() -> dict[str, str | None]:
            answer = etree.fromstring((await self._ask("popEvent", extension)).encode())
            return {each.tag: each.text for each in answer.iterfind("popEvent/*")}

        return await until(poll, f"a pop of {extension}", 5)

    async def recording(self, uid: str) -> str:
        """Ask until the call has a recording."""
        name = await until(lambda: self.text("getRecording/files", "getRecording", uid), "the recording")
        assert name is not None
        return name


async def talking(agent: Call, customer: Call) -> None:
    """Wait until the two hear each other."""
    await hearing({"agent": agent, "customer": customer}, {"agent": ["customer"], "customer": ["agent"]})


async def click(scene: World, crm: Crm) -> tuple[str, Call, Call]:
    """Click, let both answer; the call's uid, the agent's and the customer's side."""
    await crm.until_state("801", "0")
    queued = await crm.gets("OnClickCall", "801", CUSTOMER, "crm-1")
    assert queued == done("OnClickCall", f"<ActionID>crm-1</ActionID>{QUEUED}")
    agent = await scene.phones["801"].ringing()
    assert agent.caller_id == CUSTOMER
    await crm.until_state("801", "8")
    assert await crm.gets("OnClickCall", "801", CUSTOMER, "") == refused("OnClickCall", "Ringing", "Ringing")
    pop = await crm.pop("801")
    uid = pop.pop("uid")
    assert uid
    assert pop == {"calla": "801", "callb": CUSTOMER, "status": "callout"}
    assert await crm.gets("popEvent", "801") == NOBODY
    agent.answer()
    customer = await scene.carrier.called(CUSTOMER)
    assert customer.caller_id == CALLER_ID
    await customer.until_answered()
    await talking(agent, customer)
    await crm.until_state("801", "1")
    assert await crm.gets("OnClickCall", "801", CUSTOMER, "") == refused("OnClickCall", "Busy", "Busy")
    return uid, agent, customer


async def hold_and_restore(scene: World, crm: Crm, agent: Call, customer: Call) -> Call:
    """Put the customer on hold and give him back; the agent's new side."""
    channel = await crm.text("keepCalling/Message", "keepCalling", "801")
    assert channel is not None
    assert channel.startswith("PJSIP/carrier-")
    await agent.until_ended()
    await customer.misses(agent.tone)
    assert customer.meter.rms() > MUSIC_RMS
    await crm.until_state("801", "0")
    assert await crm.gets("keepCalling", "801") == refused("keepCalling", "Agent not in use")
    restored = await crm.gets("restoreCalling", "801", channel)
    assert restored == done("restoreCalling", "<Message>Restorepark successful</Message>")
    again = await scene.phones["801"].ringing()
    assert await crm.gets("restoreCalling", "801", channel) == refused("restoreCalling", "Agent not in use")
    again.answer()
    await talking(again, customer)
    assert await crm.gets("restoreCalling", "801", channel) == refused("restoreCalling", "Channel not exist")
    return again


async def transfer(scene: World, crm: Crm, agent: Call, customer: Call) -> Call:
    """Give the customer to 802; its side."""
    moved = await crm.gets("transferCall", "801", "802")
    assert moved == done("transferCall", "<Message>Transfer successful</Message>")
    target = await scene.phones["802"].ringing()
    await crm.until_state("802", "8")
    await customer.misses(agent.tone)
    assert await crm.gets("transferCall", "801", "802") == refused("transferCall", "Exten is not idle")
    assert await crm.gets("transferCall", "801", "803") == refused("transferCall", "Agent not in bridge")
    target.answer()
    await agent.until_ended()
    await talking(target, customer)
    await crm.until_state("801", "0")
    await crm.until_state("802", "1")
    assert await crm.gets("transferCall", "801", "803") == refused("transferCall", "Agent not in use")
    return target


async def test_a_crm_leads_a_call_over_soap(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with (
        world(lab, carrier, tmp_path) as scene,
        serving(make_app(scene.engine, WebSettings()), "127.0.0.1", 0) as port,
        with_zeep(f"http://127.0.0.1:{port}/uncall_api/index.php") as ask,
    ):
        crm = Crm(ask)
        uid, agent, customer = await click(scene, crm)
        agent = await hold_and_restore(scene, crm, agent, customer)
        target = await transfer(scene, crm, agent, customer)
        assert await crm.gets("hangUp", "801") == refused("hangUp", "No Channels", result=1)
        assert await crm.gets("hangUp", "802") == done("hangUp", "<Message>Channel Hungup success</Message>")
        await target.until_ended()
        await customer.until_ended()
        await crm.until_state("802", "0")
        assert await crm.gets("hangUp", "802") == refused("hangUp", "No Channels", result=1)
        name = await crm.recording(uid)
        assert name.startswith(f"audio:801-{CUSTOMER}-")
        assert name.endswith(f"-{uid}.WAV")
        states = etree.fromstring((await ask("getAllExtenStatus", "")).encode()).findall("getAllExtenStatus")
        found = {each.findtext("extension"): each.findtext("status") for each in states}
        assert {number: found[number] for number in scene.phones} == dict.fromkeys(scene.phones, "0")
