"""SDP: what an offer says, how it is answered, what is refused."""

from dataclasses import replace

import pytest

from uncall_ari.lab.phones.errors import SipSyntaxError
from uncall_ari.lab.phones.sdp import Session, parse

ASTERISK = (
    b"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=Asterisk\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 14236 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:140\r\na=sendrecv\r\n"
)


def test_an_offer_of_asterisk() -> None:
    assert parse(ASTERISK) == Session("127.0.0.1", 14236, (0, 8, 101), 101, "sendrecv")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"a=sendrecv", b"a=sendonly", {"direction": "sendonly"}),
        (b"c=IN IP4 127.0.0.1", b"c=IN IP4 224.2.1.1/127", {"host": "224.2.1.1"}),
        (b"a=ptime:20", b"c=IN IP4 127.0.0.7", {"host": "127.0.0.7"}),  # a line of the stream's own wins
        (b"rtpmap:101 telephone-event", b"rtpmap:101 opus", {"event_type": None}),
        (b"101", b"96", {"event_type": 96, "payloads": (0, 8, 96)}),
        (b"a=sendrecv", b"m=video 9 RTP/AVP 31\r\na=inactive", {}),
        (b"\r\n", b"\n", {}),
    ],
)
def test_variants(old: bytes, new: bytes, expected: dict[str, object]) -> None:
    assert parse(ASTERISK.replace(old, new)) == replace(
        Session("127.0.0.1", 14236, (0, 8, 101)),
        **expected,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"junk",
        ASTERISK.replace(b"m=audio", b"m=video"),
        ASTERISK.replace(b"14236", b"99999"),
        ASTERISK.replace(b"14236", b"x"),
        ASTERISK.replace(b"AVP 0 8", b"AVP 0 800"),
        ASTERISK.replace(b"c=IN IP4", b"c=IN IP6"),
    ],
)
def test_what_is_refused(body: bytes) -> None:
    with pytest.raises(SipSyntaxError):
        parse(body)


@pytest.mark.parametrize(
    ("offered", "answered"),
    [("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive")],
)
def test_the_answer_mirrors_the_direction(offered: str, answered: str) -> None:
    offer = replace(parse(ASTERISK), direction=offered, event_type=96, payloads=(8, 0, 96))
    answer = offer.answered_by("127.0.0.1", 21500, 5, 1)
    assert parse(answer.build()) == Session("127.0.0.1", 21500, (0, 96), 96, answered)


def test_an_offer_without_our_codec_is_refused() -> None:
    with pytest.raises(SipSyntaxError, match="µ-law"):
        replace(parse(ASTERISK), payloads=(8, 101)).answered_by("127.0.0.1", 21500, 5, 1)


@pytest.mark.parametrize(
    ("changes", "takes"),
    [
        ({}, True),
        ({"direction": "recvonly"}, True),
        ({"direction": "sendonly"}, False),
        ({"direction": "inactive"}, False),
        ({"host": "0.0.0.0"}, False),
        ({"port": 0}, False),
    ],
)
def test_who_takes_audio(changes: dict[str, object], takes: bool) -> None:
    assert replace(parse(ASTERISK), **changes).takes_audio is takes  # type: ignore[arg-type]
