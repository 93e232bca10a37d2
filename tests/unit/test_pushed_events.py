"""The stream of pops: what a listener gets, and what ends it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from api.app import make_app
from tests.facade_engine import POP, FacadeEngine
from uncall_ari.calls.board import PUSHED_AT_ONCE, Board
from uncall_ari.config import WebSettings


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path)


@pytest.fixture
async def client(engine: FacadeEngine) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    async with TestClient(TestServer(make_app(engine, WebSettings()))) as client:
        yield client


async def test_a_listener_gets_the_pops_of_its_extensions(client: TestClient, engine: FacadeEngine) -> None:  # type: ignore[type-arg]
    async with client.get("/uncall_api/events?extension=802,803") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        for pop in (replace(POP, extension="801"), replace(POP, caller='1\n2"'), None):
            engine.pushed.put_nowait(pop)
        text = (await asyncio.wait_for(answer.read(), 5)).decode()
    retry, event, rest = text.split("\n\n")
    assert retry == "retry: 2000"
    assert rest == ""
    kind, uid, data = event.split("\n")
    assert (kind, uid) == ("event: pop", f"id: {POP.uid}")
    told = json.loads(data.removeprefix("data: "))
    assert told["calla"] == '1\n2"'
    assert (told["extension"], told["callb"], told["status"]) == ("802", "802", "callin")


async def test_a_page_of_another_site_may_not_listen(client: TestClient) -> None:  # type: ignore[type-arg]
    answer = await client.get("/uncall_api/events", headers={"Origin": "http://evil.example"})
    assert answer.status == 403


def test_a_listener_that_does_not_keep_up_is_cut_off_and_harms_nobody() -> None:
    board = Board()
    with board.listener() as slow, board.listener() as quick:
        for _ in range(PUSHED_AT_ONCE + 10):
            board.show(POP)
            assert quick.get_nowait() == POP
        assert slow.qsize() == PUSHED_AT_ONCE + 1
        told = [slow.get_nowait() for _ in range(slow.qsize())]
    assert told == [POP] * PUSHED_AT_ONCE + [None]
    board.show(POP)
    assert quick.empty()
