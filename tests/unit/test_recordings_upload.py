"""Uploads in all the forms that programs send, over real HTTP."""

import asyncio
import gzip
import http.client
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from api.app import make_app
from tests.facade_engine import FacadeEngine
from tests.media_files import WAV, sound_file
from tests.media_web import EXISTS, FAILED, FORM, FORMAT, STORED, TOO_LARGE, Web, form, part, serving
from uncall_ari.config import WebSettings

FILE = 'form-data; name="file"; filename="a.wav"'
THREE_MB = 3 * 1024 * 1024
LARGEST = sound_file(samples=(THREE_MB - 44) // 2 - 1)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path / "recordings") as web:
        yield web


# What is posted with which Content-Type, the answer, and under which name it is found then.
FORMS: dict[str, tuple[str, bytes, str, str]] = {
    "a browser": (FORM, form(part(FILE, WAV)), STORED, "a.wav"),
    "any field name": (FORM, form(part('form-data; name="x y"; filename="a.wav"', WAV)), STORED, "a.wav"),
    "no field name": (FORM, form(part('form-data; filename="a.wav"', WAV)), STORED, "a.wav"),
    "no disposition type": (FORM, form(part('; filename="a.wav"', WAV)), STORED, "a.wav"),
    "other fields before and behind": (
        FORM,
        form(part('form-data; name="a"', b"1", b""), part(FILE, WAV), part('form-data; name="b"', b"", b"")),
        STORED,
        "a.wav",
    ),
    "the first file counts": (
        FORM,
        form(part(FILE, WAV), part('form-data; name="g"; filename="b.wav"', WAV)),
        STORED,
        "a.wav",
    ),
    "a file field left empty": (
        FORM,
        form(part('form-data; name="g"; filename=""', b""), part(FILE, WAV)),
        STORED,
        "a.wav",
    ),
    "GBK": (FORM, form(part('form-data; name="f"; filename="你好.wav"'.encode("gbk"), WAV)), STORED, "你好.wav"),
    "Windows path": (FORM, form(part(r'form-data; filename="C:\fakepath\x.WAV"', WAV)), STORED, "x.wav"),
    "climbing": (FORM, form(part('form-data; filename="../../x.wav"', WAV)), STORED, "x.wav"),
    "folded header": (FORM, form(part('form-data;\r\n name="f";\r\n\tfilename="a.wav"', WAV)), STORED, "a.wav"),
    "header name in small letters": (FORM, form(part(FILE, WAV)).replace(b"Content-D", b"content-d"), STORED, "a.wav"),
    "text before": (FORM, b"This is a form.\r\n" + form(part(FILE, WAV)), STORED, "a.wav"),
    "text behind": (FORM, form(part(FILE, WAV)) + b"The end.", STORED, "a.wav"),
    "no line end at the end": (FORM, form(part(FILE, WAV)).removesuffix(b"\r\n"), STORED, "a.wav"),
    "quoted boundary": (
        'multipart/form-data; charset=utf-8; boundary="a b:c"',
        b"--a b:c\r\nContent-Disposition: " + FILE.encode() + b"\r\n\r\n" + WAV + b"\r\n--a b:c--",
        STORED,
        "a.wav",
    ),
    "another multipart": (FORM.replace("form-data", "mixed"), form(part(FILE, WAV)), STORED, "a.wav"),
    "Content-Type in capitals": ("MULTIPART/FORM-DATA" + FORM[19:], form(part(FILE, WAV)), STORED, "a.wav"),
    "bare line feeds": (
        "multipart/form-data; boundary=b",
        b"--b\nContent-Disposition: " + FILE.encode() + b"\n\n" + WAV + b"\n--b--\n",
        STORED,
        "a.wav",
    ),
    "the boundary in the sound": (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: " + FILE.encode() + b"\r\n\r\n" + WAV[:44] + b"aa--b--\n" * 400 + b"\r\n--b--",
        STORED,
        "a.wav",
    ),
    "no boundary": ("multipart/form-data", form(part(FILE, WAV)), FORMAT, ""),
    "empty boundary": ("multipart/form-data; boundary=", form(part(FILE, WAV)), FORMAT, ""),
    "another boundary": ("multipart/form-data; boundary=x", form(part(FILE, WAV)), FORMAT, ""),
    "no end": (FORM, part(FILE, WAV), FORMAT, ""),
    "half an end": (FORM, form(part(FILE, WAV)).removesuffix(b"--\r\n"), FORMAT, ""),
    "cut off": (FORM, form(part(FILE, WAV))[:-100], FORMAT, ""),
    "nothing": (FORM, b"", FORMAT, ""),
    "end alone": (FORM, form(), FORMAT, ""),
    "no file name": (FORM, form(part('form-data; name="a.wav"', WAV)), FORMAT, ""),
    "no disposition": (FORM, form(part(FILE, WAV)).replace(b"Disposition", b"Position"), FORMAT, ""),
    "no headers": (FORM, form(b"--" + FORM[30:].encode() + b"\r\n" + WAV + b"\r\n"), FORMAT, ""),
    "not .wav": (FORM, form(part('form-data; filename="a.wav;.php"', WAV)), FORMAT, ""),
    "a name in no charset": (FORM, form(part(b'form-data; filename="\xff\xff.wav"', WAV)), FORMAT, ""),
    "NUL in the name": (FORM, form(part('form-data; filename="a\0.wav"', WAV)), FORMAT, ""),
    "no sound": (FORM, form(part(FILE, b"hello")), FORMAT, ""),
    "sound cut off": (FORM, form(part(FILE, WAV[:-2])), FORMAT, ""),
    "endless headers": (FORM, form(part(FILE, WAV, b"X: " + b"x" * 20_000 + b"\r\n")), FORMAT, ""),
    "too many parts": (FORM, form(*[part('form-data; name="a"', b"", b"")] * 200, part(FILE, WAV)), FORMAT, ""),
    "one byte too large": (FORM, form(part(FILE, LARGEST + b"xx")), TOO_LARGE, ""),
    "as large as can be": (FORM, form(part(FILE, LARGEST)), STORED, "a.wav"),
    "too much besides": (FORM, form(part('form-data; name="x"', bytes(THREE_MB)), part(FILE, LARGEST)), TOO_LARGE, ""),
}


@pytest.mark.parametrize("client", FORMS)
async def test_form(web: Web, client: str) -> None:
    content_type, body, answer, name = FORMS[client]
    assert await web.post(body, Content_Type=content_type) == answer
    assert web.library.names() == ([name] if name else [])
    assert [file.suffix for file in web.library.folder.iterdir()] == ([".wav"] if name else [])
    if name:
        assert web.library.path(name).read_bytes() in body


RAW: dict[str, tuple[str, dict[str, str], str, str]] = {
    "query": ("?name=a.wav", {}, STORED, "a.wav"),
    "query in Chinese": ("?x=1&name=%E4%BD%A0%E5%A5%BD.wav", {}, STORED, "你好.wav"),
    "query in GBK": ("?name=%C4%E3%BA%C3.wav", {}, STORED, "你好.wav"),
    "query with a path": ("?name=..%2F..%2Fa.wav", {}, STORED, "a.wav"),
    "query before headers": ("?name=a.wav", {"X_File_Name": "b.wav"}, STORED, "a.wav"),
    "disposition": ("", {"Content_Disposition": 'attachment; filename="a.wav"'}, STORED, "a.wav"),
    "disposition, filename*": ("", {"Content_Disposition": "inline; filename*=UTF-8''%E4%BD%A0.wav"}, STORED, "你.wav"),
    "X-File-Name": ("", {"X_File_Name": "a.wav"}, STORED, "a.wav"),
    "X-File-Name, encoded": ("", {"X_File_Name": "%E4%BD%A0%20%E5%A5%BD.wav"}, STORED, "你 好.wav"),
    "X-File-Name, encoded GBK": ("", {"X_File_Name": "%C4%E3.wav"}, STORED, "你.wav"),
    "X-File-Name in UTF-8": ("", {"X_File_Name": "你.wav"}, STORED, "你.wav"),
    "curl's Content-Type": ("?name=a.wav", {"Content_Type": "application/x-www-form-urlencoded"}, STORED, "a.wav"),
    "its own Content-Type": ("?name=a.wav", {"Content_Type": "audio/wav"}, STORED, "a.wav"),
    "nonsense in Content-Type": ("?name=a.wav", {"Content_Type": ";;;="}, STORED, "a.wav"),
    "empty query": ("?name=", {"X_File_Name": "a.wav"}, STORED, "a.wav"),
    "no name": ("", {}, FORMAT, ""),
    "only an empty name": ("?name=", {}, FORMAT, ""),
    "disposition without a name": ("", {"Content_Disposition": "attachment"}, FORMAT, ""),
    "climbing to no recording": ("?name=../../etc/passwd", {}, FORMAT, ""),
    "NUL": ("?name=a%00.wav", {}, FORMAT, ""),
    "CR LF": ("?name=a%0D%0AX:y.wav", {}, FORMAT, ""),
    "wrong bytes": ("?name=%FF%FF.wav", {}, FORMAT, ""),
    "said to be a form": ("?name=a.wav", {"Content_Type": "multipart/form-data"}, FORMAT, ""),
}


@pytest.mark.parametrize("client", RAW)
async def test_raw_body(web: Web, client: str) -> None:
    query, headers, answer, name = RAW[client]
    assert await web.post(WAV, query, **headers) == answer
    assert web.library.names() == ([name] if name else [])


async def test_raw_body_that_is_no_recording(web: Web) -> None:
    for body in (b"", b"hello", WAV[:-1], sound_file("FLAC"), sound_file(rate=44100)):
        assert await web.post(body, "?name=a.wav") == FORMAT
    for body in (LARGEST + b"xx", bytes(THREE_MB), bytes(2 * THREE_MB)):
        assert await web.post(body, "?name=a.wav") == TOO_LARGE
    assert await web.post(LARGEST, "?name=a.wav") == STORED


async def test_a_name_is_taken_once(web: Web) -> None:
    posts = (web.post(form(part(FILE, sound_file(samples=n))), Content_Type=FORM) for n in range(100, 108))
    assert sorted(await asyncio.gather(*posts)) == sorted([STORED] + [EXISTS] * 7)


async def test_a_folder_that_cannot_be_written(web: Web) -> None:
    web.library.folder.rmdir()
    assert await web.post(WAV, "?name=a.wav") == FAILED
    web.library.folder.write_text("in the way")
    assert await web.post(WAV, "?name=a.wav") == FAILED


async def test_compressed_bodies(web: Web) -> None:
    assert await web.post(gzip.compress(WAV), "?name=a.wav", Content_Encoding="gzip") == STORED
    bomb = gzip.compress(bytes(100_000_000))
    assert await web.post(bomb, "?name=b.wav", Content_Encoding="gzip") == TOO_LARGE


async def test_both_folder_names(web: Web) -> None:
    for number, folder in enumerate(("uncall_api", "uncall_lib")):
        url = f"{web.address}/{folder}/recording_files.php?name={number}.wav"
        async with web.http.post(url, data=WAV) as response:
            assert await response.text() == STORED


async def test_aiohttp_as_a_client(web: Web) -> None:
    data = aiohttp.FormData()
    data.add_field("any", WAV, filename="你好, (1) %.wav", content_type="audio/wav")  # it sends %E4%BD%A0…
    async with web.http.post(web.upload_url, data=data) as response:
        assert await response.text() == STORED
    assert web.library.names() == ["你好, (1) %.wav"]


async def test_curl(web: Web, tmp_path: Path) -> None:
    file, large = tmp_path / "你好, (1).WAV", tmp_path / "large.wav"
    file.write_bytes(WAV)
    large.write_bytes(bytes(40_000_000))
    assert await web.curl("-F", f'x=@"{file}"', web.upload_url) == STORED
    assert await web.curl("-F", f'x=@"{file}"', web.upload_url) == EXISTS
    assert await web.curl("--data-binary", f"@{file}", web.upload_url + "?name=b.wav") == STORED
    assert (
        await web.curl("-H", "Transfer-Encoding: chunked", "--data-binary", f"@{file}", web.upload_url + "?name=c.wav")
        == STORED
    )
    assert await web.curl("-0", "--data-binary", f"@{file}", web.upload_url + "?name=d.wav") == STORED
    assert await web.curl("-T", file, "-X", "POST", web.upload_url + "?name=e.wav") == STORED
    assert web.library.names() == ["b.wav", "c.wav", "d.wav", "e.wav", "你好, (1).wav"]
    for waits in ("Expect: 100-continue", "Expect:"):
        assert await web.curl("-H", waits, "-F", f"x=@{large}", web.upload_url) == TOO_LARGE
        assert await web.curl("-H", waits, "--data-binary", f"@{large}", web.upload_url + "?name=a.wav") == TOO_LARGE


async def test_a_client_that_reads_only_after_it_has_sent_all(web: Web) -> None:
    def send() -> str:
        connection = http.client.HTTPConnection(web.address.removeprefix("http://"), timeout=30)
        try:
            connection.request("POST", "/uncall_api/recording_files.php?name=a.wav", bytes(40_000_000))
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    assert await asyncio.to_thread(send) == TOO_LARGE


async def test_within_the_whole_facade(tmp_path: Path) -> None:
    app = make_app(FacadeEngine(tmp_path), WebSettings())
    async with serving(tmp_path, app=app) as web:
        assert await web.post(LARGEST, "?name=a.wav") == STORED
        assert await web.post(form(part(FILE, bytes(2 * THREE_MB))), Content_Type=FORM) == TOO_LARGE
        async with web.http.get(web.play_url + "?name=a.wav", headers={"Range": "bytes=-100"}) as response:
            assert (response.status, await response.read()) == (206, LARGEST[-100:])
        async with web.http.get(f"{web.address}/uncall_api/upfiles.html") as response:
            assert "media-src 'self'" in response.headers["Content-Security-Policy"]


async def test_a_slow_upload_is_given_up(tmp_path: Path) -> None:
    async with serving(tmp_path, upload_seconds=0.2) as web:
        assert await raw_answer(web, b"Content-Length: 1000\r\n\r\nRIFF") == FAILED


async def test_garbled_compression(web: Web) -> None:
    assert await raw_answer(web, b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nRIFF") == FORMAT


async def raw_answer(web: Web, request: bytes) -> str:
    """Sends the rest of a request, and returns the answer's last line, as soon as it is there."""
    host, port = web.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"POST /uncall_api/recording_files.php?name=a.wav HTTP/1.1\r\nHost: x\r\n" + request)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return (await reader.readexactly(length)).decode()
    finally:
        writer.close()
        await writer.wait_closed()
