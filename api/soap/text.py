"""From the bytes of a request to its XML text: attachments, compression and character sets."""

import base64
import binascii
import quopri
import re
import zlib
from functools import lru_cache

from api.soap.envelope import Fault

BODY_LIMIT = 1 << 20  # bytes, also once inflated: 2000 numbers need 40 kB

# GB18030 holds GBK, and GBK holds GB2312; UTF-8 holds ASCII. Only these names: Python knows codecs
# that are slow on hostile text or no character sets at all.
_CODECS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "cp936": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "cp1252",
}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DECLARATION = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_XML_DECLARATION = re.compile(r"\A<\?xml\s[^>]*>")
_PARAMETER = re.compile(r""";\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^;\s]*))""")
_HEADER = re.compile(rb"^([\w-]+):[ \t]*([^\r\n]*)", re.MULTILINE)


def xml_text(body: bytes, content_type: str) -> str:
    """The XML text of a request body, without its XML declaration. Raises Fault for what is no text.

    The character set is that of the byte order mark, of the XML declaration, of HTTP, then UTF-8, then
    GB18030: the first that the bytes really are in. Old programs declare UTF-8 and send GBK.
    """
    body = _inflate(body)
    media_type, parameters = _media_type(content_type)
    if media_type == "multipart/related":
        body, content_type = _root_part(body, parameters)
        _, parameters = _media_type(content_type)
    for codec in _codecs(body, parameters.get("charset", "")):
        try:
            text = body.decode(codec)
        except UnicodeDecodeError:
            continue
        return _XML_DECLARATION.sub("", text.strip("\ufeff\0 \t\r\n"), count=1)
    raise Fault("Client", "the request is in no known character set")


def _codecs(body: bytes, http_charset: str) -> list[str]:
    marked = [codec for mark, codec in _BOMS if body.startswith(mark)]
    declaration = _DECLARATION.match(body)
    declared = declaration[1].decode("ascii").lower() if declaration else ""
    named = [_CODECS[name] for name in (declared, http_charset.lower()) if name in _CODECS]
    return [*marked, *named, "utf-8", "gb18030"]


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """The type in lower case, and its parameters."""
    parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(content_type)}
    return content_type.partition(";")[0].strip().lower(), parameters


def _inflate(body: bytes) -> bytes:
    """The body, unpacked if it is gzip that no header told of."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = inflater.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        raise Fault("Client", "the compressed request is damaged") from None
    if len(plain) > BODY_LIMIT:
        raise Fault("Client", "the request is too large")
    return plain


def _root_part(body: bytes, parameters: dict[str, str]) -> tuple[bytes, str]:
    """The part of multipart/related that holds the envelope, and its Content-Type (RFC 2387, 3.2)."""
    boundary = parameters.get("boundary", "").encode("utf-8", "surrogateescape")
    start = parameters.get("start", "").strip("<>")
    parts = re.split(rb"\r?\n--" + re.escape(boundary), b"\n" + body, maxsplit=100)[1:] if boundary else []
    for part in parts:
        head, *content = re.split(rb"\r?\n\r?\n", part.lstrip(), maxsplit=1)
        headers = {name.lower(): value.decode("latin-1").strip() for name, value in _HEADER.findall(head)}
        if content and (not start or headers.get(b"content-id", "").strip("<>") == start):
            encoding = headers.get(b"content-transfer-encoding", "").lower()
            return _transfer_decoded(content[0], encoding), headers.get(b"content-type", "")
    raise Fault("Client", "the multipart request has no root part")


def _transfer_decoded(content: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    if encoding == "base64":
        try:
            return base64.b64decode(content)
        except binascii.Error:
            raise Fault("Client", "the root part is not base64") from None
    return content
