"""From an envelope to a call: which method, and its parameters by name (every client's way of writing)."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from api.methods import METHODS, Method
from api.soap.envelope import SOAP11, SOAP12, Fault, Version
from api.soap.text import xml_text
from api.soap.tree import attributes, local_name, namespace, parse

_BY_NAME = {method.name.lower(): method for method in METHODS}
_VERSIONS: dict[str, Version] = {SOAP11: "1.1", SOAP12: "1.2"}
_SMALL = 2048  # bytes; what is larger is seldom sent twice
_MAX_HOPS = 4  # from reference to reference; a longer chain is a trap
_BASE64 = re.compile(r"(?:^|:)base64(?:Binary)?$")
_with_id: Callable[..., Any] = etree.XPath("//*[@*[local-name() = 'id'] = $wanted]")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was sent, not checked yet."""

    version: Version
    method: Method
    given: Mapping[str, str]


def read(body: bytes, content_type: str, action: str) -> Call:
    """The call in a request; `action` is the SOAPAction, asked only when the body names no method.

    Raises Fault for what is no SOAP, an unknown operation, and a header that must be understood.
    """
    small = len(body) + len(content_type) + len(action) <= _SMALL
    return (_remembered if small else _read)(body, content_type, action)


def _read(body: bytes, content_type: str, action: str) -> Call:
    root = parse(xml_text(body, content_type))
    version = _VERSIONS.get(namespace(root))
    if version is None or local_name(root) != "Envelope":
        raise Fault("VersionMismatch", "the request is no SOAP 1.1 or 1.2 envelope")
    try:
        return Call(version, *_operation(root, action))
    except Fault as fault:
        fault.version = version
        raise


# Programs poll: each agent's screen asks the same question every few seconds, in the same bytes.
_remembered = lru_cache(maxsize=8192)(_read)  # 25 MB at the very most


def _operation(root: etree._Element, action: str) -> tuple[Method, dict[str, str]]:
    body = None
    for part in root:
        if local_name(part) == "Header":
            _refuse_mandatory(part)
        elif local_name(part) == "Body" and body is None:
            body = part
    if body is None:
        raise Fault("Client", "the envelope has no body")
    for child in body:  # Axis puts multiRef elements beside the call
        if method := _method(local_name(child)):
            return method, _parameters(method, child)
    if method := _method(re.split("[#/:]", action.strip("\"' "))[-1]):
        return method, _parameters(method, body[0]) if len(body) else {}
    name = local_name(body[0]) if len(body) else action
    raise Fault("Client", f"unknown operation {name[:80]!r}")


def _method(name: str) -> Method | None:
    name = name.lower()
    return _BY_NAME.get(name) or _BY_NAME.get(name.removesuffix("request"))


def _refuse_mandatory(header: etree._Element) -> None:
    """SOAP 1.1, 4.2.3: a block that must be understood and is not ends the call. We understand none."""
    for block in header:
        if attributes(block).get("mustUnderstand") in ("1", "true"):
            raise Fault("MustUnderstand", f"the header {local_name(block)[:80]!r} is not understood")


def _parameters(method: Method, call: etree._Element) -> dict[str, str]:
    """Values by the contract's names: by name if any name is known, else by position."""
    names = {param.name.lower(): param.name for param in method.params}
    children = [(local_name(child).lower(), child) for child in call]
    if not any(name in names for name, _ in children):
        children = list(zip(names, call, strict=False))
    given: dict[str, str] = {}
    for name, child in children:
        if name in names:
            given.setdefault(names[name], _value(child))
    return given


def _value(element: etree._Element) -> str:
    """The text of a parameter; an array's items are joined by commas, never run together."""
    marks = attributes(element)
    if marks.get("href") or marks.get("ref"):
        element = _referred(element)
        marks = attributes(element)
    if marks.get("nil", marks.get("null")) in ("1", "true"):
        return ""
    if len(element):  # references are not followed here: a few could stand for gigabytes
        return ",".join(item.text or "" for item in element)
    text = element.text or ""
    return _from_base64(text) if _BASE64.search(marks.get("type", "")) else text


def _referred(element: etree._Element) -> etree._Element:
    """The element that `href="#id"` (SOAP 1.1, section 5) or `enc:ref="id"` (1.2) leads to."""
    for _ in range(_MAX_HOPS):
        marks = attributes(element)
        reference = marks.get("href") or marks.get("ref")
        if not reference:
            return element
        found = _with_id(element, wanted=reference.removeprefix("#"))
        if not found:
            break
        element = found[0]
    raise Fault("Client", "a reference leads nowhere")


def _from_base64(text: str) -> str:
    """SOAP::Lite sends text that is not ASCII as base64 of its bytes."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Fault("Client", "a parameter typed as base64 is not base64") from None
    for codec in ("utf-8", "gb18030"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    raise Fault("Client", "a parameter in base64 is in no known character set")
