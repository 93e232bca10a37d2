"""/healthz and /readyz: open, quick, and telling no more than they must."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from pydantic import SecretStr

from api.app import make_app
from api.health import KEPT_SECONDS, Readiness
from api.serve import serving
from tests.facade_engine import FacadeEngine
from uncall_ari.config import WebSettings

CLOSED = WebSettings(networks=(), api_keys=(SecretStr("k-1"),))


@asynccontextmanager
async def client(engine: FacadeEngine, settings: WebSettings) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serving(make_app(engine, settings), "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path)


async def test_both_are_open_and_nothing_else_is(engine: FacadeEngine) -> None:
    async with client(engine, CLOSED) as session:
        for path, told in (("/healthz", {"alive": True}), ("/readyz", {"ready": True, "missing": []})):
            async with session.get(path) as answer:
                assert (answer.status, json.loads(await answer.text())) == (200, told)
                assert answer.headers["Cache-Control"] == "no-store"
            async with session.head(path) as answer:
                assert answer.status == 200
            async with session.post(path) as answer:
                assert answer.status == 405
        for path in ("/metrics", "/readyz/", "/readyz/x", "/Healthz", "/"):
            async with session.get(path) as answer:
                assert answer.status == 401, path


@pytest.mark.parametrize("missing", [["asterisk"], ["database"], ["asterisk", "database", "ending"]])
async def test_what_is_missing_is_told_and_the_process_is_alive_all_the_same(
    engine: FacadeEngine, missing: list[str]
) -> None:
    engine.sight.away = missing
    async with client(engine, WebSettings()) as session:
        async with session.get("/readyz") as answer:
            assert (answer.status, await answer.json()) == (503, {"ready": False, "missing": missing})
        async with session.get("/healthz") as answer:
            assert answer.status == 200


async def test_a_flood_is_one_look(engine: FacadeEngine) -> None:
    readiness = Readiness()
    await asyncio.gather(*(readiness.look(engine) for _ in range(50)))
    assert engine.sight.looks == 1
    engine.sight.away = ["database"]
    assert await readiness.look(engine) == [], "it is the answer of this second"
    readiness.until -= KEPT_SECONDS
    assert await readiness.look(engine) == ["database"]
