"""`whyNot` of the JSON interface, and `uncall why`, which asks it: over real HTTP, with an engine in memory."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from api.app import make_app
from api.serve import serving
from tests.facade_engine import FacadeEngine
from uncall_ari.cli.asking import NotAnswered, Service, address, credentials
from uncall_ari.cli.why import Question, ask
from uncall_ari.config import WebSettings
from uncall_ari.dialer.obstacle import Code, Obstacle
from uncall_ari.store.records import NewTask

ROOT = Path(__file__).resolve().parents[2]
NUMBER = "13800138000"
OPENS = datetime(2026, 3, 5, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
WINDOW = Obstacle(Code.WINDOW_CLOSED, ("时段 09:00 至 18:00", "the window is 09:00 to 18:00"), OPENS)
AWAY = Obstacle(Code.ASTERISK_AWAY, ("无法连接", "away: \x1b[31m"))
TOLD = {"code": "window-closed", "zh": WINDOW.says[0], "en": WINDOW.says[1], "until": "2026-03-05 09:00:00"}
KEYS = WebSettings(networks=(), api_keys=(SecretStr("k-1"),))
USERS = WebSettings(networks=(), users={"crm": SecretStr("pä:ss")})


@pytest.fixture
async def engine(tmp_path: Path) -> FacadeEngine:
    """With two tasks: one is dialled, one is not."""
    engine = FacadeEngine(tmp_path)
    for name in ("free", "closed"):
        await engine.add_numbers(await engine.add_task(NewTask(name, "ivr", "801", "sip/test/", "127000", 1)), [NUMBER])
    engine.hindered[495] = [WINDOW, AWAY]
    return engine


@asynccontextmanager
async def service(engine: FacadeEngine, settings: WebSettings | None = None) -> AsyncIterator[str]:
    async with serving(make_app(engine, settings or WebSettings()), "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


async def get(url: str, **given: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/http_uncall_api.php", params={"model": "whyNot", **given}) as response,
    ):
        return await response.json()


async def why(*arguments: str, cwd: Path, **environment: str) -> tuple[int, str, str]:
    """Run the command in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "uncall_ari",
        "why",
        *arguments,
        stdout=pipe,
        stderr=pipe,
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **environment},
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_model(engine: FacadeEngine) -> None:
    async with service(engine) as url:
        assert await get(url, id="494") == {"status": True, "msg": "nothing", "data": {"obstacles": []}}
        answer = await get(url, id="o_task_run_495")
        assert (answer["status"], answer["msg"], answer["data"]["obstacles"][0]) == (True, "window-closed", TOLD)
        assert answer["data"]["obstacles"][1]["until"] == ""
        assert (await get(url, id="494", number=f" {NUMBER} "))["msg"] == "nothing"
        assert (await get(url, id="494", number="+86 138"))["msg"] == "number-unknown"
        assert (await get(url, id="7"))["msg"] == "no-such-task"


@pytest.mark.parametrize(
    ("given", "msg"),
    [
        ({}, "id is empty"),
        ({"id": "x"}, "id is error"),
        ({"id": "494; DROP TABLE o_task_run_494"}, "id is error"),
        ({"id": "494", "number": "1" * 33}, "number is error"),
        ({"id": "494", "number": "1\x002"}, "number is error"),
    ],
)
async def test_what_cannot_be_asked(engine: FacadeEngine, given: dict[str, str], msg: str) -> None:
    async with service(engine) as url:
        assert await get(url, **given) == {"status": False, "msg": msg, "data": None}


async def test_the_command(engine: FacadeEngine, tmp_path: Path) -> None:
    async with service(engine) as url:
        free, closed, chinese, as_json, unknown = await asyncio.gather(
            why("494", NUMBER, "--url", url, cwd=tmp_path),
            why("o_task_run_495", "--url", f"{url}/", cwd=tmp_path),
            why("495", "--url", url, cwd=tmp_path, LANG="zh_CN.UTF-8"),
            why("495", "--url", url, "--json", cwd=tmp_path),
            why("x\x1b[2J", "--url", url, cwd=tmp_path),
        )
    assert free == (0, f"number {NUMBER} of task 494: nothing is in its way\n", "")
    head = "task 495 is not dialled now, for 2 reasons:"
    assert closed == (1, f"{head}\n  window-closed  {WINDOW.says[1]}\n  asterisk-away  away: ?[31m\n", "")
    assert chinese[1].startswith("任务 495 当前未外呼，原因 2 个：\n  window-closed  时段")
    assert as_json[0] == 1
    assert json.loads(as_json[1])[0] == TOLD
    assert (unknown[0], unknown[1]) == (2, "")
    assert "write 494 or o_task_run_494" in unknown[2]
    assert "\x1b" not in unknown[2]


async def test_the_command_lets_itself_in(engine: FacadeEngine) -> None:
    for settings in (KEYS, USERS):
        async with service(engine, settings) as url:
            found = await ask(Question("495", None, Service(url, credentials(settings))))
            assert [each.code for each in found] == ["window-closed", "asterisk-away"]
            for wrong in ({}, {"X-API-Key": "no"}):
                with pytest.raises(NotAnswered, match=r"refuses us \(401.*web\.api_keys"):
                    await ask(Question("495", None, Service(url, wrong)))
    async with service(engine, WebSettings(networks=(IPv4Network("10.0.0.0/8"),))) as url:
        with pytest.raises(NotAnswered, match=r"refuses us \(403.*web\.networks"):
            await ask(Question("495", None, Service(url, {})))


async def test_where_nobody_answers(tmp_path: Path) -> None:
    nobody, no_settings, no_url = await asyncio.gather(
        why("494", "--url", "http://127.0.0.1:9", cwd=tmp_path),
        why("494", cwd=tmp_path),
        why("494", "--url", "ftp://127.0.0.1", cwd=tmp_path),
    )
    assert [each[0] for each in (nobody, no_settings, no_url)] == [2, 2, 2]
    assert "http://127.0.0.1:9 is not reached" in nobody[2]
    assert "uncall serve" in nobody[2]
    assert "--config" in no_settings[2]
    assert "write http://HOST:PORT" in no_url[2]


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", '{"status": "yes"}', '{"status": true, "data": {"obstacles": [1]}}']
)
async def test_where_somebody_else_answers(body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body)

    app = web.Application()
    app.router.add_post("/{any:.*}", answer)
    async with serving(app, "127.0.0.1", 0) as port:
        with pytest.raises(NotAnswered, match="no uncall service"):
            await ask(Question("494", None, Service(f"http://127.0.0.1:{port}", {})))


async def test_who_sends_us_elsewhere_is_not_followed() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{request.url}/further")

    app = web.Application()
    app.router.add_post("/{any:.*}", elsewhere)
    async with serving(app, "127.0.0.1", 0) as port:
        with pytest.raises(NotAnswered, match=r"no uncall service \(HTTP status 307"):
            await ask(Question("494", None, Service(f"http://127.0.0.1:{port}", credentials(KEYS))))


async def test_a_service_that_does_not_know_the_model() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": False, "msg": "model is unknown", "data": None})

    app = web.Application()
    app.router.add_post("/{any:.*}", answer)
    async with serving(app, "127.0.0.1", 0) as port:
        with pytest.raises(NotAnswered, match="older than this command"):
            await ask(Question("494", None, Service(f"http://127.0.0.1:{port}", {})))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fd00::7", "http://[fd00::7]:8080"),
        ("pbx", "http://pbx:8080"),
    ],
)
def test_the_address(host: str, url: str) -> None:
    assert address(WebSettings(host=host)) == url


def test_no_address_without_a_port() -> None:
    with pytest.raises(NotAnswered, match="--url"):
        address(WebSettings(port=0))
