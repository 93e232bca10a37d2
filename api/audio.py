"""A sound file as an HTTP answer that browsers can play, seek in and save."""

import asyncio
import re
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from api.disposition import inline

_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-\d{0,17}[1-9]\d{0,17})", re.IGNORECASE | re.ASCII)


class Audio(web.FileResponse):
    """A WAV file with Range, If-Range, ETag and Last-Modified (RFC 9110 sections 13 and 14).

    aiohttp's FileResponse does nearly all of it. But it answers 416 to ranges that are to be ignored
    (several at once, other units), and knows no ETag in If-Range: a player that resumes a file which was
    replaced meanwhile would join halves of two recordings.
    """

    def __init__(self, file: Path, name: str) -> None:
        headers = {
            "Content-Type": "audio/wav",
            "Content-Disposition": inline(name),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-cache",  # kept, and asked for again with the ETag
        }
        super().__init__(file, headers=headers)
        self._file = file

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the file, or the part that `request` asks for if it may have a part."""
        if "Range" in request.headers and not await self._may_have_part(request):
            headers = request.headers.copy()
            headers.popall("Range", None)
            request = request.clone(headers=headers)
        return await super().prepare(request)

    async def _may_have_part(self, request: web.BaseRequest) -> bool:
        """Tell whether the Range header is one range of bytes, of the file that the client knows."""
        asked = _RANGE.fullmatch(request.headers["Range"].strip())
        if asked is None or (asked[2] and int(asked[2]) < int(asked[1])):
            return False
        known = request.headers.get("If-Range")
        if known is None or request.if_range is not None:  # none, or a date: FileResponse compares it
            return True
        try:
            file = await asyncio.to_thread(self._file.stat)
        except OSError:  # gone meanwhile: FileResponse answers 404
            return True
        return known.strip() == f'"{file.st_mtime_ns:x}-{file.st_size:x}"'  # as FileResponse makes it
