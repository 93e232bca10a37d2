"""The web methods by themselves: every parameter with every kind of value, shapes, messages, their order."""

from collections.abc import Mapping
from pathlib import Path

import numpy
import pytest
import soundfile
from lxml import etree

from api.answers import document
from api.calls import carry_out
from api.methods import METHODS as ALL_METHODS
from tests.facade_engine import FacadeEngine

# Those of call control have a file of their own: test_api_control.py.
METHODS = [method for method in ALL_METHODS if method.root == "unallcc" or method.name == "UncallWorld"]
BY_NAME = {method.name: method for method in METHODS}

IVR = {
    "create_users": "801",
    "task_name": "春节回访",
    "task_out_line": "sip/test/",
    "incoming_ivr_values": "127000",
    "call_max": "10",
    "task_callerid": "0",
}
QUEUE = {
    "create_users": "801",
    "task_name": "春节回访",
    "task_out_line": "sip/test/",
    "incoming_queue_values": "127003",
    "call_max": "10",
    "task_cortrol_type": "i",
    "task_override": "1.5",
    "task_callerid": "0",
}
GOOD: dict[str, dict[str, str]] = {
    "UncallWorld": {"text": "hello"},
    "getReordingFilesList": {"strAgent": "801"},
    "delReordingFiles": {"name": "pingjia.wav"},
    "getTrunkList": {"strAgent": "801"},
    "getIncomingIVR": {"strAgent": "801"},
    "getIncomingQueues": {"strAgent": "801"},
    "addIvrTask": IVR,
    "addQueueTask": QUEUE,
    "addPhoneToTask": {"TaskID": "o_task_run_494", "Phones": "18681471811,18681471812"},
    "updateTask": {"id": "494", "task_status": "run", "call_max": "5", "task_override": "2"},
    "delTask": {"id": "494"},
    "getAllTask": {"id": "494"},
}


@pytest.fixture
async def engine(tmp_path: Path) -> FacadeEngine:
    """An engine with one recording, pingjia.wav, and one task, 494."""
    engine = FacadeEngine(tmp_path / "recordings")
    sound = tmp_path / "sound.wav"
    soundfile.write(sound, numpy.zeros(800, "int16"), 8000, subtype="PCM_16")
    engine.recordings.save("pingjia.wav", sound.read_bytes())
    assert await ask(engine, "addIvrTask", IVR) == ["1", "Response=success", "TaskID=o_task_run_494"]
    return engine


async def answer(engine: FacadeEngine, name: str, given: Mapping[str, str]) -> etree._Element:
    """The parsed result document."""
    method = BY_NAME[name]
    return etree.fromstring(document(method, await carry_out(method, given, engine)).encode())


async def ask(engine: FacadeEngine, name: str, given: Mapping[str, str]) -> list[str]:
    """`<result>`, then `tag=text` of each child of the method's element: for answers with one element."""
    root = await answer(engine, name, given)
    result, body = root
    assert (root.tag, result.tag, body.tag) == ("unallcc", "result", name)
    return [result.text or "", *(f"{child.tag}={child.text or ''}" for child in body)]


def error(message: str) -> list[str]:
    """What `ask` gives for a failure of contract section 3."""
    return ["1", "Response=error", f"Message={message}"]


SUCCESS = ["1", "Response=success"]

# What is sent -> what each kind of parameter makes of it: "ok", "empty" or "error".
TOO_LONG = "x" * 51
VALUES: dict[str, str] = {
    "missing": "",
    "blank": "  \t",
    "too long": TOO_LONG,
    "control character": "80\x001",
    "line end": "80\r\n1",
    "delete": "80\x7f1",
    "sql": "1'; DROP TABLE o_uncall_task; -- ",
    "path": "../../etc/passwd",
    "windows path": "C:\\fakepath\\pingjia.wav",
    "Arabic digits": "٤٩٤",
    "full-width digits": "４９４",
    "no number": "ten",
    "negative": "-1",
    "plus": "+1",
    "decimal": "1.5",
    "exponent": "1e3",
    "zero": "0",
    "huge": "99999999999999999999",
    "not a number": "nan",
    "infinite": "inf",
    "underscore": "1_0",
    "hexadecimal": "0x10",
    "markup": "<b>&amp;</b>",
}
ANYTHING = {"missing": "ok", "blank": "ok"}
OF_VALUES: dict[str, dict[str, str]] = {  # kind of parameter -> exceptions from what `_expected` says
    "anything": dict.fromkeys(VALUES, "ok"),
    "text": {
        **dict.fromkeys(VALUES, "ok"),
        "missing": "empty",
        "blank": "empty",
        "too long": "error",
        "control character": "error",
        "line end": "error",
        "delete": "error",
    },
    "choice": {"missing": "empty", "blank": "empty"},
    "call_max": {"missing": "empty", "blank": "empty"},
    "override": {"missing": "empty", "blank": "empty", "decimal": "ok"},
    "caller id": {"missing": "empty", "blank": "empty", "zero": "ok", "plus": "ok", "huge": "ok"},
    "time": {"missing": "ok", "blank": "ok"},
    "recording": {"missing": "ok", "blank": "ok", "zero": "ok"},
    "name": {},
    "task id": {"missing": "empty", "blank": "empty"},
    "any task id": {"missing": "ok", "blank": "ok", "zero": "ok"},
    "phones": {**dict.fromkeys(VALUES, "ok"), "missing": "empty", "blank": "empty"},
    "new status": {"missing": "ok", "blank": "ok", "zero": "ok"},
    "new call_max": {"missing": "ok", "blank": "ok", "zero": "ok"},
    "new override": {"missing": "ok", "blank": "ok", "zero": "ok", "decimal": "ok"},
}
KINDS = {
    ("UncallWorld", "text"): "anything",
    ("delReordingFiles", "name"): "name",
    ("addPhoneToTask", "TaskID"): "task id",
    ("addPhoneToTask", "Phones"): "phones",
    ("updateTask", "id"): "task id",
    ("updateTask", "task_status"): "new status",
    ("updateTask", "call_max"): "new call_max",
    ("updateTask", "task_override"): "new override",
    ("delTask", "id"): "task id",
    ("getAllTask", "id"): "any task id",
}
OF_TASKS = {
    "create_users": "text",
    "task_name": "text",
    "task_out_line": "choice",
    "incoming_ivr_values": "choice",
    "incoming_queue_values": "choice",
    "call_max": "call_max",
    "task_cortrol_type": "choice",
    "task_override": "override",
    "task_callerid": "caller id",
    "start_time": "time",
    "end_time": "time",
    "recording_files": "recording",
    "strAgent": "anything",
}
TABLE = [
    (method.name, param.name, what, OF_VALUES[kind].get(what, "error"))
    for method in METHODS
    for param in method.params
    for kind in [KINDS.get((method.name, param.name)) or OF_TASKS[param.name]]
    for what in VALUES
]


@pytest.mark.parametrize(("name", "field", "what", "expected"), TABLE)
async def test_each_parameter_with_each_kind_of_value(
    engine: FacadeEngine, name: str, field: str, what: str, expected: str
) -> None:
    given = GOOD[name] | {field: VALUES[what]}
    if what == "missing":
        del given[field]
    root = await answer(engine, name, given)
    messages = root.findall("*/Message")
    assert root.tag == BY_NAME[name].root
    if expected == "ok":
        assert not messages, messages[0].text
    else:
        assert await ask(engine, name, given) == error(f"{field} is {expected}")


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_good_values_succeed(engine: FacadeEngine, method) -> None:
    root = await answer(engine, method.name, GOOD[method.name])
    assert not root.findall("*/Message")
    if method.answers == "once":
        assert [child.tag for child in root.find(method.name)] == ["Response", *method.fields]
    for item in root.findall(method.name) if method.answers == "list" else []:
        assert tuple(child.tag for child in item) == method.fields


@pytest.mark.parametrize("name", ["addIvrTask", "addQueueTask"])
async def test_of_several_mistakes_the_first_in_the_document_is_told(engine: FacadeEngine, name: str) -> None:
    messages = {
        "addIvrTask": [
            "create_users is empty",
            "task_name is empty",
            "task_out_line is empty",
            "incoming_ivr_values is empty",
            "call_max is empty",
            "task_callerid is empty",
        ],
        "addQueueTask": [
            "create_users is empty",
            "task_name is empty",
            "task_out_line is empty",
            "incoming_queue_values is empty",
            "call_max is empty",
            "task_callerid is empty",
            "task_cortrol_type is empty",
            "task_override is empty",
        ],
    }[name]
    given: dict[str, str] = {}
    for message in messages:
        assert await ask(engine, name, given) == error(message)
        field = message.split()[0]
        given[field] = GOOD[name][field]
    assert (await ask(engine, name, given))[1] == "Response=success"


async def test_queue_messages_come_in_the_documents_order(engine: FacadeEngine) -> None:
    wrong = QUEUE | {"task_cortrol_type": "x", "task_override": "-1", "task_callerid": ""}
    assert await ask(engine, "addQueueTask", wrong) == error("task_callerid is empty")
    wrong["task_callerid"] = "not a number"
    assert await ask(engine, "addQueueTask", wrong) == error("task_cortrol_type is error")
    wrong["task_cortrol_type"] = ""
    assert await ask(engine, "addQueueTask", wrong) == error("task_cortrol_type is empty")
    wrong["task_cortrol_type"] = "ai"
    assert await ask(engine, "addQueueTask", wrong) == error("task_override is error")
    wrong["task_override"] = ""
    assert await ask(engine, "addQueueTask", wrong) == error("task_override is empty")
    wrong["task_override"] = "0.5"
    assert await ask(engine, "addQueueTask", wrong) == error("task_callerid is error")


async def test_undocumented_messages_come_last_and_in_parameter_order(engine: FacadeEngine) -> None:
    wrong = IVR | {
        "create_users": TOO_LONG,
        "task_out_line": "sip/none/",
        "call_max": "ten",
        "start_time": "25:00",
        "recording_files": "none.wav",
        "task_callerid": "",
    }
    order = ["task_callerid", "create_users", "task_out_line", "call_max", "start_time", "recording_files"]
    for number, field in enumerate(order):
        assert await ask(engine, "addIvrTask", wrong) == error(f"{field} is {'error' if number else 'empty'}")
        wrong[field] = IVR.get(field, "0" if field == "recording_files" else "08:00")
    assert (await ask(engine, "addIvrTask", wrong))[1] == "Response=success"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", "09:00"),
        ("9:05", "09:05"),
        (" 23:59 ", "23:59"),
        ("00:00", "00:00"),
        ("9：30", "09:30"),
        ("08:00:30", "08:00:30"),
        ("24:00", None),
        ("9", None),
        ("09:60", None),
        ("0900", None),
        ("٠٩:00", None),
        ("9:00 pm", None),
    ],
)
async def test_times(engine: FacadeEngine, sent: str, kept: str | None) -> None:
    given = IVR | {"start_time": sent}
    if kept is None:
        assert await ask(engine, "addIvrTask", given) == error("start_time is error")
    else:
        assert await stored(engine, await ask(engine, "addIvrTask", given), "task_day_start") == kept


async def test_the_window_defaults_to_nine_to_six(engine: FacadeEngine) -> None:
    added = await ask(engine, "addIvrTask", IVR)
    assert await stored(engine, added, "task_day_start") == "09:00"
    assert await stored(engine, added, "task_day_end") == "18:00"
    midnight = await ask(engine, "addIvrTask", IVR | {"end_time": "24:00"})
    assert await stored(engine, midnight, "task_day_end") == "24:00"


async def stored(engine: FacadeEngine, added: list[str], column: str) -> str:
    """A column of the task that `added` reports."""
    root = await answer(engine, "getAllTask", {"id": added[2].removeprefix("TaskID=")})
    return root.findtext(f"getAllTask/{column}") or ""


@pytest.mark.parametrize(
    ("field", "sent", "column", "kept"),
    [
        ("create_users", " 801 ", "create_users", "801"),
        ("task_name", "x" * 50, "task_name", "x" * 50),
        ("task_name", "任" * 50, "task_name", "任" * 50),
        ("task_name", "<b>&amp;</b>", "task_name", "<b>&amp;</b>"),
        ("task_name", "😀", "task_name", "😀"),
        ("call_max", "1", "call_max", "1"),
        ("call_max", "999999", "call_max", "999999"),
        ("call_max", "0007", "call_max", "7"),
        ("call_max", "1000000", "call_max", None),
        ("call_max", "10 calls", "call_max", None),
        ("task_callerid", "+8613800000001", "task_callerid", "+8613800000001"),
        ("task_callerid", "1" * 20, "task_callerid", "1" * 20),
        ("task_callerid", "1" * 21, "task_callerid", None),
        ("task_callerid", "138 0000", "task_callerid", None),
    ],
)
async def test_values_at_the_limits(engine: FacadeEngine, field: str, sent: str, column: str, kept: str | None) -> None:
    added = await ask(engine, "addIvrTask", IVR | {field: sent})
    if kept is None:
        assert added == error(f"{field} is error")
    else:
        assert await stored(engine, added, column) == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1", "1.00"),
        ("0.01", "0.01"),
        ("2.555", "2.56"),
        ("999999", "999999.00"),
        ("0", None),
        ("0.001", None),
        ("1000000", None),
        (".", None),
        ("1.", None),
        ("1,5", None),
        ("1.5.2", None),
        ("٢", None),
    ],
)
async def test_call_coefficients(engine: FacadeEngine, sent: str, kept: str | None) -> None:
    added = await ask(engine, "addQueueTask", QUEUE | {"task_override": sent})
    if kept is None:
        assert added == error("task_override is error")
    else:
        assert await stored(engine, added, "task_override") == kept


@pytest.mark.parametrize("sent", ["494", "o_task_run_494", " 494 ", "O_TASK_RUN_494", "000494"])
async def test_a_task_id_in_both_forms(engine: FacadeEngine, sent: str) -> None:
    assert await ask(engine, "addPhoneToTask", {"TaskID": sent, "Phones": "13800000001"}) == [
        *SUCCESS,
        "AffectedRows=1",
    ]
    assert await ask(engine, "updateTask", {"id": sent, "task_status": "stop"}) == SUCCESS
    assert (await ask(engine, "getAllTask", {"id": sent}))[1] == "id=494"
    assert await ask(engine, "delTask", {"id": sent}) == SUCCESS
    assert await ask(engine, "delTask", {"id": sent}) == error("id is error")


@pytest.mark.parametrize("sent", ["999", "o_task_run_999", "2147483648", "o_task_run_", "o_task_run_494x", "x494"])
async def test_an_unknown_task(engine: FacadeEngine, sent: str) -> None:
    assert await ask(engine, "addPhoneToTask", {"TaskID": sent, "Phones": "138"}) == error("TaskID is error")
    for name in ("updateTask", "delTask", "getAllTask"):
        assert await ask(engine, name, {"id": sent}) == error("id is error")


async def test_update_changes_only_what_is_given(engine: FacadeEngine) -> None:
    for change in ("", "0", "00", "0.0", "0.", " 0 "):
        same = {"id": "494", "task_status": "0", "call_max": "0", "task_override": change}
        assert await ask(engine, "updateTask", same) == SUCCESS
    task = (await engine.tasks(494))[0]
    assert (task.status, task.call_max, task.override) == ("ready", 10, 1.0)
    for status in ("ready", "run", "stop", "push", "finish"):
        assert await ask(engine, "updateTask", {"id": "494", "task_status": status}) == SUCCESS
        assert (await engine.tasks(494))[0].status == status
    assert await ask(engine, "updateTask", {"id": "494", "task_status": "RUNNING"}) == error("task_status is error")
    assert await ask(engine, "updateTask", {"id": "494", "call_max": "7", "task_override": "1.5"}) == SUCCESS
    task = (await engine.tasks(494))[0]
    assert (task.status, task.call_max, task.override) == ("finish", 7, 1.5)


async def test_numbers_are_split_checked_and_counted(engine: FacadeEngine) -> None:
    sent = "18681471811，18681471812 \r\n138-0000-0001\tnonsense,٠١٢٣٤٥٦٧٨٩,," + "9" * 17
    expected = [*SUCCESS, "AffectedRows=3"]
    assert await ask(engine, "addPhoneToTask", {"TaskID": "494", "Phones": sent}) == expected
    assert engine.numbers[494] == ["18681471811", "18681471812", "13800000001"]


async def test_at_most_2000_numbers(engine: FacadeEngine) -> None:
    numbers = [f"1380{number:07}" for number in range(2001)]
    many = {"TaskID": "494", "Phones": ",".join(numbers)}
    assert await ask(engine, "addPhoneToTask", many) == error("phone overflow 2000")
    assert await ask(engine, "addPhoneToTask", many | {"TaskID": "x"}) == error("phone overflow 2000")
    assert await ask(engine, "addPhoneToTask", many | {"TaskID": ""}) == error("TaskID is empty")
    assert engine.numbers[494] == []
    many["Phones"] = ",".join(numbers[:2000]) + ",,\n"
    assert await ask(engine, "addPhoneToTask", many) == [*SUCCESS, "AffectedRows=2000"]
    assert await ask(engine, "addPhoneToTask", {"TaskID": "494", "Phones": " ,，;"}) == error("Phones is empty")


async def test_recordings_are_listed_used_and_deleted(engine: FacadeEngine) -> None:
    assert await ask(engine, "getReordingFilesList", {}) == ["1", "name=pingjia.wav"]
    assert (await ask(engine, "addIvrTask", IVR | {"recording_files": "pingjia.wav"}))[1] == "Response=success"
    assert await ask(engine, "addIvrTask", IVR | {"recording_files": "other.wav"}) == error("recording_files is error")
    for name in ("../recordings/pingjia.wav", "other.wav", "", "."):
        assert await ask(engine, "delReordingFiles", {"name": name}) == error("name is error")
    assert await ask(engine, "delReordingFiles", {"name": "pingjia.wav"}) == SUCCESS
    assert await ask(engine, "delReordingFiles", {"name": "pingjia.wav"}) == error("name is error")
    root = await answer(engine, "getReordingFilesList", {})
    assert [child.tag for child in root] == ["result"]


async def test_lists_are_one_element_per_item(engine: FacadeEngine) -> None:
    root = await answer(engine, "getTrunkList", {"strAgent": "801"})
    rows = [[(child.tag, child.text) for child in item] for item in root.findall("getTrunkList")]
    assert rows == [
        [("description", "test"), ("value", "sip/test/")],
        [("description", "虎营 & <Söhne>"), ("value", "sip/huing/")],
    ]
    assert await ask(engine, "getIncomingQueues", {}) == ["1", "value=127003", "description=1112"]
    root = await answer(engine, "getIncomingIVR", {})
    assert [item.findtext("value") for item in root.findall("getIncomingIVR")] == ["127000", "127001"]


async def test_all_columns_of_a_task_in_the_documented_order(engine: FacadeEngine) -> None:
    added = await ask(
        engine,
        "addQueueTask",
        QUEUE | {"task_callerid": "12", "start_time": "17:00", "end_time": "18:30", "call_max": "11"},
    )
    await ask(engine, "addPhoneToTask", {"TaskID": "495", "Phones": "13800000001,13800000002"})
    assert added[2] == "TaskID=o_task_run_495"
    assert await ask(engine, "getAllTask", {"id": "495"}) == [
        "1",
        "id=495",
        "task_name=春节回访",
        "task_type=queue",
        "create_time=2014-01-15 11:55:07",
        "create_users=801",
        "task_out_line=sip/test/",
        "task_queue=127003",
        "task_status=ready",
        "call_max=11",
        "task_day_start=17:00",
        "task_day_end=18:30",
        "task_num=2",
        "task_called=0",
        "task_success=0",
        "task_visit=0",
        "task_fail=0",
        "task_cortrol_type=i",
        "task_override=1.50",
        "queue_name=0",
        "task_callerid=12",
    ]
    for everything in ({}, {"id": ""}, {"id": "0"}):
        root = await answer(engine, "getAllTask", everything)
        assert [item.findtext("id") for item in root.findall("getAllTask")] == ["494", "495"]


async def test_without_a_database_each_method_answers_in_its_shape(engine: FacadeEngine) -> None:
    engine.away = True
    for name in ("addIvrTask", "addQueueTask", "addPhoneToTask", "updateTask", "delTask"):
        assert await ask(engine, name, GOOD[name]) == error("databases error")
    assert await ask(engine, "getAllTask", {}) == ["0", "Response=error", "Message=databases error"]
    assert (await ask(engine, "getIncomingQueues", {}))[0] == "1"


async def test_a_failure_that_nobody_foresaw_is_told_in_shape(
    engine: FacadeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(task_id: int | None = None) -> list[object]:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(engine, "tasks", broken)
    result, response, message = await ask(engine, "getAllTask", {})
    assert (result, response) == ("0", "Response=error")
    assert message.startswith("Message=internal error, incident ")
    assert "secret detail" not in message
    logged = capsys.readouterr().out
    assert message.split()[-1] in logged
    assert "secret detail" in logged


async def test_hello_echoes_every_text_unchanged(engine: FacadeEngine) -> None:
    for text in ("", " two blanks ", "中文 <&>\"'", "a\r\nb\tc", "]]>", "😀"):
        root = await answer(engine, "UncallWorld", {"text": text})
        assert [child.tag for child in root] == ["UncallWorld"]
        assert root.findtext("UncallWorld/Response") == f"UncallWorld:{text}"
