"""SIP messages: what is read, what is refused, and that nothing ever crashes the parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.lab.phones.errors import SipSyntaxError
from uncall_ari.lab.phones.headers import Address, Uri, parse_address, parse_params, parse_uri, split_list
from uncall_ari.lab.phones.message import Request, Response, answer, note_source, parse

INVITE = (
    b"INVITE sip:13800138000@127.0.0.1:21000 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKone, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKtwo\r\n"
    b'f: "Bob \\"B\\" <x>" <sip:5551@127.0.0.1>;tag=abc\r\n'
    b"t: <sip:13800138000@127.0.0.1>\r\n"
    b"i: one@example\r\n"
    b"cseq: 7 INVITE\r\n"
    b"m: <sip:5551@127.0.0.1:5060;ob>\r\n"
    b"Record-Route: <sip:a;lr>, <sip:b;lr>\r\n"
    b"SUBJECT: a\r\n b\r\n"
    b"l: 4\r\n\r\nbodyrest"
)


def edited(old: bytes, new: bytes) -> bytes:
    assert old in INVITE
    return INVITE.replace(old, new)


def test_a_request_in_compact_form() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:13800138000@127.0.0.1:21000")
    assert message.all("Via") == [
        "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKone",
        "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKtwo",
    ]
    assert message.branch == "z9hG4bKone"
    assert message.sender == Address("sip:5551@127.0.0.1", 'Bob "B" <x>', {"tag": "abc"})
    assert message.recipient.tag == ""
    assert message.cseq == (7, "INVITE")
    assert message.all("record-route") == ["<sip:a;lr>", "<sip:b;lr>"]
    assert message.get("s") == "a b"
    assert message.body == b"body"


def test_a_response_says_what_its_status_is() -> None:
    response = answer(parse_request(INVITE), 486, "mytag")
    message = parse(response.build())
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (486, "Busy Here")
    assert message.recipient.tag == "mytag"
    assert message.all("via") == parse(INVITE).all("via")
    assert message.all("record-route") == ["<sip:a;lr>", "<sip:b;lr>"]


def parse_request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_a_tag_that_is_there_is_kept() -> None:
    request = parse_request(edited(b"t: <sip:13800138000@127.0.0.1>", b"t: <sip:1@h>;tag=theirs"))
    assert answer(request, 200, "mine").recipient.tag == "theirs"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no end of headers"),
        (b"\r\n\r\n", "no SIP start line"),
        (b"GET / HTTP/1.1\r\n\r\n", "no SIP start line"),
        (b"SIP/2.0 20 OK\r\n\r\n", "no status"),
        (b"SIP/2.0 abc OK\r\n\r\n", "no status"),
        (b"SIP/2.0 099 OK\r\n\r\n", "no status"),
        (edited(b"INVITE sip", b"INVITE  sip"), "no SIP start line"),
        (edited(b"cseq: 7 INVITE", b"cseq: 7 BYE"), "CSeq says 'BYE'"),
        (edited(b"cseq: 7 INVITE", b"cseq: x INVITE"), "no CSeq"),
        (edited(b"cseq: 7 INVITE\r\n", b""), "no CSeq"),
        (edited(b"i: one@example\r\n", b""), "no call-id header"),
        (edited(b"i: one@example", b"just words"), "no header"),
        (edited(b"l: 4", b"l: 400"), "Content-Length"),
        (edited(b"l: 4", b"l: -4"), "Content-Length"),
        (edited(b"t: <sip:13800138000@127.0.0.1>", b"t: <>"), "no address"),
        (edited(b"one@example", b"one\nInjected: yes"), "a bare line end"),
    ],
)
def test_what_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(SipSyntaxError, match=problem):
        parse(data)


def test_a_missing_length_takes_the_whole_datagram() -> None:
    assert parse(edited(b"l: 4\r\n", b"")).body == b"bodyrest"


def test_a_line_end_never_leaves_in_a_header() -> None:
    request = Request(method="INVITE", uri="sip:1@h")
    request.add("Subject", "a\r\nTo: <sip:other@h>")
    with pytest.raises(ValueError, match="a line end within a SIP header"):
        request.build()


def test_the_source_is_noted_where_it_was_asked_for() -> None:
    request = parse_request(INVITE)
    note_source(request, "127.0.0.9", 4444)
    first, second = request.all("via")
    assert parse_params(first.partition(";")[2]) == {"rport": "4444", "branch": "z9hG4bKone", "received": "127.0.0.9"}
    assert second == "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKtwo"


@given(st.binary(max_size=400))
def test_junk_never_crashes(data: bytes) -> None:
    try_to_parse(data)


@given(st.integers(0, len(INVITE) - 1), st.binary(max_size=12), st.integers(0, 30))
def test_a_damaged_message_never_crashes(at: int, junk: bytes, cut: int) -> None:
    try_to_parse(INVITE[:at] + junk + INVITE[at + cut :])


def try_to_parse(data: bytes) -> None:
    """What can be parsed can be answered, and the answer can be parsed."""
    try:
        message = parse(data)
    except SipSyntaxError:
        return
    if isinstance(message, Request):
        again = parse(answer(message, 200, "t").build())
        assert (again.cseq, again.branch) == (message.cseq, message.branch)
        note_source(message, "127.0.0.1", 1)


@given(st.text(max_size=40), st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.just("1"), max_size=3))
def test_a_display_name_survives(display: str, params: dict[str, str]) -> None:
    display = display.replace("\r", "").replace("\n", "")
    address = Address("sip:801@127.0.0.1", display, params)
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:801@127.0.0.1", Uri("801", "127.0.0.1", 5060)),
        ("SIP:801@host:21000;transport=udp?x=y", Uri("801", "host", 21000, ";transport=udp")),
        ("sips:host", Uri("", "host")),
        ("sip:+86138;phone-context=cn@host;user=phone", Uri("+86138", "host", 5060, ";user=phone")),
        ("sip:user:secret@host", Uri("user", "host")),
        ("sip:[::1]:5080", Uri("", "[::1]", 5080)),
        ("tel:+8613800138000", Uri("+8613800138000", "")),
    ],
)
def test_uris(text: str, uri: Uri) -> None:
    assert parse_uri(text) == uri


@pytest.mark.parametrize("text", ["", "801", "http://host", "sip:", "sip:a@", "sip:a b", "mailto:a@b"])
def test_no_uris(text: str) -> None:
    with pytest.raises(SipSyntaxError):
        parse_uri(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        ('"x, y" <sip:a>, <sip:b;c="d,e">', ['"x, y" <sip:a>', '<sip:b;c="d,e">']),
        ("<sip:a,b>,<sip:c>", ["<sip:a,b>", "<sip:c>"]),
        ('"a\\",b", c', ['"a\\",b"', "c"]),
    ],
)
def test_lists(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts
