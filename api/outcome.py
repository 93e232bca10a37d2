"""How a call of a method ended: with rows, or with a failure in the method's own shape."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from api.methods.declaration import Row


@dataclass(slots=True, eq=False)
class Success:
    """What the method answers: one row, or for a list as many as there are."""

    rows: Sequence[Row]
    written: dict[Hashable, bytes] = field(default_factory=dict)  # what was made of a shared one, by its form


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it could not be done, and what `<result>` says."""

    message: str
    result: int
    response: str = "error"


Outcome = Success | Failure
