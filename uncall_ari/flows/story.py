"""What has happened in a call so far, in the words of its record. A flow writes it as it goes."""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


class Moment(enum.Enum):
    """What happens to a call that waits for an agent."""

    JOINED = enum.auto()  # an answered customer needs an agent from now on
    CONNECTED = enum.auto()  # an agent has him


@dataclass(slots=True)
class Story:
    """Filled while the call goes on, so that what is known is known whatever ends the call."""

    answered_at: datetime | None = None
    began: bool = False  # the recording or the menu began to be heard
    wants_call_back: bool = False
    waits_for_agent: bool = False  # asked for an agent and not connected with one (yet)
    queue: str = ""  # the queue that it waited in
    waited: float | None = None  # seconds there, until the agent or the end
    late: bool = False  # no agent had the call within the time that the rules give
    talked: float | None = None  # seconds with an agent
    tell: Callable[["Moment"], None] = lambda _: None  # who paces the task's calls wants to know
    extension: str = ""  # the extension that talked with the customer
    keys: list[str] = field(default_factory=list)  # entries, in order: `1`, or `name=1` where the menu names them
    amd: str = ""  # HUMAN, MACHINE, NOTSURE, HANGUP; "" where nobody listened for it
