"""Hostile requests: stopped early, in bounded time, and with nothing but a fault."""

import asyncio
import gzip
import random
import time
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from api.answers import document
from api.calls import carry_out
from api.methods import METHODS
from api.soap.envelope import Fault, answer, fault
from api.soap.request import Call, read
from api.soap.text import BODY_LIMIT
from tests.facade_engine import FacadeEngine

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
MANY = BODY_LIMIT // 16


def call(body: bytes, content_type: str = "text/xml", action: str = "") -> Call:
    """What the endpoint makes of a request."""
    return read(body, content_type, action)


BOMBS = {
    "entities": '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>',
    "a file": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "the network": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
    "small letters": "<!doctype a><a/>",
    "after a comment": "<!-- <a> --><!DOCTYPE a><a/>",
    "parameter entities": '<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd"> %b;]><a/>',
    "nodes": "<a>" + "<b/>" * MANY * 3 + "</a>",
    "depth": "<a>" * MANY * 4,
    "a little too deep": "<a>" * 300 + "</a>" * 300,
    "attributes": "<a " + " ".join(f'a{number}=""' for number in range(MANY)) + "/>",
    "names": "<" + "a" * BODY_LIMIT + "/>",
    "less than": "<" * BODY_LIMIT,
    "unended attribute": '<a b="' + "x" * BODY_LIMIT,
    "inclusion": '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></a>',
    "style sheet": '<?xml-stylesheet href="file:///etc/passwd"?><a/>',
}


@pytest.mark.parametrize("what", BOMBS)
def test_bombs_are_faults_without_effect(what: str) -> None:
    started = time.monotonic()
    tracemalloc.start()
    with pytest.raises(Fault) as problem:
        call(BOMBS[what].encode())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "root:" not in problem.value.reason
    assert peak < 32 * BODY_LIMIT
    assert time.monotonic() - started < 5  # measured: under 0.1 s


def test_references_do_not_multiply() -> None:
    items = "".join(f'<m id="{n}"><i href="#{n + 1}"/><i href="#{n + 1}"/></m>' for n in range(40))
    body = (
        f'<e:Envelope xmlns:e="{SOAP11}"><e:Body><UncallWorld><text href="#0"/></UncallWorld>{items}'
        f'<m id="40">{"x" * 1000}</m></e:Body></e:Envelope>'
    )
    found = call(body.encode())
    assert len(found.given["text"]) < 10


def test_a_compressed_bomb_is_stopped_while_inflating() -> None:
    bomb = gzip.compress(b"<a>" + b"x" * 64 * BODY_LIMIT)
    tracemalloc.start()
    with pytest.raises(Fault, match="too large"):
        call(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * BODY_LIMIT


def test_damaged_compression_is_a_fault() -> None:
    with pytest.raises(Fault):
        call(gzip.compress(b"<a/>")[:-12] + b"\0" * 12)
    with pytest.raises(Fault):
        call(b"\x1f\x8b")


MOST = max(METHODS, key=lambda method: len(method.params))
PARAMETERS = "".join(f"<{param.name}>1</{param.name}>" for param in MOST.params)
SEEDS = [
    f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{SOAP11}"><e:Body><{MOST.name}>'
    f"{PARAMETERS}</{MOST.name}></e:Body></e:Envelope>",
    f'<e:Envelope xmlns:e="{SOAP11}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><e:Header/><e:Body>'
    '<UncallWorld><a href="#1"/></UncallWorld><m id="1" i:type="x:base64">MTIz</m></e:Body></e:Envelope>',
    f'<e:Envelope xmlns:e="{SOAP11}"><e:Body><getAllTask><![CDATA[x]]></getAllTask></e:Body></e:Envelope>',
]
PIECES = [
    "<",
    ">",
    "&",
    "&#0;",
    "\0",
    "]]>",
    "<![CDATA[",
    "<!--",
    '"',
    "'",
    "/",
    "=",
    ":",
    "\udcff",
    "٣",
    "e:",
    "id",
    "#1",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An envelope with some places cut, doubled, or overwritten."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = at + draw(st.integers(0, 20))
        text = text[:at] + draw(st.sampled_from([*PIECES, text[at:end] * 2, ""])) + text[end:]
    return text.encode(draw(st.sampled_from(["utf-8", "gb18030", "utf-16"])), "replace")


CONTENT_TYPES = [
    "",
    "text/xml; charset=utf-8",
    "text/xml; charset=gbk",
    'multipart/related; boundary="e:"',
    "multipart/related; boundary=",
    "application/soap+xml; action=getTrunkList",
    "; charset=",
    "\udcff",
]
ACTIONS = ["", "getTrunkList", '"#"', "\udcff", "#" * 1000]


@settings(max_examples=600, deadline=None)
@given(
    body=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode()), mutated()),
    content_type=st.sampled_from(CONTENT_TYPES),
    action=st.sampled_from(ACTIONS),
)
@example(body=b"", content_type="", action="")
@example(body=b"\xef\xbb\xbf", content_type="", action="")
@example(body=b"<?xml version='1.0' encoding='utf-8'?>", content_type="", action="")
def test_any_bytes_are_a_call_or_a_fault(body: bytes, content_type: str, action: str) -> None:
    try:
        found = call(body, content_type, action)
    except Fault as problem:
        for version in ("1.1", "1.2"):
            etree.fromstring(fault(problem, version))
    else:
        etree.fromstring(answer(found.method.name, str(found.given), found.version))


@settings(max_examples=400, deadline=None)
@given(
    method=st.sampled_from(METHODS),
    values=st.lists(
        st.one_of(
            st.text(max_size=60),
            st.sampled_from(["", "0", "1", "494", "sip/test/", "127000", "127003", "09:00", "i", "run", "1.5", "٣"]),
        ),
        max_size=11,
    ),
)
def test_any_values_get_an_answer_in_shape(tmp_path_factory: pytest.TempPathFactory, method, values: list[str]) -> None:
    engine = FacadeEngine(tmp_path_factory.getbasetemp() / "fuzzed-recordings")
    sent = dict(zip((param.name for param in method.params), values, strict=False))
    outcome = asyncio.run(carry_out(method, sent, engine))
    text = document(method, outcome)
    root = etree.fromstring(text.encode())
    assert root.tag == method.root
    assert "incident" not in text
    inner = etree.fromstring(answer(method.name, text)).find(".//{*}Body/*/*")
    assert inner.text == text


def test_fuzzing_does_reach_calls() -> None:
    """The mutations are gentle enough that some requests still are calls: else the tests above say little."""
    chance = random.Random(1)
    reached = 0
    for _ in range(200):
        seed = chance.choice(SEEDS)
        at = chance.randrange(len(seed))
        try:
            call((seed[:at] + chance.choice(PIECES) + seed[at:]).encode("utf-8", "replace"))
        except Fault:
            continue
        reached += 1
    assert 5 < reached < 195
