"""What a call needs of the phone or carrier that it belongs to."""

from typing import TYPE_CHECKING, Protocol

from .endpoint import Endpoint
from .waiting import Tasks, Watch

if TYPE_CHECKING:
    from .call import Call

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"


class Home(Protocol):
    """The user agent, as its calls see it."""

    side: str
    host: str
    keep: float
    endpoint: Endpoint
    watch: Watch
    tasks: Tasks

    @property
    def contact(self) -> str: ...
    def join(self, call: "Call") -> None: ...
    def leave(self, call: "Call") -> None: ...
