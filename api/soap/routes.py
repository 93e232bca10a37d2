"""The SOAP endpoint: its paths, and one request from bytes to bytes."""

import asyncio
import re

from aiohttp import web

from api.answers import document
from api.audit import call
from api.auth import cross_site
from api.context import FACADE
from api.incidents import incident
from api.outcome import Outcome, Success
from api.soap.envelope import CONTENT_TYPES, Fault, Version, answer, fault
from api.soap.page import page
from api.soap.request import Call, read
from api.soap.wsdl import wsdl

BODY_SECONDS = 30  # for a client to send its request

# The usual paths; then bare, with /, and with any doubled slash: old configurations have all of them.
_PATHS = (
    "/uncall_api/index.php",
    "/uncall_lib/index.php",
    r"/{_:/*(?:uncall_api|uncall_lib)(?:/+index\.php)?/*}",
)
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def soap_routes() -> list[web.RouteDef]:
    """The routes of the endpoint, to be added to an application that has a FACADE."""
    return [route for path in _PATHS for route in (web.get(path, _describe), web.post(path, _call))]


async def _describe(request: web.Request) -> web.Response:
    """The WSDL for `?wsdl` in any case, else a page for people."""
    asked = next((value for name, value in request.query.items() if name.lower() == "wsdl"), None)
    if asked is None:
        return web.Response(body=page(), content_type="text/html", charset="utf-8")
    use = "literal" if asked.lower() == "literal" else "encoded"
    return web.Response(body=wsdl(_address(request), use), content_type="text/xml", charset="utf-8")


def _address(request: web.Request) -> str:
    """The URL to post to. PHP and C# take it from the WSDL, so it is the host that they asked."""
    host = request.headers.get("Host", "")
    if _HOST.fullmatch(host) is None:  # HTTP/1.0, or an attempt to write into our WSDL
        local = request.transport.get_extra_info("sockname") if request.transport else None
        host = f"{local[0]}:{local[1]}" if local and ":" not in local[0] else "localhost"
    base = "uncall_lib" if "uncall_lib" in request.path else "uncall_api"
    return f"{request.scheme}://{host}/{base}/index.php"


async def _call(request: web.Request) -> web.Response:
    """Answer one SOAP request. What is no call gets a fault; a call gets its method's answer."""
    content_type = request.headers.get("Content-Type", "")
    version: Version = "1.2" if "soap+xml" in content_type.lower() else "1.1"
    try:
        if cross_site(request.headers):
            raise Fault("Client", "a page of another site may not call this service")
        asked = read(await _body(request), content_type, _action(request, content_type))
        version = asked.version
        outcome = await call(request, asked.method, asked.given)
        return _response(_written(asked, outcome, request.app[FACADE].settings.success_word), version, 200)
    except Fault as problem:
        version = problem.version or version
        return _response(fault(problem, version), version, 500)
    except Exception as error:
        unforeseen = Fault("Server", incident(error, request.path))
        return _response(fault(unforeseen, version), version, 500)


def _written(asked: Call, outcome: Outcome, success_word: str) -> bytes:
    """The answer's bytes; those of a shared answer are made once."""
    form = (asked.version, success_word)
    if isinstance(outcome, Success) and form in outcome.written:
        return outcome.written[form]
    written = answer(asked.method.name, document(asked.method, outcome, success_word), asked.version)
    if isinstance(outcome, Success) and asked.method.shared:
        outcome.written[form] = written
    return written


async def _body(request: web.Request) -> bytes:
    """The body, unchunked and inflated by aiohttp, which counts while it does (`client_max_size`)."""
    try:
        if request.content.is_eof():  # nearly always: it came with the head
            return await request.read()
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Fault("Client", "the request is too large") from None
    except TimeoutError:
        raise Fault("Client", "the request did not arrive in time") from None
    except (web.RequestPayloadError, ConnectionError):
        raise Fault("Client", "the request is damaged or broken off") from None


def _action(request: web.Request, content_type: str) -> str:
    """SOAP 1.1 has its action in a header, 1.2 in the Content-Type."""
    if action := request.headers.get("SOAPAction", "").strip('"'):
        return action
    in_type = re.search(r'action="?([^";]+)', content_type)
    return in_type[1] if in_type else ""


def _response(body: bytes, version: Version, status: int) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": CONTENT_TYPES[version]})
