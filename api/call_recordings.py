"""The recordings of calls over HTTP: downloading, and listening under the two addresses that clients know (contract
section 2). Pages of other sites may embed them, as a CRM's pages do; who may hear them, `api.auth` decides."""

import asyncio
import re

import structlog
from aiohttp import web

from api.audio import Audio
from api.context import FACADE
from api.upload import query_value
from uncall_ari.errors import ConnectionFailed, RecordingRefused, StoreUnavailable
from uncall_ari.media.library import NoSuchRecording
from uncall_ari.media.names import AUDIO

log = structlog.get_logger(__name__)

NONE = "没有这个录音文件 No such recording"
AWAY = "暂时无法查询录音 Recordings cannot be looked up now"
FIND_SECONDS = 30  # for the database to answer

_UID = re.compile(r"(?:[0-9A-Za-z_]{1,20}-)?[0-9]{1,10}\.[0-9]{1,10}")


def call_recording_routes() -> list[web.RouteDef]:
    """Return the routes, to be added to an application that has a FACADE."""
    return [
        *(web.get(f"/{folder}/downloadFile.php", _download) for folder in ("uncall_api", "uncall_lib")),
        *(web.get(f"/outbound/index.php/{page}/index.php", _listen) for page in ("RecordingAction", "Call")),
    ]


async def _download(request: web.Request) -> web.StreamResponse:
    """Send `f_path` as a file to be saved."""
    answer = await _found(request, "f_path")
    if isinstance(answer, Audio):
        as_shown = answer.headers["Content-Disposition"]
        answer.headers["Content-Disposition"] = f"attachment{as_shown.removeprefix('inline')}"
    return answer


async def _listen(request: web.Request) -> web.StreamResponse:
    """Send `uniqueid` as a sound to be played; `m` and `a` only say what the path says already."""
    return await _found(request, "uniqueid")


async def _found(request: web.Request, parameter: str) -> web.StreamResponse:
    """Return the recording that is asked for, by its name with or without `audio:`, or by its call's uid."""
    engine = request.app[FACADE].engine
    try:
        name = query_value(request, parameter).strip().replace(" ", "+")  # a `+` that was not encoded
        if _UID.fullmatch(name):
            async with asyncio.timeout(FIND_SECONDS):
                name = await engine.call_recording(name) or ""
        file = await asyncio.to_thread(engine.call_recordings.path, name)
    except (NoSuchRecording, RecordingRefused):
        return web.Response(status=404, text=NONE)
    except (StoreUnavailable, ConnectionFailed, TimeoutError) as error:
        log.warning("a recording is not looked up", reason=str(error) or "no answer in time")
        return web.Response(status=503, text=AWAY)
    return Audio(file, name.removeprefix(AUDIO))
