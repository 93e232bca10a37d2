"""Listening to a recording: what browsers and download programs ask for, over real HTTP."""

import os
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.media_files import WAV, sound_file
from tests.media_web import Web, serving

SIZE = len(WAV)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path / "recordings") as web:
        web.library.save("你好, 1.wav", WAV)
        yield web


async def get(
    web: Web, method: str = "GET", name: str = "你好, 1.wav", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Returns status, headers (names in small letters) and body."""
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    async with web.http.request(method, web.play_url, params={"name": name}, headers=sent) as response:
        return response.status, {key.lower(): value for key, value in response.headers.items()}, await response.read()


async def test_the_whole_file(web: Web) -> None:
    status, headers, body = await get(web)
    assert (status, body) == (200, WAV)
    assert headers["content-type"] == "audio/wav"
    assert headers["content-length"] == str(SIZE)
    assert headers["accept-ranges"] == "bytes"
    assert (
        headers["content-disposition"]
        == "inline; filename=\"__, 1.wav\"; filename*=UTF-8''%E4%BD%A0%E5%A5%BD%2C%201.wav"
    )
    assert headers["x-content-type-options"] == "nosniff"


async def test_head(web: Web) -> None:
    whole, head = await get(web), await get(web, "HEAD")
    assert head[0] == 200
    assert head[2] == b""
    different = {"date"}
    assert {k: v for k, v in head[1].items() if k not in different} == {
        k: v for k, v in whole[1].items() if k not in different
    }


RANGES = {
    "bytes=0-": (206, 0, SIZE),
    "bytes=0-0": (206, 0, 1),
    "bytes=0-43": (206, 0, 44),
    "bytes=100-199": (206, 100, 200),
    "BYTES=100-199": (206, 100, 200),
    "bytes=3000-": (206, 3000, SIZE),
    f"bytes=0-{SIZE - 1}": (206, 0, SIZE),
    f"bytes=0-{SIZE}": (206, 0, SIZE),
    "bytes=0-999999999999999999": (206, 0, SIZE),
    "bytes=-1": (206, SIZE - 1, SIZE),
    "bytes=-100": (206, SIZE - 100, SIZE),
    "bytes=-999999": (206, 0, SIZE),
    f"bytes={SIZE - 1}-": (206, SIZE - 1, SIZE),
    f"bytes={SIZE}-": (416, 0, 0),
    "bytes=999999-": (416, 0, 0),
    "bytes=999999-1000000": (416, 0, 0),
    # What is no single range of bytes is ignored (RFC 9110 section 14.2).
    "bytes=5-2": (200, 0, SIZE),
    "bytes=-": (200, 0, SIZE),
    "bytes=-0": (200, 0, SIZE),
    "bytes=": (200, 0, SIZE),
    "bytes": (200, 0, SIZE),
    "bytes=a-b": (200, 0, SIZE),
    "bytes=1-2,4-5": (200, 0, SIZE),
    "bytes=1--2": (200, 0, SIZE),
    "bytes=" + "9" * 5000 + "-": (200, 0, SIZE),
    "seconds=0-1": (200, 0, SIZE),
}


@pytest.mark.parametrize("asked", RANGES)
async def test_range(web: Web, asked: str) -> None:
    status, start, end = RANGES[asked]
    answer, headers, body = await get(web, Range=asked)
    assert answer == status
    if status == 416:
        assert headers["content-range"] == f"bytes */{SIZE}"
        return
    assert body == WAV[start:end]
    assert headers.get("content-range") == (f"bytes {start}-{end - 1}/{SIZE}" if status == 206 else None)


async def test_if_range(web: Web) -> None:
    _, headers, _ = await get(web)
    etag, modified = headers["etag"], headers["last-modified"]
    for known in (etag, modified):
        assert (await get(web, Range="bytes=4-7", If_Range=known))[0] == 206
    for other in ('"other"', f"W/{etag}", etag[:-2] + '"', formatdate(0, usegmt=True), "nonsense"):
        status, _, body = await get(web, Range="bytes=4-7", If_Range=other)
        assert (status, body) == (200, WAV), other
    # The file is replaced by hand: whoever has its first half gets the whole of the new one.
    file = web.library.path("你好, 1.wav")
    file.write_bytes(sound_file(samples=50))
    os.utime(file, (4e9, 4e9))
    for known in (etag, modified):
        status, _, body = await get(web, Range="bytes=4-7", If_Range=known)
        assert (status, len(body)) == (200, 144)


async def test_not_modified(web: Web) -> None:
    _, headers, _ = await get(web)
    assert (await get(web, If_None_Match=headers["etag"]))[0] == 304
    assert (await get(web, If_Modified_Since=headers["last-modified"]))[0] == 304
    assert (await get(web, If_None_Match='"other"'))[0] == 200


@pytest.mark.parametrize("name", ["", "missing.wav", "../../../etc/passwd", "/etc/passwd", "a\0.wav", ".", "x" * 5000])
async def test_unknown(web: Web, name: str) -> None:
    status, headers, body = await get(web, name=name)
    assert status == 404
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert body.decode() == "没有这个录音文件 No such recording"


async def test_no_way_out_of_the_folder(web: Web, tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(WAV)
    (web.library.folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    for name in ("../secret.wav", str(tmp_path / "secret.wav"), "..\\secret.wav", "link.wav"):
        assert (await get(web, name=name))[0] == 404


async def test_without_a_name_at_all_and_in_gbk(web: Web) -> None:
    async with web.http.get(web.play_url) as response:
        assert response.status == 404
    assert (
        await web.curl("-o", "/dev/null", "-w", "%{http_code}", web.play_url + "?name=%C4%E3%BA%C3,%201.wav") == "200"
    )
    assert await web.curl("-o", "/dev/null", "-w", "%{http_code}", web.play_url + "?name=%FF%FF") == "404"


async def test_curl_resumes_a_download(web: Web, tmp_path: Path) -> None:
    half = tmp_path / "half.wav"
    half.write_bytes(WAV[: SIZE // 2])
    await web.curl("-C", "-", "-o", half, web.play_url + "?name=%E4%BD%A0%E5%A5%BD,%201.wav")
    assert half.read_bytes() == WAV
