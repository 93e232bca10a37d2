"""What can go wrong between us and Asterisk.

UncallError
├── ConnectionFailed
│   └── ConnectionLost    the connection went away; what was asked may or may not have been done
└── AriError
    ├── RequestFailed     Asterisk refused a request: its HTTP status and its reason
    └── HungUp            the leg is gone: how it ended is in `end`
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from uncall_ari.errors import ConnectionFailed, UncallError


class AriError(UncallError):
    """Asterisk answered, and the answer is no."""


class ConnectionLost(ConnectionFailed):
    """The connection went away under a request: it may or may not have been carried out."""


class RequestFailed(AriError):
    """Asterisk refused a request. `status` is the HTTP status (404 not found, 409 exists, 422 ...)."""

    def __init__(self, request: str, status: int, reason: str) -> None:
        self.request, self.status, self.reason = request, status, reason
        super().__init__(f"{request}: {status} {reason}")


class EndedBy(Enum):
    """Who ended a leg."""

    THEM = "them"  # the phone, the carrier, or Asterisk's own time limit
    US = "us"  # we asked for it
    GAP = "gap"  # it was gone when the connection came back: nobody saw how


@dataclass(frozen=True, slots=True)
class End:
    """How a leg ended. `q850` is the ISDN cause and `sip` the SIP status, 0 where none was given."""

    by: EndedBy
    at: datetime
    q850: int = 0
    sip: int = 0


class HungUp(AriError):
    """The leg is gone."""

    def __init__(self, leg: str, end: End) -> None:
        self.leg, self.end = leg, end
        super().__init__(f"leg {leg} ended: cause {end.q850}, SIP {end.sip}, by {end.by.value}")
