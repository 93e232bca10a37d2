"""The methods of call control: each success and each failure, to the letter, as the contract's section 2 has them."""

import asyncio
from pathlib import Path

import pytest

from api.answers import document
from api.calls import carry_out
from api.methods import METHODS
from tests.facade_engine import HELD, POP, FacadeEngine
from uncall_ari.errors import WhyNot

BY_NAME = {method.name: method for method in METHODS}
HEAD = '<?xml version="1.0" encoding="utf-8"?><uncall>'


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path)


async def ask(engine: FacadeEngine, name: str, *values: str, word: str = "success") -> str:
    """The inside of the answer's root."""
    method = BY_NAME[name]
    given = dict(zip((param.name for param in method.params), values, strict=False))
    text = document(method, await carry_out(method, given, engine), word)
    assert text.startswith(HEAD)
    assert text.endswith("</uncall>")
    return text.removeprefix(HEAD).removesuffix("</uncall>")


def done(element: str, children: str) -> str:
    return f"<result>1</result><{element}><Response>success</Response>{children}</{element}>"


def failed(element: str, message: str, response: str = "error", result: int = 0) -> str:
    told = f"<Response>{response}</Response><Message>{message}</Message>"
    return f"<result>{result}</result><{element}>{told}</{element}>"


SUCCESSES = [
    (("setBuys", "801"), ("busy", "801"), "setBuys", "Updated database successfully"),
    (("setIdle", "801"), ("idle", "801"), "setIdle", "Key deleted successfully"),
    (("keepCalling", "801"), ("hold", "801"), "keepCalling", "PJSIP/802-00000023"),
    (("restoreCalling", "801", "PJSIP/802-00000023"), ("restore", "801", "PJSIP/802-00000023"), "restoreCalling",
     "Restorepark successful"),
    (("transferCall", "801", "802"), ("transfer", "801", "802"), "transferCall", "Transfer successful"),
    (("feedBack", "801"), ("feedback", "801"), "feedBack", "Feedback successful"),
    (("callQuality", "801"), ("feedback", "801"), "feedBack", "Feedback successful"),
    (("monitorExten", "803", "801"), ("listen", "803", "801"), "monitorExten", "Spy or whisper success"),
    (("listenCall", "801", "803"), ("listen", "803", "801"), "listenCall", "Spy or whisper success"),
    (("whisper", "803", "802"), ("whisper", "803", "802"), "whisper", "Spy or whisper success"),
    (("hangUp", "801"), ("hang up", "801"), "hangUp", "Channel Hungup success"),
    (("signIn", "801"), ("sign in", "801"), "signIn", "Agent signed in"),
    (("signOut", "801"), ("sign out", "801"), "signOut", "Agent signed out"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "command", "element", "message"), SUCCESSES, ids=lambda each: str(each[0]))
async def test_a_command_is_carried_out(
    engine: FacadeEngine, call: tuple[str, ...], command: tuple[str, ...], element: str, message: str
) -> None:
    assert await ask(engine, *call) == done(element, f"<Message>{message}</Message>")
    assert engine.commands == [command]
    engine.asterisk_away = True
    assert await ask(engine, *call) == failed(element, "Connection Failed")


@pytest.mark.parametrize("name", ["OnClickCall", "OnClickBridge"])
async def test_a_click_echoes_its_action_id(engine: FacadeEngine, name: str) -> None:
    first = "801" if name == "OnClickCall" else "13900139000"
    children = "<ActionID>{}</ActionID><Message>Originate successfully queued</Message>"
    assert await ask(engine, name, first, "13800138000", "123456") == done(name, children.format("123456"))
    assert await ask(engine, name, first, "138-0013-8000") == done(name, children.format("1795346210.0010001"))
    assert [command[1:3] for command in engine.commands] == [(first, "13800138000")] * 2
    engine.asterisk_away = True
    assert await ask(engine, name, first, "13800138000") == failed(name, "Connection Failed", "Connection Failed")


REFUSALS = [
    (("OnClickCall", "801", "13800138000"), WhyNot.RINGING, failed("OnClickCall", "Ringing", "Ringing")),
    (("OnClickCall", "801", "13800138000"), WhyNot.UNAVAILABLE, failed("OnClickCall", "Busy", "Busy")),
    (("setIdle", "801"), WhyNot.NOT_CHANGED, failed("setIdle", "Failed to update entry")),
    (("keepCalling", "801"), WhyNot.NO_CALL, failed("keepCalling", "Agent not in use")),
    (("restoreCalling", "801", "PJSIP/1-1"), WhyNot.NO_SUCH_CHANNEL, failed("restoreCalling", "Channel not exist")),
    (("transferCall", "801", "802"), WhyNot.NO_CALL, failed("transferCall", "Agent not in use")),
    (("transferCall", "801", "802"), WhyNot.TARGET_NOT_IDLE, failed("transferCall", "Exten is not idle")),
    (("transferCall", "801", "802"), WhyNot.NOT_IN_BRIDGE, failed("transferCall", "Agent not in bridge")),
    (("feedBack", "801"), WhyNot.NO_CALL, failed("feedBack", "Agent not in use")),
    (("callQuality", "801"), WhyNot.NO_CALL, failed("feedBack", "Agent not in use")),
    (("monitorExten", "803", "801"), WhyNot.NO_CALL, failed("monitorExten", "Agent not in use")),
    (("monitorExten", "803", "801"), WhyNot.CANNOT_LISTEN, failed("monitorExten", "Spy or whisper failed")),
    (("whisper", "803", "801"), WhyNot.NO_CALL, failed("whisper", "Agent not in use")),
    (("whisper", "803", "801"), WhyNot.CANNOT_LISTEN, failed("whisper", "Spy or whisper failed")),
    (("hangUp", "801"), WhyNot.NO_CALL, failed("hangUp", "No Channels", result=1)),
    (("signIn", "801"), WhyNot.NO_MEMBER, failed("signIn", "Agent not in queue")),
    (("signOut", "801"), WhyNot.NO_MEMBER, failed("signOut", "Agent not in queue")),
]


@pytest.mark.parametrize(
    ("call", "why", "answer"), REFUSALS, ids=lambda each: each.name if isinstance(each, WhyNot) else str(each[0])
)
async def test_a_refusal_has_the_contracts_words(
    engine: FacadeEngine, call: tuple[str, ...], why: WhyNot, answer: str
) -> None:
    engine.why_not = why
    assert await ask(engine, *call) == answer


async def test_a_pop_is_told_once(engine: FacadeEngine) -> None:
    engine.waiting_pops = [POP]
    told = "<calla>13421829060</calla><callb>802</callb><uid>1372123897.17</uid><status>callin</status>"
    assert await ask(engine, "popEvent", "802") == f"<result>1</result><popEvent>{told}</popEvent>"
    assert await ask(engine, "popEvent", "802") == "<result>0</result>"


async def test_a_recording_is_found_by_its_uid(engine: FacadeEngine) -> None:
    name = "808-13632510278-20130625-093138-1372123897.17.WAV"
    engine.recorded["1372123897.17"] = name
    found = f"<result>1</result><getRecording><files>audio:{name}</files></getRecording>"
    assert await ask(engine, "getRecording", "1372123897.17") == found
    assert await ask(engine, "getRecording", "1372123897.18") == "<result>0</result>"
    engine.away = True
    assert await ask(engine, "getRecording", "1372123897.17") == failed("getRecording", "Connection Failed")


async def test_states_of_extensions(engine: FacadeEngine) -> None:
    one = "<getExtenStatus><extension>802</extension><status>11</status></getExtenStatus>"
    assert await ask(engine, "getExtenStatus", "802") == f"<result>1</result>{one}"
    rows = "".join(
        f"<getAllExtenStatus><extension>{number}</extension><status>{status}</status></getAllExtenStatus>"
        for number, status in ((801, 0), (802, 11))
    )
    assert await ask(engine, "getAllExtenStatus", "") == f"<result>1</result>{rows}"
    engine.asterisk_away = True
    assert await ask(engine, "getExtenStatus", "802") == failed("getExtenStatus", "Connection Failed")


HAVE_EXTENSIONS = (
    *("setBuys", "keepCalling", "feedBack", "hangUp", "whisper", "transferCall", "popEvent", "OnClickCall"),
    *("signIn", "signOut"),
)


@pytest.mark.parametrize(
    "hostile", ["", "8\r\nAction: Command", "801&802", "PJSIP/801", "８０１", "1" * 21, "../801", "<x/>"]
)
async def test_what_is_no_extension_reaches_nothing(engine: FacadeEngine, hostile: str) -> None:
    for name in HAVE_EXTENSIONS:
        method = BY_NAME[name]
        answer = await ask(engine, name, hostile, hostile, hostile)
        assert answer == failed(name, f"{method.params[0].name} is error")
    assert not engine.commands


@pytest.mark.parametrize("hostile", ["", "PJSIP/801-1\r\nAction: Hangup", "a b", "<x/>", "x" * 81])
async def test_what_is_no_channel_or_number_reaches_nothing(engine: FacadeEngine, hostile: str) -> None:
    assert await ask(engine, "restoreCalling", "801", hostile) == failed("restoreCalling", "Channel not exist")
    assert await ask(engine, "OnClickCall", "801", hostile) == failed("OnClickCall", "strToTel is error")
    assert await ask(engine, "OnClickBridge", "801", hostile) == failed("OnClickBridge", "number2 is error")
    assert not engine.commands


async def test_the_word_for_success_can_be_another(engine: FacadeEngine) -> None:
    assert "<Response>Success</Response>" in await ask(engine, "setBuys", "801", word="Success")


DECIDED = [  # the document has no message for these, or does not know the method
    (("OnClickBridge", "801", "13800138000"), WhyNot.RINGING, failed("OnClickBridge", "Ringing", "Ringing")),
    (("OnClickBridge", "801", "13800138000"), WhyNot.UNAVAILABLE, failed("OnClickBridge", "Busy", "Busy")),
    (("setBuys", "801"), WhyNot.NOT_CHANGED, failed("setBuys", "Failed to update entry")),
    (("keepCalling", "801"), WhyNot.NOT_IN_BRIDGE, failed("keepCalling", "Agent not in use")),
    (("restoreCalling", "801", HELD), WhyNot.NO_CALL, failed("restoreCalling", "Channel not exist")),
    (("restoreCalling", "801", HELD), WhyNot.UNAVAILABLE, failed("restoreCalling", "Agent not in use")),
    (("listenCall", "801", "803"), WhyNot.NO_CALL, failed("listenCall", "Agent not in use")),
    (("listenCall", "801", "803"), WhyNot.CANNOT_LISTEN, failed("listenCall", "Spy or whisper failed")),
]


@pytest.mark.parametrize(("call", "why", "answer"), DECIDED, ids=[f"{call[0]} {why.name}" for call, why, _ in DECIDED])
async def test_a_refusal_that_the_document_does_not_know(
    engine: FacadeEngine, call: tuple[str, ...], why: WhyNot, answer: str
) -> None:
    engine.why_not = why
    assert await ask(engine, *call) == answer


@pytest.mark.parametrize("hostile", ["a b", "x" * 65, "\u53f7", "1\r\nAction: Command"])
async def test_what_is_no_action_id_calls_nobody(engine: FacadeEngine, hostile: str) -> None:
    for name in ("OnClickCall", "OnClickBridge"):
        assert await ask(engine, name, "801", "13800138000", hostile) == failed(name, "strActionID is error")
    assert not engine.commands


async def test_markup_in_an_action_id_comes_back_escaped(engine: FacadeEngine) -> None:
    assert "<ActionID>&lt;/x&gt;&amp;</ActionID>" in await ask(engine, "OnClickCall", "801", "13800138000", "</x>&")


@pytest.mark.parametrize("hostile", ["", "' OR 1=1 --", "../../etc/passwd", "x" * 100_000, "\u53f7"])
async def test_an_unknown_uid_has_no_recording(engine: FacadeEngine, hostile: str) -> None:
    engine.recorded["1372123897.17"] = "a.WAV"
    assert await ask(engine, "getRecording", hostile) == "<result>0</result>"


async def test_all_states_without_asterisk(engine: FacadeEngine) -> None:
    engine.asterisk_away = True
    assert await ask(engine, "getAllExtenStatus", "") == failed("getAllExtenStatus", "Connection Failed")


async def test_an_engine_that_does_not_answer_is_a_failed_connection(
    engine: FacadeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_extension: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(engine, "hang_up", never)
    monkeypatch.setattr("api.calls.ENGINE_SECONDS", 0.01)
    assert await ask(engine, "hangUp", "801") == failed("hangUp", "Connection Failed")


def test_our_own_methods_come_after_those_of_the_contract() -> None:
    """A client that knows the methods by their places, not by their names, sees no change."""
    names = [method.name for method in METHODS]
    assert (names[0], names[28]) == ("UncallWorld", "getAllTask")
    assert names[29:31] == ["signIn", "signOut"]
