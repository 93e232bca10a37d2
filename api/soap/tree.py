"""From XML text to a tree, with hostile documents refused before they are read."""

import re

from lxml import etree

from api.soap.envelope import Fault

MAX_MARKUP = 10_000  # tags, and attributes: a call has some twenty, one with 2000 numbers as an array 4000
_MARKUP_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_PARSER = etree.XMLParser(
    encoding="utf-8",
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,  # so libxml2 itself stops at a depth of 256 and at 10 MB of text
    remove_comments=True,
    remove_pis=True,
)


def parse(text: str) -> etree._Element:
    """The root element of `text`, which has no XML declaration any more. Raises Fault.

    A document type declaration is refused before libxml2 sees it (SOAP 1.1, section 3, forbids it): so
    there are no entities to expand and nothing outside to load. What libxml2 does not stop is a million
    nodes in one megabyte (170 MB of tree); counting what every tag and every attribute must have does.
    """
    if "<!" in text and _MARKUP_DECLARATION.search(text):
        raise Fault("Client", "a document type declaration is not allowed")
    if text.count("<") > MAX_MARKUP or text.count("=") > MAX_MARKUP:
        raise Fault("Client", "the request has too many elements or attributes")
    try:
        return etree.fromstring(text.encode(), _PARSER)
    except etree.XMLSyntaxError as error:
        raise Fault("Client", f"the request is not well-formed XML: {error.msg}") from None


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: etree._Element) -> str:
    """The element's namespace, "" for none."""
    return str(element.tag)[1:].rpartition("}")[0]


def attributes(element: etree._Element) -> dict[str, str]:
    """The attributes by their local names: old toolkits use the namespaces of 1999."""
    return {str(key).rpartition("}")[2]: str(value) for key, value in element.items()}
