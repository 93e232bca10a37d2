"""The SOAP endpoint: its paths, and one request from bytes to bytes."""

import asyncio
import re

from aiohttp import web

from api.answers import document
from api.audit import call
from api.auth import cross_site
from api.context import FACADE
from api.incidents import incident
from api.soap.envelope import CONTENT_TYPES, Fault, Version, answer, fault
from api.soap.page import page
from api.soap.request import read_call, version_of
from api.soap.text import xml_text
from api.soap.tree import parse
from api.soap.wsdl import wsdl

BODY_SECONDS = 30  # for a client to send its request

# Bare, with / or /index.php, and with any doubled slash: old configurations have all of them.
_PATH = r"/{endpoint:/*(?:uncall_api|uncall_lib)(?:/+index\.php)?/*}"
_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def soap_routes() -> list[web.RouteDef]:
    """The routes of the endpoint, to be added to an application that has a FACADE."""
    return [web.get(_PATH, _describe), web.post(_PATH, _call)]


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
    base = "uncall_lib" if "uncall_lib" in request.match_info["endpoint"] else "uncall_api"
    return f"{request.scheme}://{host}/{base}/index.php"


async def _call(request: web.Request) -> web.Response:
    """Answer one SOAP request. What is no call gets a fault; a call gets its method's answer."""
    content_type = request.headers.get("Content-Type", "")
    version: Version = "1.2" if "soap+xml" in content_type.lower() else "1.1"
    try:
        if cross_site(request.headers):
            raise Fault("Client", "a page of another site may not call this service")
        root = parse(xml_text(await _body(request), content_type))
        version = version_of(root)
        asked = read_call(root, _action(request, content_type))
        outcome = await call(request, asked.method, asked.given)
        text = document(asked.method, outcome, request.app[FACADE].settings.success_word)
        return _response(answer(asked.method.name, text, version), version, 200)
    except Fault as problem:
        return _response(fault(problem, version), version, 500)
    except Exception as error:
        unforeseen = Fault("Server", incident(error, request.path))
        return _response(fault(unforeseen, version), version, 500)


async def _body(request: web.Request) -> bytes:
    """The body, unchunked and inflated by aiohttp, which counts while it does (`client_max_size`)."""
    try:
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
    in_type = re.search(r'action="?([^";]+)', content_type)
    return request.headers.get("SOAPAction", "").strip('"') or (in_type[1] if in_type else "")


def _response(body: bytes, version: Version, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type=CONTENT_TYPES[version], charset="utf-8")
