"""What has happened in a call so far, in the words of its record. A flow writes it as it goes."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Story:
    """Filled while the call goes on, so that what is known is known whatever ends the call."""

    answered_at: datetime | None = None
    began: bool = False  # the recording or the menu began to be heard
    wants_call_back: bool = False
    waits_for_agent: bool = False  # asked for an extension and not connected with it (yet)
    extension: str = ""  # the extension that talked with the customer
    keys: list[str] = field(default_factory=list)  # entries, in order: `1`, or `name=1` where the menu names them
    amd: str = ""  # HUMAN, MACHINE, NOTSURE, HANGUP; "" where nobody listened for it
