"""/metrics, over real HTTP, read by Prometheus's own parser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pydantic import SecretStr

from api.app import make_app
from api.serve import serving
from tests.facade_engine import FacadeEngine
from uncall_ari.config import WebSettings

KEYS = WebSettings(networks=(), api_keys=(SecretStr("k-1"),))


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path)


@asynccontextmanager
async def client(engine: FacadeEngine, settings: WebSettings) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serving(make_app(engine, settings), "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def samples(session: aiohttp.ClientSession, **headers: str) -> dict[str, list[Sample]]:
    """What is told, by name of the sample."""
    async with session.get("/metrics", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await answer.text()
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


async def test_it_is_not_for_everybody(engine: FacadeEngine) -> None:
    async with client(engine, KEYS) as session:
        async with session.get("/metrics") as answer:
            assert answer.status == 401
        assert await samples(session, Authorization="Bearer k-1")


async def test_the_engines_figures(engine: FacadeEngine) -> None:
    async with client(engine, WebSettings()) as session:
        found = await samples(session)
        (started,) = found["uncall_calls_started_total"]
        assert (started.labels, started.value) == ({"kind": "campaign", "trunk": 'a"b\\'}, 3)
        assert [each.value for each in found["uncall_asterisk_up"]] == [1]
        buckets = {float(each.labels["le"]): each.value for each in found["uncall_event_lag_seconds_bucket"]}
        assert (buckets[0.001], buckets[0.0025], buckets[inf]) == (0, 1, 1)
        assert [each.value for each in found["uncall_event_lag_seconds_count"]] == [1]
        assert [each.value for each in found["uncall_event_lag_seconds_sum"]] == [0.002]
        assert not any(name.endswith("_created") for name in found)


async def test_each_call_of_a_web_method_counts_once_by_its_declared_name(engine: FacadeEngine) -> None:
    async with client(engine, WebSettings()) as session:
        for model in ("OnClickCall", "onclickcall", "getQueues", "no-such-model"):
            params = {"model": model, "agent": "801", "toTel": "13800138000"}
            async with session.get("/http_uncall_api.php", params=params) as answer:
                await answer.read()
        engine.asterisk_away = True
        params = {"model": "OnClickCall", "agent": "801", "toTel": "13800138000"}
        async with session.get("/http_uncall_api.php", params=params) as answer:
            assert (await answer.json())["msg"] == "Connection Failed"
        found = await samples(session)
    counts = {(e.labels["method"], e.labels["outcome"]): e.value for e in found["uncall_web_requests_total"]}
    assert counts == {("OnClickCall", "success"): 2, ("getQueues", "success"): 1, ("OnClickCall", "failure"): 1}
    assert [each.value for each in found["uncall_web_seconds_count"]] == [4]


async def test_two_services_in_one_process_count_for_themselves(engine: FacadeEngine, tmp_path: Path) -> None:
    async with client(engine, WebSettings()) as one, client(FacadeEngine(tmp_path / "2"), WebSettings()) as two:
        async with one.get("/http_uncall_api.php", params={"model": "getQueues"}) as answer:
            await answer.read()
        assert "uncall_web_requests_total" in await samples(one)
        assert "uncall_web_requests_total" not in await samples(two)
