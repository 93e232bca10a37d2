"""The result document: the XML text that every method of the contract answers (contract section 1)."""

import re

from api.calls import Outcome, Success
from api.methods import Method

# What XML 1.0 allows in a document at all, turned round. Nothing can stand for the rest, so it goes.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"})


def escape(text: str) -> str:
    """`text` as XML content or attribute value; a carriage return survives the client's parser."""
    return _FORBIDDEN.sub("", text).translate(_ESCAPES)


def element(name: str, value: object) -> str:
    """`<name>value</name>`, escaped."""
    return f"<{name}>{escape(str(value))}</{name}>"


def document(method: Method, outcome: Outcome, success_word: str = "success") -> str:
    """The whole document, in one line.

    The contract's samples are indented. Nobody can rely on that: a client either parses, and then white
    space between elements is at best ignored and at worst a surprise (JavaScript's `firstChild`), or
    looks for `<result>1</result>`, which holds no white space.
    """
    return (
        f'<?xml version="1.0" encoding="utf-8"?><{method.root}>'
        f"{''.join(_children(method, outcome, success_word))}</{method.root}>"
    )


def _children(method: Method, outcome: Outcome, success_word: str) -> list[str]:
    name, fields = method.name, method.fields
    if not isinstance(outcome, Success):
        failure = element("Response", "error") + element("Message", outcome.message)
        return [element("result", outcome.result), f"<{name}>{failure}</{name}>"]
    head = [] if method.answers == "bare" else ["<result>1</result>"]
    response = element("Response", success_word) if method.answers == "once" else ""
    for row in outcome.rows:
        children = "".join(element(field, value) for field, value in zip(fields, row, strict=True))
        head.append(f"<{name}>{response}{children}</{name}>")
    return head
