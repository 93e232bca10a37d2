"""SIP messages: parse what came, build what goes (the part of RFC 3261 that calls and registrations need)."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from .errors import SipSyntaxError
from .headers import Address, parse_address, parse_params, split_list

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "o": "event", "r": "refer-to", "s": "subject", "t": "to",
    "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip
_LINE = re.compile(r"[^\r\n\0]*")
LISTS = {"via", "route", "record-route", "contact"}  # headers whose comma lists are taken apart
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 420: "Bad Extension",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
    487: "Request Terminated", 488: "Not Acceptable Here", 500: "Server Internal Error",
    503: "Service Unavailable", 603: "Decline",
}  # fmt: skip


def canonical(name: str) -> str:
    """A header's full name in lower case: `i` and `CALL-ID` are both `call-id`."""
    name = name.strip().lower()
    return COMPACT.get(name, name)


@dataclass
class Headers:
    """What requests and responses share: headers in their order, and a body."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first value of a header, "" when it is missing."""
        name = canonical(name)
        return next((value for key, value in self.fields if canonical(key) == name), "")

    def all(self, name: str) -> list[str]:
        """All values of a header, in order."""
        name = canonical(name)
        return [value for key, value in self.fields if canonical(key) == name]

    def add(self, name: str, value: str) -> None:
        self.fields.append((name, value))

    @cached_property
    def call_id(self) -> str:
        return self.get("call-id")

    @cached_property
    def cseq(self) -> tuple[int, str]:
        """CSeq as (number, method); SipSyntaxError when it is not that."""
        number, _, method = self.get("cseq").partition(" ")
        if not (number.isascii() and number.isdigit() and len(number) <= 10 and method.strip()):
            raise SipSyntaxError(f"no CSeq: {self.get('cseq')[:80]!r}")
        return int(number), method.strip()

    @cached_property
    def sender(self) -> Address:
        """The From header."""
        return parse_address(self.get("from"))

    @cached_property
    def recipient(self) -> Address:
        """The To header."""
        return parse_address(self.get("to"))

    @cached_property
    def branch(self) -> str:
        """The branch of the topmost Via: the transaction's id."""
        return parse_params(self.get("via").partition(";")[2]).get("branch", "")

    def start_line(self) -> str:
        raise NotImplementedError

    def build(self) -> bytes:
        """The message as it goes on the wire, Content-Length added. ValueError for a line end within a header."""
        lines = [self.start_line()]
        lines += [f"{name}: {value}" for name, value in self.fields]
        lines.append(f"Content-Length: {len(self.body)}")
        if any(not _LINE.fullmatch(line) for line in lines):
            raise ValueError(f"a line end within a SIP header: {lines!r}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Request(Headers):
    """A request: INVITE, ACK, BYE and so on."""

    method: str = ""
    uri: str = ""

    def start_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"


@dataclass
class Response(Headers):
    """A response with its status."""

    status: int = 0
    reason: str = ""

    def start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason or REASONS.get(self.status, 'Unknown')}"


Message: TypeAlias = Request | Response


def parse(data: bytes) -> Message:
    """The message in one datagram. SipSyntaxError for anything that cannot be answered or matched."""
    head, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        raise SipSyntaxError("no end of headers")
    lines = head.decode("utf-8", "backslashreplace").split("\r\n")
    if not all(_LINE.fullmatch(line) for line in lines):
        raise SipSyntaxError("a bare line end in a header")
    fields = _fields(lines[1:])
    message = _start(lines[0], fields)
    message.body = _sized(message, body)
    for name in ("via", "from", "to", "call-id"):
        if not message.get(name):
            raise SipSyntaxError(f"no {name} header")
    method = message.cseq[1]
    if isinstance(message, Request) and method != message.method:
        raise SipSyntaxError(f"CSeq says {method[:20]!r} in a {message.method[:20]!r}")
    _ = message.sender, message.recipient  # read now, so that nothing later can fail on them
    return message


def _start(line: str, fields: list[tuple[str, str]]) -> Message:
    parts = line.split(" ", 2)
    if len(parts) >= 2 and parts[0] == "SIP/2.0":
        code = parts[1]
        if not (len(code) == 3 and code.isascii() and code.isdigit() and "100" <= code <= "699"):
            raise SipSyntaxError(f"no status: {line[:80]!r}")
        return Response(fields, status=int(code), reason=parts[2] if len(parts) > 2 else "")
    if len(parts) == 3 and parts[2] == "SIP/2.0" and parts[0] and parts[1]:
        return Request(fields, method=parts[0], uri=parts[1])
    raise SipSyntaxError(f"no SIP start line: {line[:80]!r}")


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and unfolded:  # a folded header goes on (7.3.1)
            unfolded[-1] += " " + line.strip()
        else:
            unfolded.append(line)
    fields = []
    for line in unfolded:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise SipSyntaxError(f"no header: {line[:80]!r}")
        name, value = canonical(name), value.strip()
        fields += [(name, part) for part in split_list(value)] if name in LISTS else [(name, value)]
    return fields


def _sized(message: Message, body: bytes) -> bytes:
    """The body by Content-Length; over UDP the rest of the datagram when there is none (18.3)."""
    length = message.get("content-length")
    message.fields = [(name, value) for name, value in message.fields if name != "content-length"]
    if not length:
        return body
    if not (length.isascii() and length.isdigit()) or len(length) > 6 or int(length) > len(body):
        raise SipSyntaxError(f"Content-Length is {length[:20]!r}, the body has {len(body)} bytes")
    return body[: int(length)]


def answer(request: Request, status: int, tag: str = "", reason: str = "") -> Response:
    """A response to `request` with the headers that 8.2.6 copies; `tag` goes into To unless it has one."""
    response = Response(status=status, reason=reason)
    response.fields = [("Via", value) for value in request.all("via")]
    response.fields += [("Record-Route", value) for value in request.all("record-route")]
    response.add("From", request.get("from"))
    to = request.get("to")
    response.add("To", f"{to};tag={tag}" if tag and not request.recipient.tag else to)
    response.add("Call-ID", request.call_id)
    response.add("CSeq", request.get("cseq"))
    return response


def note_source(request: Request, host: str, port: int) -> None:
    """Write where a request came from into its topmost Via, if that asks for it with `rport` (RFC 3581)."""
    for index, (name, value) in enumerate(request.fields):
        if canonical(name) == "via":
            if parse_params(value.partition(";")[2]).get("rport") == "":
                stamped = re.sub(r";\s*rport\s*=?\s*(?=;|$)", f";rport={port}", value, count=1, flags=re.I)
                request.fields[index] = (name, f"{stamped};received={host}")
            return
