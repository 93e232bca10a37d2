"""Who may use the service: by address, by API key, or by HTTP Basic; a sound, by its signed address (`api.sounds`).

A request is let in if its address is in `networks` or it carries a valid key or password. One that
carries a wrong one is refused even from such an address: its owner believes to be somebody, and an
answer would hide the mistake until the day the address changes.

The address is that of the TCP connection. `X-Forwarded-For` is not read: anybody can write it.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from api.context import CALLER, FACADE
from uncall_ari.config import WebSettings

log = structlog.get_logger("api.auth")

API_KEY = "X-API-Key"
SIGNED = "signed"  # name of the one route whose addresses are credentials themselves; its handler checks them


class Refused(Exception):
    """Not let in: 401 when credentials could help, else 403."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


@web.middleware
async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let known clients in and note who they are; tell others so in one line, and log it."""
    if request.match_info.route.name == SIGNED:
        request[CALLER] = "signed address"
        return await handler(request)
    settings = request.app[FACADE].settings
    try:
        request[CALLER] = admit(settings, request.remote or "", request.headers)
    except Refused as refused:
        log.warning("refused", address=request.remote, path=request.path[:200], reason=refused.reason)
        response = web.Response(status=refused.status, text=refused.reason + "\n")
        if refused.status == 401:
            response.headers.extend((hdrs.WWW_AUTHENTICATE, scheme) for scheme in _schemes(settings))
        return response
    return await handler(request)


def admit(settings: WebSettings, peer: str, headers: Mapping[str, str]) -> str:
    """Who makes the request, in words for the log; raises Refused. `peer` is the connection's address."""
    configured = settings.api_keys or settings.users
    shown = [*_key(settings, headers), *_user(settings, headers)] if configured else []
    if any(who is None for who in shown):
        raise Refused(401, "wrong credentials")
    for who in shown:
        if who:
            return who
    if known := _known_address(peer, settings.networks):
        return f"address {known}"
    if configured:
        raise Refused(401, "credentials needed")
    raise Refused(403, "address not allowed")


def cross_site(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site makes the browser send this. A trusted address or a remembered
    password would else let any page on the web start calls. Programs send none of these headers.

    A form or a script has an Origin. An image or a link has none: there is Sec-Fetch-Site, which browsers send over
    HTTPS and to this computer itself, and Referer, which the page can leave out.
    """
    if headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
        return True
    host = headers.get(hdrs.HOST, "").lower()
    origin, referer = headers.get(hdrs.ORIGIN), headers.get(hdrs.REFERER, "")
    if origin is not None:
        return origin.partition("://")[2].lower() != host
    return referer != "" and referer.partition("://")[2].partition("/")[0].lower() != host


def _schemes(settings: WebSettings) -> list[str]:
    basic = ['Basic realm="uncall", charset="UTF-8"'] if settings.users else []
    return basic + (['Bearer realm="uncall"'] if settings.api_keys else [])


def _key(settings: WebSettings, headers: Mapping[str, str]) -> Iterable[str | None]:
    """For each key shown, whose it is, or None for nobody's. Nothing while no keys are configured."""
    shown = [headers[API_KEY]] if API_KEY in headers else []
    scheme, _, bearer = headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        shown.append(bearer)
    for given in shown if settings.api_keys else []:
        owner = None
        for number, key in enumerate(settings.api_keys, start=1):
            if _same(given.strip(), key.get_secret_value()):
                owner = f"key {number}"
        yield owner


def _user(settings: WebSettings, headers: Mapping[str, str]) -> Iterable[str | None]:
    """The same for HTTP Basic (RFC 7617)."""
    scheme, _, encoded = headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "basic" or not settings.users:
        return
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        yield None
        return
    owner = None
    for known, secret in settings.users.items():
        if _same(name, known) & _same(password, secret.get_secret_value()):
            owner = f"user {known}"
    yield owner


def _same(given: str, known: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode("utf-8", "replace"))


@lru_cache(maxsize=1024)
def _known_address(peer: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> str:
    """The address, IPv4 as such, if it is in one of the networks; else ""."""
    try:
        address = ip_address(peer.partition("%")[0])
    except ValueError:
        return ""
    plain = getattr(address, "ipv4_mapped", None) or address
    return str(plain) if any(plain in network for network in networks) else ""
