"""The outside world: SIP phones and a carrier that tell what was really dialled and what is really heard."""

from .audio import TONES
from .behaviour import (
    Behaviour,
    answers,
    busy,
    congested,
    declined,
    early_hangup,
    machine,
    no_answer,
    person,
    presses,
    rejects,
    silent,
    unavailable,
    unknown,
    vanishes,
)
from .call import Call
from .carrier import Carrier
from .errors import CallRefused, NoAnswer, NotSeen, PhoneError
from .incoming import IncomingCall
from .matrix import Hearing, hearing
from .meter import FLOOR, HEARD, UNHEARD, Meter, Quality
from .outgoing import OutgoingCall
from .phone import Phone

__all__ = [
    "FLOOR",
    "HEARD",
    "TONES",
    "UNHEARD",
    "Behaviour",
    "Call",
    "CallRefused",
    "Carrier",
    "Hearing",
    "IncomingCall",
    "Meter",
    "NoAnswer",
    "NotSeen",
    "OutgoingCall",
    "Phone",
    "PhoneError",
    "Quality",
    "answers",
    "busy",
    "congested",
    "declined",
    "early_hangup",
    "hearing",
    "machine",
    "no_answer",
    "person",
    "presses",
    "rejects",
    "silent",
    "unavailable",
    "unknown",
    "vanishes",
]
