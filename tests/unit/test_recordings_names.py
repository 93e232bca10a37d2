"""File names in the headers that clients send, and in the one that we send."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.disposition import inline, sent_file_name, text
from uncall_ari.errors import RecordingRefused

CHINESE = "促销 欢迎词.wav"
WORD = base64.b64encode(CHINESE.encode()).decode()
GBK_WORD = base64.b64encode(CHINESE.encode("gbk")).decode()

HEADERS: dict[str, tuple[bytes | str, str]] = {
    "a browser": ('form-data; name="file"; filename="hello.wav"', "hello.wav"),
    "a browser, Chinese": (f'form-data; name="file"; filename="{CHINESE}"', CHINESE),
    "Internet Explorer": (r'form-data; name="f"; filename="C:\Users\x\hello.wav"', r"C:\Users\x\hello.wav"),
    "fakepath": (r'form-data; name="f"; filename="C:\fakepath\x.wav"', r"C:\fakepath\x.wav"),
    "PHP 5 with curl": (f'form-data; name="f"; filename="/var/www/{CHINESE}"', f"/var/www/{CHINESE}"),
    "GBK": (f'form-data; name="f"; filename="{CHINESE}"'.encode("gbk"), CHINESE),
    # The last byte of 乗 in GBK is a backslash, of 羆 a bar.
    "GBK with a backslash in it": ('form-data; filename="乗羆.wav"'.encode("gbk"), "乗羆.wav"),
    "no blanks": ("form-data;name=f;filename=hello.wav", "hello.wav"),
    "many blanks": ('form-data ;  name = "f" ; filename = "hello.wav" ', "hello.wav"),
    "any case": ('Form-Data; NAME="f"; FileName="hello.wav"', "hello.wav"),
    "bare with a blank": ("attachment; filename=hello world.wav", "hello world.wav"),
    "semicolons": ('form-data; name="a;b"; filename="a;b;c.wav"', "a;b;c.wav"),
    "name looks like a parameter": ('form-data; name="filename=x.wav"; filename="y.wav"', "y.wav"),
    "name looks like two": ('form-data; name="x; filename=x.wav"; filename="y.wav"', "y.wav"),
    "escaped quote": (r'form-data; filename="a\"b.wav"', 'a"b.wav'),
    "filename*": ("attachment; filename*=UTF-8''%E4%BD%A0%E5%A5%BD.wav", "你好.wav"),
    "filename* first": ("attachment; filename=\"_.wav\"; filename*=utf-8'zh'%E4%BD%A0.wav", "你.wav"),
    "filename* behind": ("attachment; filename*=UTF-8''%E4%BD%A0.wav; filename=\"_.wav\"", "你.wav"),
    "filename* in quotes": ("attachment; filename*=\"UTF-8''%E4%BD%A0.wav\"", "你.wav"),
    "filename* in GBK": ("attachment; filename*=GB2312''%C4%E3.wav", "你.wav"),
    "filename* with a blank": ("attachment; filename*=UTF-8''a%20b.wav", "a b.wav"),
    "filename* of an unknown charset": ("attachment; filename=a.wav; filename*=klingon''b.wav", "a.wav"),
    "filename* of a codec of Python's": ("attachment; filename=a.wav; filename*=unicode_escape''b.wav", "a.wav"),
    "filename* with wrong bytes": ("attachment; filename=a.wav; filename*=UTF-8''%FF.wav", "a.wav"),
    "filename* without its form": ("attachment; filename=a.wav; filename*=b.wav", "a.wav"),
    "RFC 2047 B": (f'form-data; filename="=?UTF-8?B?{WORD}?="', CHINESE),
    "RFC 2047 b, GBK": (f"form-data; filename==?gbk?b?{GBK_WORD}?=", CHINESE),
    "RFC 2047 Q": ('form-data; filename="=?utf-8?Q?=E4=BD=A0_1.wav?="', "你 1.wav"),
    "RFC 2047 in two words": ('form-data; filename="=?utf-8?B?5L2g?= =?utf-8?Q?=E5=A5=BD.wav?="', "你好.wav"),
    "RFC 2047 of nonsense": ('form-data; filename="=?utf-8?B?!?=.wav"', "=?utf-8?B?!?=.wav"),
    "RFC 2047 of an unknown charset": ('form-data; filename="=?x?Q?a?=.wav"', "=?x?Q?a?=.wav"),
    "percent-encoded": ('form-data; filename="%E4%BD%A0%20%22.wav"', '你 ".wav'),
    "percent-encoded path": ('form-data; filename="..%2F..%2Fa.wav"', "../../a.wav"),
    "percent-encoded, wrong bytes": ('form-data; filename="%FF.wav"', "%FF.wav"),
    "percent signs": ('form-data; filename="100%.wav"', "100%.wav"),
    "percent signs beside Chinese": ('form-data; filename="你%20.wav"', "你%20.wav"),
    "twice": ('form-data; filename="a.wav"; filename="b.wav"', "a.wav"),
    "a parameter behind": ("form-data; filename=a.wav;.php", "a.wav"),
    "empty": ('form-data; name="f"; filename=""', ""),
    "none": ('form-data; name="f"', ""),
    "nothing": ("", ""),
    "another parameter": ('form-data; xfilename="a.wav"', ""),
    "quote not closed": ('form-data; filename="a.wav', ""),
}


@pytest.mark.parametrize("client", HEADERS)
def test_the_name_that_a_client_sends(client: str) -> None:
    header, name = HEADERS[client]
    assert sent_file_name(text(header.encode() if isinstance(header, str) else header)) == name


@given(st.text(st.sampled_from("filename*=?utf-8'BQ\"\\;% ab\x00中") | st.characters(), max_size=200))
def test_no_header_is_too_strange(header: str) -> None:
    assert isinstance(sent_file_name("form-data; filename" + header), str)


@given(st.binary(max_size=40))
def test_bytes_are_understood_or_refused(raw: bytes) -> None:
    try:
        understood = text(raw)
    except RecordingRefused:
        return
    assert raw in (understood.encode(), understood.encode("gb18030"))


def test_a_long_header_takes_no_time() -> None:
    start = time.perf_counter()
    for piece in (';filename="', "; ", ";a", ";filename==?", "=?x?Q?a", ";filename=", '\\"', "?= =?"):
        for header in (piece * (8192 // len(piece)), ';filename="' + piece * (8192 // len(piece))):
            sent_file_name(header)
    assert time.perf_counter() - start < 2  # it is about 0.05 s


@pytest.mark.parametrize("name", ["hello.wav", CHINESE, "a,b;c'd(1)%.wav", "=?utf-8?Q?a?=.wav"])
def test_our_header_gives_the_name_back(name: str) -> None:
    header = inline(name)
    assert header.isascii()
    assert header.startswith("inline; ")
    assert sent_file_name(header) == name


def test_our_header_for_those_who_know_ascii_only() -> None:
    assert inline("a b.wav") == "inline; filename=\"a b.wav\"; filename*=UTF-8''a%20b.wav"
    assert inline("你a.wav") == "inline; filename=\"_a.wav\"; filename*=UTF-8''%E4%BD%A0a.wav"
