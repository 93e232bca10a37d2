"""What an HTTP request uploads: the file and the name that the client gives it, in every form that
programs written for Uncall are known to send (contract section 4)."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from api.disposition import sent_file_name, text
from uncall_ari.errors import RecordingRefused, RefusedBecause
from uncall_ari.media.wav import TOO_MANY_BYTES

_AROUND = 256 * 1024  # bytes that a form may have besides the file
_MOST_PARTS = 100  # of a form: a real one has two
_LONGEST_HEADERS = 8192  # bytes of one part's header lines
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_DISPOSITION = re.compile(rb"^content-disposition[ \t]*:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(r'[;,]\s*boundary\s*=\s*(?:"([^"]+)"|([^;,\s"]+))', re.IGNORECASE)
_PAGE_FIELD = re.compile(rb'name="from"\r\n\r\nupfiles\.html\r\n')
_PAGE_FIELD_WITHIN = 4096  # bytes: it is the first field of the page's form


class Upload(NamedTuple):
    """A file as it was sent: neither its name nor its content is checked."""

    name: str
    data: bytes


async def read_body(request: web.Request, body: bytearray) -> None:
    """Read the request's body into `body`, counting as it comes, so that no sender can fill the memory.

    Raises RecordingRefused TOO_LARGE as soon as no recording that would be taken can be in it; what has
    come so far is in `body` then.
    """
    most = TOO_MANY_BYTES + (_AROUND if _is_form(request) else 0)
    async for piece in request.content.iter_any():
        body += piece
        if len(body) >= most:
            raise RecordingRefused(RefusedBecause.TOO_LARGE)


def from_page(body: bytes | bytearray) -> bool:
    """Tell whether our own page's form sent this, by its hidden first field, whatever came after that."""
    return _PAGE_FIELD.search(body, 0, _PAGE_FIELD_WITHIN) is not None


def uploaded(request: web.Request, body: bytes) -> Upload:
    """Return the file in a request whose body has been read.

    A form's file is its first part with a file name, under any field name. Everything else is the file
    itself, whatever its Content-Type says: the name comes from `?name=`, else from Content-Disposition,
    else from X-File-Name. Raises RecordingRefused FORMAT for a form without a boundary, without its end or
    without a file, and for a file without a name.
    """
    if _is_form(request):
        return _form_file(body, request.headers["Content-Type"])
    name = query_value(request, "name")
    if not name and "Content-Disposition" in request.headers:
        name = sent_file_name(text(_raw(request.headers["Content-Disposition"])))
    if not name and "X-File-Name" in request.headers:
        name = text(_raw(unquote(request.headers["X-File-Name"], errors="surrogateescape")))
    if not name:
        raise RecordingRefused(RefusedBecause.FORMAT, "there is no file name")
    return Upload(name, body)


def query_value(request: web.Request, key: str) -> str:
    """Return a query parameter, "" when it is missing; UTF-8 and GBK are understood.

    Raises RecordingRefused FORMAT for bytes that are neither.
    """
    query = request.raw_path.partition("?")[2]
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape", max_num_fields=None)
    return next((text(_raw(value)) for name, value in pairs if name == key), "")


def _is_form(request: web.Request) -> bool:
    return request.headers.get("Content-Type", "").lstrip().lower().startswith("multipart/")


def _raw(value: str) -> bytes:
    """Return the bytes that aiohttp or urllib decoded as UTF-8, those that are none escaped."""
    return value.encode("utf-8", "surrogateescape")


def _form_file(body: bytes, content_type: str) -> Upload:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise RecordingRefused(RefusedBecause.FORMAT, "the form has no boundary")
    found: Upload | None = None
    for headers, content in _parts(body, _raw(boundary[1] or boundary[2])):
        disposition = _DISPOSITION.search(headers)
        name = sent_file_name(text(disposition[1])) if disposition and found is None else ""
        if name:
            found = Upload(name, content)
    if found is None:
        raise RecordingRefused(RefusedBecause.FORMAT, "the form has no file")
    return found


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Go through a form (RFC 2046 section 5.1): each part's header lines and its content.

    Line ends may be bare LF, as hand-written clients send them and PHP takes them. Raises
    RecordingRefused FORMAT when the closing boundary is missing: then the last part may be cut off.
    """
    start = -1  # where the present part starts; -1: none has begun
    for count, mark in enumerate(re.finditer(rb"--" + re.escape(boundary) + rb"(--|[ \t]*\r?\n)", body)):
        end = mark.start()
        if end and body[end - 1 : end] != b"\n":
            continue  # a boundary stands at the start of a line: this is content
        if start >= 0:
            end -= 2 if body[end - 2 : end - 1] == b"\r" else 1
            part = body[start:end]
            gap = _HEADER_END.search(part, 0, _LONGEST_HEADERS)
            if gap is not None:
                yield part[: gap.start()], part[gap.end() :]
        if mark[1] == b"--":
            return
        if count >= _MOST_PARTS:
            break
        start = mark.end()
    raise RecordingRefused(RefusedBecause.FORMAT, "the form has no end")
