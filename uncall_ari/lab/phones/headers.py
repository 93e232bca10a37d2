"""The parts of SIP header values: URIs, name-addr with its parameters, comma lists (RFC 3261, sections 19 and 20)."""

import re
from dataclasses import dataclass, field

from .errors import SipSyntaxError

_URI = re.compile(
    r"""(?P<scheme>sips?|tel):
        (?:(?P<user>[^@]*)@)?
        (?P<host>\[[0-9A-Fa-f:.]+\]|[^;:?@\s]+)
        (?::(?P<port>\d{1,5}))?
        (?P<params>;[^?]*)?
        (?:\?.*)?$""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_NAME_ADDR = re.compile(r'\s*(?P<display>"(?:[^"\\]|\\.)*"|[^"<]*?)\s*<(?P<uri>[^>]*)>(?P<params>.*)$', re.DOTALL)


@dataclass(frozen=True)
class Uri:
    """A sip, sips or tel URI; in a tel URI the number is the user and there is no host."""

    user: str
    host: str
    port: int = 5060
    params: str = ""

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        return f"sip:{user}{self.host}:{self.port}{self.params}"


def parse_uri(text: str) -> Uri:
    """The URI in `text`; SipSyntaxError when it is none."""
    match = _URI.match(text.strip())
    if match is None:
        raise SipSyntaxError(f"no SIP URI: {text[:80]!r}")
    if match["scheme"].lower() == "tel":
        return Uri(user=match["host"], host="")
    user = (match["user"] or "").split(";")[0].split(":")[0]
    return Uri(user, match["host"], int(match["port"] or 5060), match["params"] or "")


@dataclass(frozen=True)
class Address:
    """A From, To, Contact or Route value: display name, URI as text, parameters by lower-case name."""

    uri: str
    display: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The dialog tag, "" when there is none."""
        return self.params.get("tag", "")

    def __str__(self) -> str:
        escaped = self.display.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}" ' if self.display else ""
        return f"{name}<{self.uri}>" + "".join(f";{k}={v}" if v else f";{k}" for k, v in self.params.items())


def parse_address(text: str) -> Address:
    """The name-addr or addr-spec in `text`. Without angle brackets, parameters belong to the header (20.10)."""
    match = _NAME_ADDR.match(text)
    if match is None:
        uri, _, params = text.strip().partition(";")
        return Address(uri=_some(uri, text), params=parse_params(params))
    display = match["display"]
    if display.startswith('"'):
        display = re.sub(r"\\(.)", r"\1", display[1:-1], flags=re.DOTALL)
    return Address(_some(match["uri"], text), display, parse_params(match["params"]))


def _some(uri: str, text: str) -> str:
    if not uri.strip():
        raise SipSyntaxError(f"no address: {text[:80]!r}")
    return uri.strip()


def parse_params(text: str) -> dict[str, str]:
    """`;a=1;b` as {"a": "1", "b": ""}, names in lower case."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def split_list(text: str) -> list[str]:
    """The values of a comma list; commas in quotes or angle brackets do not part them."""
    parts, start, quoted, angle, escaped = [], 0, False, False, False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"' and not angle:
            quoted = not quoted
        elif not quoted and char in "<>":
            angle = char == "<"
        elif char == "," and not quoted and not angle:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]
