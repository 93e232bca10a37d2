"""The envelopes that we send: answers and faults, for SOAP 1.1 and 1.2."""

from dataclasses import dataclass
from typing import Literal

from api.answers import escape, escape_markup

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SERVICE = "urn:Uncall"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"
ENCODING11 = "http://schemas.xmlsoap.org/soap/encoding/"
ENCODING12 = "http://www.w3.org/2003/05/soap-encoding"

Version = Literal["1.1", "1.2"]
CONTENT_TYPES: dict[Version, str] = {
    "1.1": "text/xml; charset=utf-8",
    "1.2": "application/soap+xml; charset=utf-8",
}

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TYPES = f'xmlns:xsd="{XSD}" xmlns:xsi="{XSI}"'
_OPEN11 = (
    f'{_HEAD}<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP11}" xmlns:ns1="{SERVICE}" {_TYPES} '
    f'xmlns:SOAP-ENC="{ENCODING11}" SOAP-ENV:encodingStyle="{ENCODING11}"><SOAP-ENV:Body>'
)
_CLOSE11 = "</SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
_OPEN12 = (
    f'{_HEAD}<env:Envelope xmlns:env="{SOAP12}" xmlns:ns1="{SERVICE}" {_TYPES} xmlns:enc="{ENCODING12}"><env:Body>'
)
_CLOSE12 = "</env:Body></env:Envelope>\n"
_CODES12 = {"Client": "Sender", "Server": "Receiver"}  # the other codes have one name in both versions


@dataclass
class Fault(Exception):
    """What is answered to a request that is no call: SOAP 1.1's fault code, and the reason."""

    code: Literal["Client", "Server", "VersionMismatch", "MustUnderstand"]
    reason: str
    version: Version | None = None  # of the request, once it is known


def answer(name: str, document: str, version: Version = "1.1") -> bytes:
    """The envelope around the result document of the method `name`.

    The document is escaped, never CDATA: two Node clients parse CDATA into objects. The return element
    has no namespace, or gSOAP and .NET read nothing.
    """
    value = f'<{name} xsi:type="xsd:string">{escape_markup(document)}</{name}>'
    if version == "1.1":
        body = f"{_OPEN11}<ns1:{name}Response>{value}</ns1:{name}Response>{_CLOSE11}"
    else:  # SOAP 1.2 part 2, 4.2.1: rpc:result names the return element; SOAP::Lite takes the first child
        body = (
            f'{_OPEN12}<ns1:{name}Response env:encodingStyle="{ENCODING12}">{value}'
            f'<rpc:result xmlns:rpc="http://www.w3.org/2003/05/soap-rpc">{name}</rpc:result>'
            f"</ns1:{name}Response>{_CLOSE12}"
        )
    return body.encode()


def fault(problem: Fault, version: Version = "1.1") -> bytes:
    """The envelope of a fault."""
    reason = escape(problem.reason)
    if version == "1.1":
        body = (
            f"{_OPEN11}<SOAP-ENV:Fault><faultcode>SOAP-ENV:{problem.code}</faultcode>"
            f"<faultstring>{reason}</faultstring></SOAP-ENV:Fault>{_CLOSE11}"
        )
    else:
        code = _CODES12.get(problem.code, problem.code)
        body = (
            f"{_OPEN12}<env:Fault><env:Code><env:Value>env:{code}</env:Value></env:Code>"
            f'<env:Reason><env:Text xml:lang="en">{reason}</env:Text></env:Reason></env:Fault>{_CLOSE12}'
        )
    return body.encode()
