"""The JSON interface over real HTTP: each model, each failure, and nobody else's pages."""

import io
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from api.app import make_app
from api.json_interface import MODELS
from tests.facade_engine import POP, FacadeEngine
from uncall_ari.calls.records import CallLog, Direction
from uncall_ari.config import WebSettings
from uncall_ari.errors import WhyNot
from uncall_ari.media.calls import CallRecordings
from uncall_ari.queues import AgentView, QueueView
from uncall_ari.store.records import NewTask, PreviewNumber

PATH = "/http_uncall_api.php"
AT = datetime(2014, 1, 15, 9, 30, tzinfo=UTC)
LOG = CallLog(
    uid="1372123897.17",
    action_id="crm-7",
    caller="802",
    callee="13421829060",
    extension="802",
    direction=Direction.OUT,
    outbound=True,
    context="click",
    channel="PJSIP/802-00000001",
    other_channel="PJSIP/trunk-00000002",
    started_at=AT,
    answered_at=AT + timedelta(seconds=10),
    ended_at=AT + timedelta(seconds=52),
    disposition="ANSWERED",
    recording="802-13421829060-20140115-093010-1372123897.17.WAV",
)


class Engine(FacadeEngine):
    """With the records of calls besides."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.call_recordings = CallRecordings(folder / "calls")
        self.logs = {LOG.action_id: LOG}

    async def call_log(self, action_id: str) -> CallLog | None:
        self._reach_database()
        return self.logs.get(action_id)


Client = TestClient[Any, Any]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(engine, WebSettings()))) as client:
        yield client


async def ask(client: Client, model: str, path: str = PATH, **given: str) -> tuple[bool, Any, Any]:
    """status, msg and data of the answer."""
    async with client.get(path, params={"model": model, **given}) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        return parts(await response.json())


def parts(answer: dict[str, Any]) -> tuple[bool, Any, Any]:
    assert list(answer) == ["status", "msg", "data"]
    return answer["status"], answer["msg"], answer["data"]


QUEUED = "Originate successfully queued"
COMMANDS: list[tuple[str, dict[str, str], tuple[str, ...], str, dict[str, str]]] = [
    ("OnClickCall", {"agent": "801", "toTel": "138 0013-8000"}, ("click", "801", "13800138000", ""), QUEUED,
     {"ActionID": "1795346210.0010001"}),
    ("OnClickBridge", {"agent": "13900139000", "toTel": "10086"}, ("bridge", "13900139000", "10086", ""), QUEUED,
     {"ActionID": "1795346210.0010001"}),
    ("ClickCall", {"extNum": "801", "telNum": "10086", "transactionId": "crm-7"}, ("click", "801", "10086", "crm-7"),
     QUEUED, {"ActionID": "crm-7"}),
    ("hangUp", {"agent": "801"}, ("hang up", "801"), "1", {}),
    ("transferCall", {"extenFrom": "802", "extenTo": "801"}, ("transfer", "801", "802"), "Transfer successful", {}),
    ("listenCall", {"extenFrom": "803", "extenTo": "801"}, ("listen", "803", "801"), "Spy or whisper success", {}),
    ("signIn", {"agent": "801"}, ("sign in", "801"), "Agent signed in", {}),
    ("signOut", {"agent": "801"}, ("sign out", "801"), "Agent signed out", {}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "given", "command", "msg", "data"), COMMANDS, ids=lambda each: str(each)[:12])
async def test_commands(
    client: Client, engine: Engine, model: str, given: dict[str, str], command: tuple[str, ...], msg: str, data: object
) -> None:
    with capture_logs() as logs:
        assert await ask(client, model, **given) == (True, msg, data)
    assert engine.commands == [command]
    (line,) = [each for each in logs if each["event"] == "call"]
    assert line["method"] == model
    assert line["who"] == "address 127.0.0.1"
    assert line["outcome"] == "success"
    assert given.items() <= line["sent"].items()


async def test_forms_other_paths_and_any_case(client: Client, engine: Engine) -> None:
    multipart = FormData(default_to_multipart=True)
    multipart.add_field("agent", "802")
    for path, query, form in [
        ("/uncall_api/http_uncall_api.php", "", {"model": "HANGUP", "agent": "801"}),
        (PATH, "?model=hangup&agent=1&agent=2", {"agent": "801"}),
        (PATH, "?model=hangUp", multipart),
    ]:
        async with client.post(path + query, data=form) as response:
            assert parts(await response.json()) == (True, "1", {})
    assert engine.commands == [("hang up", "801"), ("hang up", "801"), ("hang up", "802")]


async def test_the_last_of_several_counts(client: Client, engine: Engine) -> None:
    async with client.get(f"{PATH}?model=hangUp&agent=801&agent=802") as response:
        assert response.status == 200
    assert engine.commands == [("hang up", "802")]


async def test_pops(client: Client, engine: Engine) -> None:
    engine.waiting_pops.append(POP)
    pop = {"calla": "13421829060", "callb": "802", "uid": "1372123897.17", "status": "callin"}
    assert await ask(client, "popEvent", agent="802") == (True, "1372123897.17", pop)
    assert await ask(client, "popEvent", agent="802") == (False, "no call", None)


async def test_recordings(client: Client, engine: Engine) -> None:
    engine.recorded["1372123897.17"] = LOG.recording
    file = f"audio:{LOG.recording}"
    assert await ask(client, "getRecording", uid="1372123897.17") == (True, file, {"files": file})
    assert await ask(client, "getRecording", uid="1.1") == (False, "no recording", None)
    assert await ask(client, "getRecording", uid="' or 1=1") == (False, "uid is error", None)


async def test_states(client: Client) -> None:
    row = {"id": "802", "extension": "802", "status": "11"}
    assert await ask(client, "getOneStatus", exten="802") == (True, "11", row)
    rows = [{"id": "801", "extension": "801", "status": "0"}, row]
    assert await ask(client, "getAllExtensStatus") == (True, "success", rows)


async def test_agents_and_queues(client: Client, engine: Engine) -> None:
    first = {
        "extension": "801",
        "state": "free",
        "seconds": "12",
        "queues": "600,601",
        "call": "",
        "calls": "3",
        "open_line": "0",
        "signed_in": "1",
    }
    second = first | {"extension": "802", "state": "talking", "seconds": "65", "queues": "600"}
    second |= {"call": "1372123897.17", "calls": "4", "open_line": "1"}
    assert await ask(client, "getAgents") == (True, "success", [first, second])
    queue = {
        "value": "600",
        "description": "销售 & <b>sales</b>",
        "members": "5",
        "staffed": "4",
        "free": "1",
        "talking": "2",
        "waiting": "3",
        "longest_wait": "71",
    }
    assert await ask(client, "getQueues") == (True, "success", [queue])
    engine.agent_views = []
    assert await ask(client, "getAgents") == (True, "success", [])


def test_views_have_the_engines_fields() -> None:
    for name, view in (("getagents", AgentView), ("getqueues", QueueView)):
        assert MODELS[name].method.fields == tuple(field.name for field in fields(view))


async def test_records(client: Client, engine: Engine) -> None:
    row = {
        "calltype": "outcall",
        "billsec": "42",
        "addtime": "2014-01-15 09:30:52",
        "userfield": f"audio:{LOG.recording}",
        "disposition": "ANSWERED",
    }
    assert await ask(client, "getOneRecord", transactionId="crm-7") == (True, {"data": [row]}, [row])
    engine.logs["2"] = replace(LOG, outbound=False, answered_at=None, recording="", disposition="NO ANSWER")
    _, _, data = await ask(client, "getOneRecord", transactionId="2")
    assert data[0] | row == row | {"addtime": row["addtime"]}
    assert list(data[0].values()) == ["standard", "0", row["addtime"], "", "NO ANSWER"]
    assert await ask(client, "getOneRecord", transactionId="3") == (False, "no record", None)


async def test_previews(client: Client, engine: Engine) -> None:
    task = await engine.add_task(NewTask("click", "click", "801", "sip/test/", "", 5))
    engine.previews["801"] = PreviewNumber(task, 7, "13800138000", "李雷", "", "Shanghai", 12)
    number = {"number_id": "7", "mobile": "13800138000", "contact": "李雷", "remark": "", "address": "Shanghai"}
    given = {"agent": "801", "id": f"o_task_run_{task}"}
    assert await ask(client, "previewNumber", **given) == (True, "13800138000", number | {"customer_id": "12"})
    engine.previews["801"] = replace(engine.previews["801"], customer_id=None)
    assert await ask(client, "previewNumber", **given) == (True, "13800138000", number | {"customer_id": ""})
    assert await ask(client, "previewNumber", agent="802", id=str(task)) == (False, "no number", None)
    uid = "1795346210.0010001"
    assert await ask(client, "previewCall", **given, number_id="7") == (True, uid, {"uid": uid})
    assert engine.commands == [("preview", str(task), "7", "801")]
    for wrong in ("0", "-1", "x", "７", "9" * 40, "2147483648"):
        assert await ask(client, "previewCall", **given, number_id=wrong) == (False, "number_id is error", None)
    assert await ask(client, "previewNumber", agent="801", id="4711") == (False, "id is error", None)
    for why_not, msg in ((WhyNot.NOT_HIS, "number is not yours"), (WhyNot.NO_ROOM, "no line is free")):
        engine.why_not = why_not
        assert await ask(client, "previewCall", **given, number_id="7") == (False, msg, None)


REFUSALS = [
    ("OnClickCall", WhyNot.RINGING, "Ringing"),
    ("ClickCall", WhyNot.UNAVAILABLE, "Busy"),
    ("hangUp", WhyNot.NO_CALL, "2"),
    ("transferCall", WhyNot.TARGET_NOT_IDLE, "Exten is not idle"),
    ("listenCall", WhyNot.CANNOT_LISTEN, "Spy or whisper failed"),
    ("signIn", WhyNot.NO_MEMBER, "Agent not in queue"),
    ("signOut", WhyNot.NO_MEMBER, "Agent not in queue"),
]


@pytest.mark.parametrize(("model", "why_not", "msg"), REFUSALS)
async def test_refusals(client: Client, engine: Engine, model: str, why_not: WhyNot, msg: str) -> None:
    given = next(given for name, given, *_ in COMMANDS if name == model)
    engine.why_not = why_not
    assert await ask(client, model, **given) == (False, msg, None)
    engine.why_not, engine.asterisk_away = None, True
    assert await ask(client, model, **given) == (False, "Connection Failed", None)


async def test_what_is_away_and_what_nobody_foresaw(client: Client, engine: Engine) -> None:
    engine.away = True
    assert await ask(client, "getOneRecord", transactionId="crm-7") == (False, "Connection Failed", None)
    assert await ask(client, "getRecording", uid="1.1") == (False, "Connection Failed", None)
    engine.logs, engine.away = None, False  # type: ignore[assignment]
    status, msg, data = await ask(client, "getOneRecord", transactionId="crm-7")
    assert (status, data) == (False, None)
    assert msg.startswith("internal error, incident ")


@pytest.mark.parametrize(
    ("model", "given", "msg"),
    [
        ("", {}, "model is empty"),
        ("setEverything", {}, "model is unknown"),
        ("<script>", {}, "model is unknown"),
        ("__class__", {}, "model is unknown"),
        ("OnClickCall", {}, "agent is empty"),
        ("OnClickCall", {"agent": "801"}, "toTel is empty"),
        ("OnClickCall", {"agent": "801\r\nVariable: x", "toTel": "10086"}, "agent is error"),
        ("OnClickCall", {"agent": "８０１", "toTel": "10086"}, "agent is error"),
        ("OnClickCall", {"agent": "8" * 21, "toTel": "10086"}, "agent is error"),
        ("OnClickCall", {"agent": "801", "toTel": "10086&PJSIP/x"}, "toTel is error"),
        ("ClickCall", {"extNum": "801", "telNum": "10086", "transactionId": "a\nb"}, "transactionId is error"),
        ("ClickCall", {"extNum": "801", "telNum": "10086", "transactionId": "x" * 65}, "transactionId is error"),
        ("getOneRecord", {"transactionId": "\0"}, "transactionId is error"),
        ("transferCall", {"extenTo": "801", "extenFrom": "../x"}, "extenFrom is error"),
        ("popEvent", {"agent": "801' --"}, "agent is error"),
        ("getOneStatus", {"exten": " "}, "exten is empty"),
        ("signIn", {}, "agent is empty"),
        ("signOut", {"agent": "801&802"}, "agent is error"),
    ],
)
async def test_bad_input(client: Client, engine: Engine, model: str, given: dict[str, str], msg: str) -> None:
    assert await ask(client, model, **given) == (False, msg, None)
    assert engine.commands == []


@pytest.mark.parametrize(
    ("body", "content_type", "msg"),
    [
        (b"x" * 2**21, "application/x-www-form-urlencoded", "the request is too large"),
        (b"--x\r\ngarbage", "multipart/form-data; boundary=x", "the request is damaged or broken off"),
        (b"model=hangUp", "multipart/form-data", "the request is damaged or broken off"),
        (b"model=hangUp", "application/x-www-form-urlencoded; charset=none", "the request is damaged or broken off"),
        (b"\xff\xfe%ff=%ff&model=%ff", "application/x-www-form-urlencoded", None),
        (b'{"model": "hangUp"}', "application/json", "model is empty"),
    ],
)
async def test_bad_bodies(client: Client, body: bytes, content_type: str, msg: str | None) -> None:
    async with client.post(PATH, data=io.BytesIO(body), headers={"Content-Type": content_type}) as response:
        status, said, data = parts(await response.json())
    assert (status, data) == (False, None)
    assert msg is None or said == msg


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Origin": "http://evil.example"}, True),
        ({"Referer": "http://evil.example/page?x=127.0.0.1"}, True),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Referer": "http://{host}/page"}, False),
    ],
)
async def test_pages_of_other_sites(client: Client, engine: Engine, headers: dict[str, str], refused: bool) -> None:
    host = f"{client.host}:{client.port}"
    sent = {name: value.replace("{host}", host) for name, value in headers.items()}
    async with client.get(f"{PATH}?model=hangUp&agent=801", headers=sent) as response:
        assert response.status == (403 if refused else 200)
        assert parts(await response.json())[0] is not refused
    assert bool(engine.commands) is not refused


async def test_head_orders_nothing(client: Client, engine: Engine) -> None:
    async with client.head(f"{PATH}?model=hangUp&agent=801") as response:
        assert response.status == 405
    assert engine.commands == []


def test_the_page_shows_every_model() -> None:
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    for model in MODELS.values():
        required = [param.name for param in model.method.params if param.required]
        request = "&".join([f"model={model.method.name}", *(rf"{name}=" for name in required)])
        assert all(part in page for part in request.split("&")), model.method.name
        assert f"### {model.method.name}\n" in page
