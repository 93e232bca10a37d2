"""From XML text to a tree, with hostile documents stopped while they are read."""

import re

from lxml import etree

from api.soap.envelope import Fault

MAX_NODES = 5000  # a call has about twenty elements; a million of them would take 170 MB
MAX_DEPTH = 64
_STEP = 8192  # bytes fed between two counts
_MARKUP_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


def parse(text: str) -> etree._Element:
    """The root element of `text`, which has no XML declaration any more. Raises Fault.

    A document type declaration is refused before libxml2 sees it (SOAP 1.1, section 3, forbids it): so
    there are no entities to expand and nothing outside to load.
    """
    if _MARKUP_DECLARATION.search(text):
        raise Fault("Client", "a document type declaration is not allowed")
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        _feed(parser, text.encode())
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise Fault("Client", f"the request is not well-formed XML: {error.msg}") from None


def _feed(parser: etree.XMLPullParser, data: bytes) -> None:
    nodes = depth = 0
    for position in range(0, len(data), _STEP):
        parser.feed(data[position : position + _STEP])
        for event, _ in parser.read_events():
            if event == "end":
                depth -= 1
                continue
            nodes, depth = nodes + 1, depth + 1
            if nodes > MAX_NODES or depth > MAX_DEPTH:
                raise Fault("Client", "the request has too many or too deeply nested elements")


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """The element's namespace, "" for none."""
    return str(element.tag)[1:].rpartition("}")[0]


def attribute(element: etree._Element, name: str) -> str:
    """An attribute by its local name in any namespace, or ""; old toolkits use the xsi of 1999."""
    found = (value for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name)
    return str(next(found, ""))
