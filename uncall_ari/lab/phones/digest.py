"""Digest authentication of a client (RFC 2617 and 7616: MD5 or SHA-256, with qop=auth or without)."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import SipSyntaxError
from .message import Request, Response

_PARAM = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
CHALLENGES = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True)
class Challenge:
    """What a WWW-Authenticate or Proxy-Authenticate header asks for."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: str = ""  # "auth", or "" for the form of RFC 2069
    opaque: str = ""


def parse_challenge(header: str) -> Challenge:
    """The challenge in a header value. SipSyntaxError when it is one that cannot be met here."""
    scheme, _, rest = header.strip().partition(" ")
    params = {name.lower(): quoted or plain for name, quoted, plain in _PARAM.findall(rest)}
    if scheme.lower() != "digest" or not params.get("nonce") or "realm" not in params:
        raise SipSyntaxError(f"no digest challenge: {scheme[:20]!r}")
    algorithm = params.get("algorithm", "MD5").upper()
    offered = [part.strip().lower() for part in params.get("qop", "").split(",") if part.strip()]
    if algorithm not in ALGORITHMS or (offered and "auth" not in offered):
        raise SipSyntaxError(f"digest with {algorithm} and qop {offered} is not known here")
    return Challenge(params["realm"], params["nonce"], algorithm, "auth" if offered else "", params.get("opaque", ""))


def choose_challenge(headers: Iterable[str]) -> Challenge:
    """The first challenge of several that can be met (RFC 7616 3.7); SipSyntaxError when none can."""
    problem = SipSyntaxError("no challenge at all")
    for header in headers:
        try:
            return parse_challenge(header)
        except SipSyntaxError as error:
            problem = error
    raise problem


def authorization(
    challenge: Challenge, user: str, password: str, method: str, uri: str, cnonce: str = "", count: int = 1
) -> str:
    """The value of the Authorization header that answers `challenge` for one request."""
    cnonce = cnonce or secrets.token_hex(8)
    digest = digest_response(challenge, user, password, method, uri, cnonce, count)
    parts = [
        f'username="{user}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{digest}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.qop:
        parts += [f"qop={challenge.qop}", f'cnonce="{cnonce}"', f"nc={count:08x}"]
    if challenge.opaque:
        parts.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join(parts)


def digest_response(
    challenge: Challenge, user: str, password: str, method: str, uri: str, cnonce: str, count: int
) -> str:
    """The digest itself, in hexadecimal (RFC 7616 3.4.1)."""

    def hashed(text: str) -> str:
        return ALGORITHMS[challenge.algorithm](text.encode()).hexdigest()

    secret = hashed(f"{user}:{challenge.realm}:{password}")
    request = hashed(f"{method}:{uri}")
    if challenge.qop:
        return hashed(f"{secret}:{challenge.nonce}:{count:08x}:{cnonce}:{challenge.qop}:{request}")
    return hashed(f"{secret}:{challenge.nonce}:{request}")


@dataclass(frozen=True)
class Credentials:
    """A name and its password for digest authentication."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.user!r})"  # never the password


def authorize(request: Request, refusal: Response, credentials: Credentials) -> Request:
    """The same request once more, with what `refusal` (401 or 407) asks for. SipSyntaxError if it cannot be met."""
    asked, given = CHALLENGES[refusal.status]
    challenge = choose_challenge(refusal.all(asked))
    value = authorization(challenge, credentials.user, credentials.password, request.method, request.uri)
    again = Request(method=request.method, uri=request.uri, body=request.body)
    number, method = request.cseq
    again.fields = [(k, v) for k, v in request.fields if k not in ("Via", "CSeq")]
    again.add("CSeq", f"{number + 1} {method}")
    again.add(given, value)
    return again
