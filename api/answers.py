"""The result document: the XML text that every method of the contract answers (contract section 1)."""

import re

from api.methods import METHODS, Method
from api.methods.declaration import Row
from api.outcome import Failure, Outcome, Success

# What XML 1.0 does not allow in a document at all. Nothing can stand for it, so it goes.
_FORBIDDEN = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_forbidden = re.compile(_FORBIDDEN)
_special = re.compile(f'{_FORBIDDEN}|[&<>"\r]')

_FIELDS = {method.name: "".join(f"<{field}>%s</{field}>" for field in method.fields) for method in METHODS}


def escape(text: str) -> str:
    """`text` as XML content or attribute value, without the characters that XML forbids."""
    return escape_markup(_forbidden.sub("", text))


def escape_markup(text: str) -> str:
    """The same for text that XML allows as it is. A carriage return survives the client's parser."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("\r", "&#13;")


def element(name: str, value: object) -> str:
    """`<name>value</name>`, escaped."""
    return f"<{name}>{escape(str(value))}</{name}>"


def document(method: Method, outcome: Outcome, success_word: str = "success") -> str:
    """The whole document, in one line.

    The contract's samples are indented. Nobody can rely on that: a client either parses, and then white
    space between elements is at best ignored and at worst a surprise (JavaScript's `firstChild`), or
    looks for `<result>1</result>`, which holds no white space.
    """
    children = _rows(method, outcome, success_word) if isinstance(outcome, Success) else _failure(method, outcome)
    return f'<?xml version="1.0" encoding="utf-8"?><{method.root}>{children}</{method.root}>'


def _rows(method: Method, success: Success, success_word: str) -> str:
    done = method.nothing if method.answers == "list" and not success.rows else 1
    result = "" if method.answers == "bare" else f"<result>{done}</result>"
    response = element("Response", success_word) if method.answers == "once" else ""
    name = method.element or method.name
    row = f"<{name}>{response}{_FIELDS[method.name]}</{name}>"
    return result + "".join([row % _escaped(values) for values in success.rows])


def _escaped(values: Row) -> tuple[str, ...]:
    """All values of a row as XML content: looked at together, since hardly any needs escaping."""
    texts = tuple(map(str, values))
    return tuple(map(escape, texts)) if _special.search("".join(texts)) else texts


def _failure(method: Method, failure: Failure) -> str:
    told = element("Response", failure.response) + element("Message", failure.message)
    name = method.element or method.name
    return f"{element('result', failure.result)}<{name}>{told}</{name}>"
