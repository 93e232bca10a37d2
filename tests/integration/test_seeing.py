"""Seeing what goes on: the log of real calls in which things go wrong, the figures, the commands, health."""

import asyncio
import io
import json
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.campaigns import MENU, settings_for, start_task, third_party, until
from uncall_ari.cli.serving import Service, service
from uncall_ari.config import load_settings
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, Phone, answers, hearing
from uncall_ari.logs import log_to_stderr
from uncall_ari.store.records import TaskStatus

ROOT = Path(__file__).parents[2]
CUSTOMER, LOST, CLICKED, STRAY = "13800138000", "13800138001", "13800138002", "9900"
DID = "4008002"
GONE = "sip/gone/"  # a trunk whose endpoint is not there

# Lines of the process. A line that is not here has the uid of its call.
OF_NO_CALL = {
    "connected to Asterisk",
    "connected to AMI",
    "a menu names a recording that is not uploaded yet",
    "the tables are brought up to date",
    "the tables are up to date",
    "a task is finished",
}
# What this test makes go wrong, and the call that it concerns.
FORCED = {
    "a sound is missing": "campaign",
    "Asterisk cannot dial through the trunk": "lost",
    "a clicked call could not go on": "stray",
    "the extension did not answer": "declined",
}

Line = dict[str, Any]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[Line]]]:
    """The lines of the log, as a process writes them."""
    before, stream = structlog.get_config(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    log_to_stderr()
    structlog.configure(cache_logger_on_first_use=False)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.configure(**before)


async def ask(url: str, model: str, **given: str) -> Any:
    params = {"model": model, **given}
    async with aiohttp.ClientSession() as web, web.get(f"{url}/http_uncall_api.php", params=params) as answer:
        told = await answer.json()
    assert told["status"], told
    return told["data"]


async def figures(url: str) -> tuple[set[str], dict[str, dict[tuple[str, ...], float]]]:
    """The names of all figures; and what is told, by name of the sample and values of the labels (in the order of
    their names)."""
    async with aiohttp.ClientSession() as web, web.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)), found


@dataclass
class Day:
    """A service, a phone and a carrier; and the uids of the calls that the test makes, by what it calls them."""

    service: Service
    carrier: Carrier
    phone: Phone
    logged: Callable[[], list[Line]]
    uids: dict[str, str] = field(default_factory=dict)

    @property
    def engine(self) -> Engine:
        return self.service.engine

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    async def line(self, event: str) -> Line:
        """Wait for the first line with this event."""

        async def look() -> Line | None:
            return next((each for each in self.logged() if each["event"] == event), None)

        found = await until(look, f"the log to say {event!r}", 15)
        assert found
        return found

    async def seen(self, call: str, **wanted: str) -> None:
        """Wait until the call is told so."""
        calls: list[dict[str, str]] = []

        async def look() -> bool:
            calls[:] = await ask(self.url, "getCalls")
            return any(each["uid"] == self.uids[call] and wanted.items() <= each.items() for each in calls)

        try:
            await until(look, f"the {call} call to be {wanted}", 10)
        except AssertionError as error:
            raise AssertionError(f"{error}; {calls}") from None

    async def over(self) -> None:
        """Wait until nothing goes on, in the engine and at the phone."""

        async def look() -> bool:
            return not await ask(self.url, "getCalls") and not any(call.live for call in self.phone.calls)

        await until(look, "all calls to be over", 10)


@asynccontextmanager
async def day(lab: Lab, carrier: Carrier, database: str, logged: Callable[[], list[Line]]) -> AsyncIterator[Day]:
    step = {"keys": {"1": "hang up"}, "play": ["recording:missing.wav", "demo-menu"], "retries": 0}
    gone = {"value": GONE, "endpoint": "no-such-endpoint", "allow": ["1[3-9]XXXXXXXXX", "99XX"]}
    settings = settings_for(
        lab,
        database,
        web={"port": 0},
        trunk=[{}, gone],
        ivr={MENU: {"step": {"main": step}}},
        inbound=[{"match": DID, "to": f"menu {MENU}"}],
    )
    carrier.behaviour = lambda number: answers()
    async with service(settings) as running, Phone("801", "secret-801", lab.asterisk.sip_port) as phone:
        await running.engine.ari.connection.wait_up(10)
        yield Day(running, carrier, phone, logged)


async def test_a_day_on_which_things_go_wrong(
    lab: Lab, carrier: Carrier, tmp_path: Path, logged: Callable[[], list[Line]]
) -> None:
    database = f"sqlite:///{tmp_path}/uncall.db"
    async with day(lab, carrier, database, logged) as made:
        async with aiohttp.ClientSession() as web, web.get(f"{made.url}/readyz") as answer:
            assert (answer.status, await answer.json()) == (200, {"ready": True, "missing": []})
        await a_campaign_with_a_missing_sound(made)
        lost = await a_campaign_through_a_trunk_that_is_not_there(made)
        await clicks_that_come_to_nothing(made)
        await a_click_that_is_held(made)
        await a_call_from_outside(made)
        names, told = await figures(made.url)
    check_lines(logged(), made.uids, database, {made.uids["lost"]: (lost, 1)})
    check_figures(names, told)


async def a_campaign_with_a_missing_sound(made: Day) -> None:
    task_id = await start_task(made.engine, [CUSTOMER], recording="0")
    customer = await made.carrier.called(CUSTOMER)
    made.uids["campaign"] = (await made.line("a sound is missing"))["uid"]
    await made.seen("campaign", kind="campaign", state="answered", number=CUSTOMER, task=str(task_id))
    (task,) = await ask(made.url, "getTasks")
    assert (task["id"], task["calls"], task["per_minute"], task["numbers"]) == (str(task_id), "1", "1", "1")
    customer.press("1")
    await customer.until_ended()


async def a_campaign_through_a_trunk_that_is_not_there(made: Day) -> int:
    task_id = await start_task(made.engine, [LOST], recording="0", trunk=GONE)
    made.uids["lost"] = (await made.line("Asterisk cannot dial through the trunk"))["uid"]
    waits = {each["id"]: each["obstacle"] for each in await ask(made.url, "getTasks")}
    assert waits[str(task_id)] == "trunk-resting"
    await made.engine.update_task(task_id, TaskStatus.STOP, None, None)
    return task_id


async def clicks_that_come_to_nothing(made: Day) -> None:
    made.uids["stray"] = (await ask(made.url, "OnClickCall", agent="801", toTel=STRAY))["ActionID"]
    (await made.phone.ringing()).answer()
    await made.line("a clicked call could not go on")
    await made.over()
    made.uids["declined"] = (await ask(made.url, "OnClickCall", agent="801", toTel=CLICKED))["ActionID"]
    ringing = await made.phone.ringing()
    await made.seen("declined", kind="click", state="ringing", number=CLICKED, extension="801")
    ringing.reject(486)
    await made.line("the extension did not answer")
    await made.over()


async def a_click_that_is_held(made: Day) -> None:
    given = await ask(made.url, "OnClickCall", agent="801", toTel=CLICKED, transactionId="crm-7")
    assert given["ActionID"] == "crm-7", "the client's own: the log has the uid"
    told = [each for each in made.logged() if each["event"] == "call" and "crm-7" in each["sent"].values()]
    (made.uids["talk"],) = [each["uid"] for each in told]
    agent = await made.phone.ringing()
    agent.answer()
    customer = await made.carrier.called(CLICKED)
    await hearing({"801": agent, "customer": customer}, {"801": ["customer"], "customer": ["801"]})
    await made.seen("talk", kind="click", state="talking", extension="801")
    await made.engine.hold("801")
    await made.seen("talk", state="held")
    _, now = await figures(made.url)
    assert now["uncall_calls_live"]["click", "held"] == 1
    customer.hang_up()


async def a_call_from_outside(made: Day) -> None:
    caller = made.carrier.call(DID, CUSTOMER)
    await caller.until_answered()
    made.uids["inbound"] = next(e["uid"] for e in await ask(made.url, "getCalls") if e["kind"] == "inbound")
    await made.seen("inbound", state="answered", number=CUSTOMER, trunk="sip/test/")
    caller.hang_up()
    await made.over()


def check_lines(lines: list[Line], uids: dict[str, str], database: str, given_back: dict[str, tuple[int, int]]) -> None:
    """Each line tells its call, and the right one. Of numbers that were given back the database has no call."""
    attempts = third_party(database, "SELECT uid, task_id, number_id FROM uncall_call")
    of_campaigns = {each["uid"]: (each["task_id"], each["number_id"]) for each in attempts} | given_back
    about_calls = [each for each in lines if each["event"] not in OF_NO_CALL]
    assert [each for each in about_calls if each.get("uid") not in {*uids.values(), *of_campaigns}] == []
    assert [each for each in lines if each["event"] in OF_NO_CALL and "uid" in each] == []
    for each in about_calls:
        told = (each.get("task"), each.get("number_id"))
        assert told == of_campaigns.get(each["uid"], (None, None)), each
    for event, call in FORCED.items():
        assert uids[call] in [each["uid"] for each in lines if each["event"] == event], (event, lines)
    assert {each.get("extension") for each in lines if each["event"] == "the extension did not answer"} == {"801"}


def check_figures(names: set[str], told: dict[str, dict[tuple[str, ...], float]]) -> None:
    ended = told["uncall_calls_ended_total"]
    given_back = ended.pop(("not-dialled", "campaign", "open"))
    assert given_back >= 1
    assert ended == {
        ("answered", "campaign", "success"): 1,
        ("unanswered", "click", "failed"): 1,
        ("busy", "click", "failed"): 1,
        ("answered", "click", "success"): 1,
        ("answered", "inbound", "success"): 1,
    }
    started = told["uncall_calls_started_total"]
    assert started == {
        ("campaign", "sip/test/"): 1,
        ("campaign", GONE): given_back,
        ("click", ""): 3,
        ("inbound", "sip/test/"): 1,
    }
    assert set(told["uncall_calls_live"].values()) == {0}
    assert told["uncall_setup_seconds_count"] == {("campaign",): 1, ("click",): 1, ("inbound",): 1}
    assert told["uncall_web_requests_total"]["OnClickCall", "success"] == 3
    assert told["uncall_asterisk_up"] == told["uncall_ami_up"] == {(): 1}
    assert told["uncall_claimed_numbers_total"][()] == given_back + 1
    assert told["uncall_ari_refused_total"]["500",] >= given_back + 1
    for name in ("event_lag_seconds", "ari_request_seconds"):
        count, within = told[f"uncall_{name}_count"][()], told[f"uncall_{name}_bucket"]["10.0",]
        assert count == within > 0, name
    assert told["uncall_database_seconds_count"].keys() == {("read",), ("write",)}
    board = (ROOT / "docker" / "grafana" / "uncall-ari.json").read_text()
    shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"\buncall_\w+", board)}
    assert shown == names
    page = (ROOT / "docs" / "monitoring.md").read_text()
    assert [name for name in names if f"| `{name}` |" not in page] == []


async def test_ready_when_asterisk_and_database_are(fresh_lab: Callable[..., Lab]) -> None:
    base = fresh_lab(asterisk=False, mariadb=True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        asterisk = {"url": f"http://127.0.0.1:{unused.getsockname()[1]}", "user": "uncall", "password": "p"}
    settings = load_settings(None, {"asterisk": asterisk, "database": {"url": base.mariadb.url}, "web": {"port": 0}})
    async with service(settings) as running, aiohttp.ClientSession() as web:
        url = f"http://127.0.0.1:{running.port}"

        async def missing(*wanted: str) -> None:
            async def look() -> bool:
                async with web.get(f"{url}/readyz") as answer:
                    assert answer.status == 503
                    return bool((await answer.json())["missing"] == [*wanted])

            await until(look, f"{wanted} to be missing", 20)

        await missing("asterisk")
        await asyncio.to_thread(base.mariadb.stop)
        await missing("asterisk", "database")
        async with web.get(f"{url}/healthz") as answer:
            assert answer.status == 200
        _, told = await figures(url)
        assert told["uncall_asterisk_up"] == {(): 0}
        assert sum(told["uncall_database_failures_total"].values()) >= 1
        await asyncio.to_thread(base.mariadb.start)
        await missing("asterisk")
