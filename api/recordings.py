"""Recordings over HTTP (contract section 4): the upload, its demo page, and listening to what is stored."""

import asyncio
from functools import partial

import structlog
from aiohttp import web

from api.audio import Audio
from api.templates import PAGES
from api.upload import from_page, query_value, read_body, uploaded
from uncall_ari.errors import RecordingRefused, RefusedBecause
from uncall_ari.media.library import NoSuchRecording, RecordingLibrary
from uncall_ari.media.names import recording_name

log = structlog.get_logger(__name__)

STORED = "S1 上传成功"
ANSWERS = {
    RefusedBecause.FORMAT: "E1 文件名不存在或者格式错误",
    RefusedBecause.TOO_LARGE: "E2 文件大小必须小于3MB",
    RefusedBecause.EXISTS: "E3 文件已经存在",
    RefusedBecause.FAILED: "F1 上传失败",
}
UPLOAD_SECONDS = 300.0  # for one upload, from its first byte to its last: 3 MB at 80 kbit/s

# The pages need nothing from elsewhere, run no script and are shown in no frame.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def recording_routes(library: RecordingLibrary, upload_seconds: float = UPLOAD_SECONDS) -> list[web.RouteDef]:
    """Return the routes of contract section 4, under both folder names that clients know.

    An upload that is not complete after `upload_seconds` is given up (F1).
    """
    routes: list[web.RouteDef] = []
    for folder in ("/uncall_api", "/uncall_lib"):
        routes += [
            web.get(f"{folder}/upfiles.html", partial(_show_page, library)),
            web.post(f"{folder}/recording_files.php", partial(_take_upload, library, upload_seconds)),
            web.get(f"{folder}/play_files.php", partial(_play, library)),
        ]
    return routes


async def _show_page(library: RecordingLibrary, _: web.Request) -> web.Response:
    return await _page(library, "")


async def _take_upload(library: RecordingLibrary, seconds: float, request: web.Request) -> web.Response:
    """Store an upload. A program gets the contract's text; our page's form gets a page that says the same."""
    body = bytearray()
    try:
        name = await _store(library, seconds, request, body)
        answer = STORED
    except RecordingRefused as refused:
        name, answer = "", ANSWERS[refused.because]
        log.info("recording refused", client=request.remote, because=refused.because.name, detail=str(refused))
    except Exception:  # whatever it was, the client's program knows only these five answers
        name, answer = "", ANSWERS[RefusedBecause.FAILED]
        log.exception("recording not stored", client=request.remote)
    else:
        log.info("recording stored", client=request.remote, name=name)
    if from_page(body):
        return await _page(library, answer, name)
    return web.Response(text=answer, headers={"X-Content-Type-Options": "nosniff"})


async def _store(library: RecordingLibrary, seconds: float, request: web.Request, body: bytearray) -> str:
    """Read, check and store an upload; return the recording's name. Raises RecordingRefused."""
    try:
        async with asyncio.timeout(seconds):
            await read_body(request, body)
    except TimeoutError as error:
        raise RecordingRefused(RefusedBecause.FAILED, f"not complete after {seconds:g} s") from error
    except (web.RequestPayloadError, OSError) as error:
        raise RecordingRefused(RefusedBecause.FORMAT, "the body is broken off or garbled") from error
    upload = uploaded(request, bytes(body))
    return await asyncio.to_thread(library.save, upload.name, upload.data)


async def _page(library: RecordingLibrary, answer: str, name: str = "") -> web.Response:
    """Return the demo page; `answer` is how an upload from it ended, "" when there was none."""
    names = await asyncio.to_thread(library.names)
    html = PAGES.get_template("upfiles.html").render(
        code=answer[:2], answer=answer[3:], stored=answer == STORED, name=name, names=names
    )
    return web.Response(text=html, content_type="text/html", charset="utf-8", headers=_PAGE_HEADERS)


async def _play(library: RecordingLibrary, request: web.Request) -> web.StreamResponse:
    """Send a recording to a browser, which may ask for any part of it."""
    try:
        name = recording_name(query_value(request, "name"))
        file = await asyncio.to_thread(library.path, name)
    except (NoSuchRecording, RecordingRefused):
        return web.Response(status=404, text="没有这个录音文件 No such recording")
    return Audio(file, name)
