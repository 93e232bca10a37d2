"""The demo page: its form, what it says after an upload, and that nothing foreign gets into it."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from lxml import html

from tests.media_files import WAV, sound_file
from tests.media_web import EXISTS, FORM, FORMAT, STORED, TOO_LARGE, Web, form, part, serving

FROM_PAGE = part('form-data; name="from"', b"upfiles.html", b"")
FOLDERS = ("uncall_api", "uncall_lib")


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serving(tmp_path / "recordings") as web:
        yield web


async def page(web: Web, folder: str = "uncall_api") -> html.HtmlElement:
    """Returns the page as it is when it is opened."""
    async with web.http.get(f"{web.address}/{folder}/upfiles.html") as response:
        return await parsed(response)


async def submit(web: Web, body: bytes, content_type: str = FORM) -> html.HtmlElement:
    """Returns the page that answers the form."""
    async with web.http.post(web.upload_url, data=io.BytesIO(body), headers={"Content-Type": content_type}) as response:
        return await parsed(response)


async def parsed(response: ClientResponse) -> html.HtmlElement:
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    document = html.document_fromstring(await response.text())
    for element in document.iter():
        assert element.tag not in ("script", "link", "img", "iframe", "object", "base")
        for attribute, value in element.items():
            assert not str(attribute).startswith("on")
            if attribute in ("src", "href", "action"):
                assert str(value).startswith(("play_files.php?name=", "recording_files.php"))
    return document


def answer(document: html.HtmlElement) -> str:
    (element,) = document.xpath('//*[@role="status"]')
    return " ".join(element.text_content().split())


@pytest.mark.parametrize("folder", FOLDERS)
async def test_the_form(web: Web, folder: str) -> None:
    document = await page(web, folder)
    assert document.xpath('//*[@role="status"]') == []
    (sheet,) = document.forms
    assert (sheet.get("name"), sheet.get("method"), sheet.get("enctype")) == ("uncall", "post", "multipart/form-data")
    assert sheet.get("action") == "recording_files.php"
    first, second = sheet.inputs
    assert (first.type, first.name, first.value) == ("hidden", "from", "upfiles.html")
    assert second.type == "file"


async def test_what_the_page_says(web: Web) -> None:
    file = part('form-data; name="file"; filename="a.wav"', WAV)
    large = part('form-data; name="file"; filename="b.wav"', bytes(4 << 20))
    assert answer(await submit(web, form(FROM_PAGE, file))) == "上传成功 Stored: a.wav"
    assert answer(await submit(web, form(FROM_PAGE, file))).startswith(EXISTS[3:])
    assert answer(await submit(web, form(FROM_PAGE, large))).startswith(TOO_LARGE[3:])
    for broken in (form(FROM_PAGE), FROM_PAGE + file, form(FROM_PAGE, part('form-data; filename="b.wav"', b"x"))):
        assert answer(await submit(web, broken)).startswith(FORMAT[3:])
    assert answer(await submit(web, form(FROM_PAGE, file), "multipart/form-data")).startswith(FORMAT[3:])


async def test_a_program_gets_no_page(web: Web) -> None:
    for disposition in ('form-data; name="from"', 'form-data; name="x"'):
        file = part('form-data; name="file"; filename="a.wav"', WAV)
        body = form(part(disposition, b"CRM", b""), file)
        assert await web.post(body, Content_Type=FORM, Accept="text/html") in (STORED, EXISTS)


async def test_the_stored_recordings_can_be_heard(web: Web) -> None:
    assert "还没有录音" in (await page(web)).text_content()
    names = ["a&b=c#d?e+f%20g.wav", "x' onerror='alert(1).wav", "<b>bold<!--.wav", "你好, 1.wav", "{{ 7 * 7 }}.wav"]
    sounds = {web.library.save(name, sound_file(samples=n)): n for n, name in enumerate(names, 200)}
    document = await page(web)
    assert sorted(document.xpath("//li/span/text()")) == sorted(sounds)
    for item in document.xpath("//li"):
        (name,), (player,), (link,) = item.xpath("./span/text()"), item.xpath("./audio/@src"), item.xpath("./a")
        assert link.get("href") == player
        assert link.get("download") == name
        output = await web.curl("-o", "/dev/null", "-w", "%{size_download}", f"{web.address}/uncall_api/{player}")
        assert int(output) == 44 + 2 * sounds[name]
