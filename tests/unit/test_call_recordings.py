"""Listening to calls, and downloading them, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from api.app import make_app
from tests.facade_engine import FacadeEngine
from tests.media_files import WAV
from uncall_ari.config import WebSettings
from uncall_ari.media.calls import CallRecordings, recording_name

UID = "1372123897.17"
NAME = recording_name("808", "+8613632510278", datetime(2013, 6, 25, 9, 31, 38, tzinfo=UTC), UID)
SENT = NAME.replace("+", "%2B")
LISTEN = "/outbound/index.php/RecordingAction/index.php?m=Public&a=record&uniqueid="
ALSO = "/outbound/index.php/Call/index.php?m=Public&a=recording&uniqueid="
DOWNLOAD = "/uncall_api/downloadFile.php?f_path="
EACH = pytest.mark.parametrize("address", [LISTEN, ALSO, DOWNLOAD], ids=["listen", "also", "download"])


class Engine(FacadeEngine):
    """With one recording of a call."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "uploaded")
        self.call_recordings = CallRecordings(folder / "calls")
        self.call_recordings.folder.mkdir()
        self.call_recordings.part(UID).write_bytes(WAV)
        self.call_recordings.publish(UID, NAME)
        self.recorded[UID] = NAME


Client = TestClient[Any, Any]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
async def client(engine: Engine) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(engine, WebSettings()))) as client:
        yield client


async def get(client: Client, address: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """status, headers (names in small letters) and body."""
    async with client.request(method, URL(address, encoded=True), headers=headers) as response:
        return response.status, {key.lower(): value for key, value in response.headers.items()}, await response.read()


@EACH
@pytest.mark.parametrize("asked", [SENT, NAME, f"audio:{SENT}", f"audio%3A{NAME}", UID, f"%20{UID}%20"])
async def test_each_way_to_ask(client: Client, address: str, asked: str) -> None:
    status, headers, body = await get(client, address + asked)
    assert (status, body) == (200, WAV)
    assert headers["content-type"] == "audio/wav"
    kind = "attachment" if address == DOWNLOAD else "inline"
    assert headers["content-disposition"] == f"{kind}; filename=\"{NAME}\"; filename*=UTF-8''{SENT}"


@EACH
async def test_head_and_parts(client: Client, address: str) -> None:
    status, headers, body = await get(client, address + SENT, "HEAD")
    assert (status, body, headers["content-length"]) == (200, b"", str(len(WAV)))
    status, headers, body = await get(client, address + SENT, Range="bytes=100-199")
    assert (status, body) == (206, WAV[100:200])
    assert headers["content-range"] == f"bytes 100-199/{len(WAV)}"
    assert (await get(client, address + SENT, Range="bytes=999999-"))[0] == 416


@EACH
@pytest.mark.parametrize(
    "asked",
    [
        "",
        "audio:",
        "1.1",
        "../../../etc/passwd",
        "%2Fetc%2Fpasswd",
        f"..%2F25%2F{SENT}",
        f"2013%2F06%2F25%2F{SENT}",
        f"{SENT}%00",
        f"{SENT}%0D%0AX-Evil:1",
        SENT.replace("808", "809"),
        ".part-1.1.wav",
        "%FF%FF",
        "x" * 5000,
    ],
)
async def test_no_such_recording(client: Client, address: str, asked: str) -> None:
    status, headers, body = await get(client, address + asked)
    assert status == 404
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert body.decode() == "没有这个录音文件 No such recording"


async def test_without_the_parameter(client: Client) -> None:
    for address in (LISTEN, ALSO, DOWNLOAD):
        assert (await get(client, address.partition("?")[0]))[0] == 404


async def test_a_name_in_the_database_is_not_trusted(client: Client, engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "secret.WAV").write_bytes(b"secret")
    engine.recorded["1.2"] = "../secret.WAV"
    assert (await get(client, f"{LISTEN}1.2"))[0] == 404


async def test_one_that_is_being_written(client: Client, engine: Engine) -> None:
    name = NAME.replace(UID, "1.3")
    engine.recorded["1.3"] = name
    engine.call_recordings.part("1.3").write_bytes(WAV[:60])
    assert (await get(client, f"{LISTEN}1.3"))[0] == 404
    await asyncio.to_thread(engine.call_recordings.publish, "1.3", name)
    assert (await get(client, f"{LISTEN}1.3"))[0] == 200


async def test_while_the_database_is_away(client: Client, engine: Engine) -> None:
    engine.away = True
    status, _, body = await get(client, LISTEN + UID)
    assert status == 503
    assert body.decode().endswith("Recordings cannot be looked up now")
    assert (await get(client, LISTEN + SENT))[0] == 200  # a name needs no database


async def test_a_page_of_another_site_may_embed_it(client: Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Referer": "http://crm.example/"}
    assert (await get(client, LISTEN + SENT, **headers))[0] == 200


async def test_strangers_hear_nothing(engine: Engine) -> None:
    async with TestClient(TestServer(make_app(engine, WebSettings(networks=())))) as client:
        for address in (LISTEN, ALSO, DOWNLOAD):
            assert (await get(client, address + SENT))[0] == 403
