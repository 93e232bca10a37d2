"""What a web method is: everything that its renderings (SOAP, WSDL, documentation) need to know of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from api.engine import Engine
from uncall_ari.errors import WhyNot


class Unusable(Exception):
    """A value that cannot be taken. `message` replaces the contract's usual `FIELD is error`."""

    def __init__(self, message: str = "") -> None:
        self.message = message
        super().__init__(message)


Check = Callable[[str, Engine], Any]
"""Turns a parameter's text into the value that the handler gets; raises Unusable."""

Row = Sequence[object]
Handler = Callable[..., Awaitable[Sequence[Row]]]
"""Called with the engine and the checked values by name. Returns the rows of the answer: exactly one
for a method that answers once. Raises Unusable with a message for what only shows while doing it."""


def as_sent(value: str, _engine: Engine) -> str:
    """The check of a parameter that is taken as it comes."""
    return value


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. All are strings on the wire (contract section 1)."""

    name: str  # the contract's spelling
    into: str  # the handler's name for it
    check: Check = as_sent
    default: str = ""  # what a missing or blank value means
    required: bool = False  # a missing or blank value is answered with `NAME is empty`
    says: str = ""  # for the documentation


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a failure is told."""

    message: str
    response: str = "error"
    result: int = 0


@dataclass(frozen=True, slots=True)
class Method:
    """One web method of the contract, declared once."""

    name: str
    says: tuple[str, str]  # what it does: in Chinese, in English
    params: tuple[Param, ...]
    handler: Handler
    fields: tuple[str, ...] = ()  # the children of the answer's element, after Response, in this order
    answers: Literal["once", "list", "bare"] = "once"  # bare: no <result>, no Response of its own
    root: Literal["uncall", "unallcc"] = "unallcc"
    messages: tuple[str, ...] = ()  # the documented failures; of several the first is answered
    refusals: Mapping[WhyNot, Refusal] = field(default_factory=dict)  # how the engine's refusals are told
    away: Refusal = Refusal("Connection Failed")  # Asterisk is not reached
    element: str = ""  # of the answer, where it is not named like the method
    nothing: Literal[0, 1] = 1  # what <result> says of an empty list
    changes: bool = False  # it changes something, so each call leaves an audit line
    shared: bool = False  # who asks while others do has their answer; for what costs a look into the database

    def values(self, given: Mapping[str, str], engine: Engine) -> dict[str, Any]:
        """The handler's arguments from what a client sent; raises Unusable with the message to answer.

        Contract section 3: of several mistakes the first documented one is told, in the document's
        order; then the others, in the order of the parameters.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for param in self.params:
            text = given.get(param.name, "")
            if not text.strip():
                if param.required:
                    problems.append(f"{param.name} is empty")
                    continue
                text = param.default or text
            try:
                values[param.into] = param.check(text, engine)
            except Unusable as unusable:
                problems.append(unusable.message or f"{param.name} is error")
        if problems:
            raise Unusable(next((known for known in self.messages if known in problems), problems[0]))
        return values
