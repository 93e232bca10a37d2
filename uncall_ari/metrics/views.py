"""What people see of the calls and tasks of this moment, and what programs do of the figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from uncall_ari.metrics.meters import Histogram, Labels


@dataclass(frozen=True, slots=True)
class CallView:
    """A call at this moment."""

    uid: str
    kind: str  # campaign, click, inbound, internal
    state: str  # ringing, answered (a recording or a menu), waiting, talking, held
    seconds: float  # since it began
    number: str  # of who was called, or has called from outside
    extension: str  # the agent's, "" while there is none
    queue: str  # that it waits in, "" for none
    task: int  # 0 for none
    trunk: str  # "" where it is not known


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task at this moment."""

    id: int
    name: str
    type: str
    status: str
    numbers: int
    called: int
    success: int
    call_back: int
    failed: int
    calls: int  # that go on
    per_minute: int  # that began within the last minute
    obstacle: str  # the code of the first that is in its way, "" for none, and for a task that is not set to run
    zh: str  # what that says
    en: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric: its name, what it means, and its values by labels."""

    name: str  # without `uncall_` and, of a counter, without `_total`
    kind: Literal["counter", "gauge", "histogram"]
    says: str
    labels: Labels
    values: Sequence[tuple[Labels, float | Histogram]]
