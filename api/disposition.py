"""File names in Content-Disposition headers (RFC 6266), as clients really write them, and as we do."""

import binascii
import re
from urllib.parse import quote, unquote_to_bytes

from uncall_ari.errors import RecordingRefused, RefusedBecause

# A quoted value ends at the first quote that has no backslash in front; a backslash before anything else
# is a Windows path's, since browsers and .NET do not double it.
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))')
_EXTENDED = re.compile(r"([\w.:-]*)'[\w-]*'(.*)")  # RFC 8187: charset'language'percent-encoded
_WORD = re.compile(r"=\?([\w.:-]+)(?:\*[\w-]*)?\?([bq])\?([^?\s]*)\?=", re.IGNORECASE)  # RFC 2047
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?)")
# The charsets that a client may name, and as what they are read; the rest of Python's codecs are not for
# the outside. The Chinese ones are all parts of GB18030.
_CHARSETS = {
    **dict.fromkeys(("", "utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("gb18030", "gbk", "gb2312", "cp936"), "gb18030"),
    **dict.fromkeys(("us-ascii", "iso-8859-1", "windows-1252"), "cp1252"),
    "big5": "big5",
}


def text(raw: bytes) -> str:
    """Return what a client's bytes say: UTF-8, or else GB18030 (as Chinese Windows writes).

    Raises RecordingRefused FORMAT for bytes that are neither.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RecordingRefused(RefusedBecause.FORMAT, "the name is neither UTF-8 nor GBK")


def sent_file_name(header: str) -> str:
    r"""Return the file name in a Content-Disposition header's value, "" when there is none.

    `filename*` (RFC 8187) comes first, as RFC 6266 wants it, then `filename`, in which RFC 2047 words and
    percent-encoding (RFC 7578 section 2; Python's aiohttp sends it) are decoded. The name is not checked,
    and may still be a path: `C:\fakepath\x.wav`.
    """
    values: dict[str, str] = {}
    for key, quoted, bare in _PARAMETER.findall(header):
        values.setdefault(key.lower(), quoted.replace('\\"', '"') or bare.strip())
    extended = _EXTENDED.fullmatch(values.get("filename*", ""))
    if extended is not None:
        name = _decoded(unquote_to_bytes(extended[2]), extended[1])
        if name:
            return name
    words = _BETWEEN_WORDS.sub("", values.get("filename", ""))
    name = _WORD.sub(_word, words)
    if "%" in name and name.isascii():
        return _decoded(unquote_to_bytes(name), "utf-8") or name
    return name


def inline(name: str) -> str:
    """Return the value of a Content-Disposition header that shows a file in the browser, and saves it as
    `name`: `filename*` for those who know RFC 6266, an ASCII form of the name for those who do not."""
    plain = re.sub(r"[^ !#-\[\]-~]", "_", name)
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _word(match: re.Match[str]) -> str:
    charset, kind, content = match.groups()
    base64 = kind in "bB"
    try:
        raw = binascii.a2b_base64(content + "==") if base64 else binascii.a2b_qp(content, header=True)
    except ValueError:  # not ASCII, or no base64
        return match[0]
    return _decoded(raw, charset) or match[0]


def _decoded(raw: bytes, charset: str) -> str:
    """Return `raw` in a charset that the client names, "" when it is not right or not known."""
    try:
        return raw.decode(_CHARSETS[charset.lower()])
    except (LookupError, UnicodeDecodeError):
        return ""
