"""The methods of call control: click to call, pops, hold, transfer, survey, listening, hang-up, extensions' states."""

import re

from api.engine import Engine
from api.methods.checks import dialable_number, extension
from api.methods.declaration import Method, Param, Refusal, Row, Unusable
from uncall_ari.errors import WhyNot

_ACTION_ID = re.compile(r"[!-~]{0,64}")
_CHANNEL = re.compile(r"[A-Za-z0-9/_.@-]{1,80}")

NOT_IN_USE = Refusal("Agent not in use")
NO_SPYING = Refusal("Spy or whisper failed")


def _action_id(value: str, _engine: Engine) -> str:
    """What the caller calls the call: up to 64 visible ASCII characters."""
    value = value.strip()
    if _ACTION_ID.fullmatch(value) is None:
        raise Unusable
    return value


def _channel(value: str, _engine: Engine) -> str:
    """A channel name as keepCalling answers it."""
    value = value.strip()
    if _CHANNEL.fullmatch(value) is None:
        raise Unusable("Channel not exist")
    return value


async def _click(engine: Engine, first: str, second: str, action_id: str) -> list[Row]:
    return [(await engine.click_to_call(first, second, action_id), "Originate successfully queued")]


async def _bridge(engine: Engine, first: str, second: str, action_id: str) -> list[Row]:
    return [(await engine.click_to_bridge(first, second, action_id), "Originate successfully queued")]


async def _pop(engine: Engine, agent: str) -> list[Row]:
    pop = await engine.pop(agent)
    return [] if pop is None else [(pop.caller, pop.callee, pop.uid, pop.direction.value)]


async def _recording(engine: Engine, uid: str) -> list[Row]:
    name = await engine.call_recording(uid.strip())
    return [] if name is None else [(f"audio:{name}",)]


async def _set_busy(engine: Engine, agent: str) -> list[Row]:
    await engine.set_busy(agent)
    return [("Updated database successfully",)]


async def _set_idle(engine: Engine, agent: str) -> list[Row]:
    await engine.set_idle(agent)
    return [("Key deleted successfully",)]


async def _hold(engine: Engine, agent: str) -> list[Row]:
    return [(await engine.hold(agent),)]


async def _restore(engine: Engine, agent: str, channel: str) -> list[Row]:
    await engine.restore(agent, channel)
    return [("Restorepark successful",)]


async def _transfer(engine: Engine, agent: str, target: str) -> list[Row]:
    await engine.transfer(agent, target)
    return [("Transfer successful",)]


async def _feedback(engine: Engine, agent: str) -> list[Row]:
    await engine.ask_feedback(agent)
    return [("Feedback successful",)]


async def _listen(engine: Engine, supervisor: str, target: str) -> list[Row]:
    await engine.listen(supervisor, target)
    return [("Spy or whisper success",)]


async def _whisper(engine: Engine, supervisor: str, target: str) -> list[Row]:
    await engine.whisper(supervisor, target)
    return [("Spy or whisper success",)]


async def _hang_up(engine: Engine, agent: str) -> list[Row]:
    await engine.hang_up(agent)
    return [("Channel Hungup success",)]


async def _status(engine: Engine, agent: str) -> list[Row]:
    return [(agent, (await engine.extension_status(agent)).value)]


async def _statuses(engine: Engine, **_: str) -> list[Row]:
    return [(number, status.value) for number, status in await engine.extension_statuses()]


_AGENT = Param("strAgent", "agent", extension, says="extension")
_EXTEN = Param("strExten", "agent", extension, says="extension")
_ACTION = Param("strActionID", "action_id", _action_id, says="id of the call, echoed; empty: one is made")
_ANY_AGENT = Param("strAgent", "agent", says="extension; any value, the answer is the same for all")

_CLICKING = {WhyNot.RINGING: Refusal("Ringing", "Ringing"), WhyNot.UNAVAILABLE: Refusal("Busy", "Busy")}
_SPYING = {WhyNot.NO_CALL: NOT_IN_USE, WhyNot.CANNOT_LISTEN: NO_SPYING}


def _method(name: str, says: tuple[str, str], *params: Param, **rest: object) -> Method:
    """A method of section 2 that answers once, with a Message, and changes something."""
    plain: dict[str, object] = {"fields": ("Message",), "root": "uncall", "changes": True}
    return Method(name, says, params, **plain | rest)  # type: ignore[arg-type]


def _list(name: str, says: tuple[str, str], *params: Param, **rest: object) -> Method:
    """A method of section 2 that answers with rows; none is `<result>0</result>`."""
    plain: dict[str, object] = {"root": "uncall", "answers": "list", "nothing": 0}
    return Method(name, says, params, **plain | rest)  # type: ignore[arg-type]


METHODS = (
    _method(
        "OnClickCall",
        ("点击拨号", "Ring an extension, then a number, and connect the two."),
        Param("strExten", "first", extension, says="extension"),
        Param("strToTel", "second", dialable_number, says="number to call"),
        _ACTION,
        handler=_click,
        fields=("ActionID", "Message"),
        refusals=_CLICKING,
        away=Refusal("Connection Failed", "Connection Failed"),
    ),
    _list(
        "popEvent",
        ("来电弹屏", "Tell an extension's new call, once: to be polled."),
        _EXTEN,
        handler=_pop,
        fields=("calla", "callb", "uid", "status"),
    ),
    _list(
        "getRecording",
        ("获取通话录音", "Tell the file name of a call's recording."),
        Param("uid", "uid", says="uid from popEvent"),
        handler=_recording,
        fields=("files",),
    ),
    _method(
        "setBuys",
        ("分机示忙", "Set an extension to do not disturb."),
        _EXTEN,
        handler=_set_busy,
        refusals={WhyNot.NOT_CHANGED: Refusal("Failed to update entry")},
    ),
    _method(
        "setIdle",
        ("分机示闲", "Take do not disturb away."),
        _EXTEN,
        handler=_set_idle,
        refusals={WhyNot.NOT_CHANGED: Refusal("Failed to update entry")},
    ),
    _method(
        "keepCalling",
        ("通话保持", "Let an extension's other party hear music; answers its channel."),
        _EXTEN,
        handler=_hold,
        refusals={WhyNot.NO_CALL: NOT_IN_USE, WhyNot.NOT_IN_BRIDGE: NOT_IN_USE},
    ),
    _method(
        "restoreCalling",
        ("恢复通话", "Give a held call to an extension."),
        _AGENT,
        Param("strExten", "channel", _channel, says="the channel from keepCalling"),
        handler=_restore,
        refusals={
            WhyNot.NO_SUCH_CHANNEL: Refusal("Channel not exist"),
            WhyNot.NO_CALL: Refusal("Channel not exist"),
            WhyNot.NOT_IN_BRIDGE: Refusal("Channel not exist"),
            WhyNot.UNAVAILABLE: NOT_IN_USE,
        },
    ),
    _method(
        "transferCall",
        ("电话转接", "Give an extension's other party to another extension."),
        _AGENT,
        Param("strExten", "target", extension, says="extension that gets the call"),
        handler=_transfer,
        refusals={
            WhyNot.NO_CALL: NOT_IN_USE,
            WhyNot.TARGET_NOT_IDLE: Refusal("Exten is not idle"),
            WhyNot.NOT_IN_BRIDGE: Refusal("Agent not in bridge"),
        },
    ),
    _method(
        "feedBack",
        ("通话质检", "Have the customer asked for a score when the extension's side has ended."),
        _AGENT,
        handler=_feedback,
        refusals={WhyNot.NO_CALL: NOT_IN_USE},
    ),
    _method(
        "callQuality",
        ("通话质检 (4.0)", "The name of feedBack in version 4.0."),
        _EXTEN,
        handler=_feedback,
        refusals={WhyNot.NO_CALL: NOT_IN_USE},
        element="feedBack",
    ),
    _method(
        "monitorExten",
        ("监听", "Ring a supervisor and let him hear an extension's call."),
        Param("strAgent", "supervisor", extension, says="extension that listens"),
        Param("strExten", "target", extension, says="extension that is listened to"),
        handler=_listen,
        refusals=_SPYING,
    ),
    _method(
        "listenCall",
        ("监听 (旧)", "An older name of monitorExten, with the two extensions the other way round."),
        Param("target", "target", extension, says="extension that is listened to"),
        Param("supervisor", "supervisor", extension, says="extension that listens"),
        handler=_listen,
        refusals=_SPYING,
    ),
    _method(
        "whisper",
        ("强插", "Ring a supervisor; he hears an extension's call and speaks to the extension alone."),
        Param("strAgent", "supervisor", extension, says="extension that whispers"),
        Param("strExten", "target", extension, says="extension that hears it"),
        handler=_whisper,
        refusals=_SPYING,
    ),
    _method(
        "hangUp",
        ("强制挂机", "End an extension's call, both sides."),
        _AGENT,
        handler=_hang_up,
        refusals={WhyNot.NO_CALL: Refusal("No Channels", result=1)},
    ),
    _list(
        "getExtenStatus",
        ("获取分机状态", "Tell an extension's state: 0 idle, 1 in a call, 4 offline, 8 ringing, 11 do not disturb."),
        _AGENT,
        handler=_status,
        fields=("extension", "status"),
    ),
    _list(
        "getAllExtenStatus",
        ("获取所有分机状态", "Tell the state of every extension."),
        _ANY_AGENT,
        handler=_statuses,
        fields=("extension", "status"),
        nothing=1,
    ),
    _method(
        "OnClickBridge",
        ("双号回拨", "Call two numbers and connect them."),
        Param("number1", "first", dialable_number, says="number that is called first"),
        Param("number2", "second", dialable_number, says="number that is called then"),
        _ACTION,
        handler=_bridge,
        fields=("ActionID", "Message"),
        refusals=_CLICKING,
        away=Refusal("Connection Failed", "Connection Failed"),
    ),
)
