"""What a called party does: plain values, and ready-made ones with speaking names."""

from dataclasses import dataclass, field
from typing import Any

from .rtp import KEYS


@dataclass(frozen=True)
class Behaviour:
    """The conduct of one call. Times before the answer count from the INVITE, later ones from the answer."""

    ring_after: float | None = 0.0  # seconds until 180 (or 183); None: never says that it rings
    answer_after: float | None = 0.2  # None: never
    reject: int | None = None  # a final status instead of an answer
    reject_after: float = 0.0
    reason: str = ""  # a Reason header beside the rejection, such as "Q.850;cause=17"
    early_media: int | None = None  # Hz of a tone before the answer, sent with a 183 instead of 180; 0 is silence
    hang_up_after: float | None = None  # None: waits for the other side
    vanish_after: float | None = None  # stops sending and answering, without a BYE, as when a line is cut
    keys: tuple[tuple[float, str], ...] = field(default=())  # (when, keys pressed then)
    says: tuple[tuple[float, int], ...] = field(default=())  # (seconds, Hz or 0 for a pause) first, then `tone`
    tone: int | None = None  # Hz of the steady tone, 0 for silence; None: one of its own
    audio: bool = True  # False: sends no packet at all
    silent: bool = False  # never answers the INVITE, not even with 100

    def __post_init__(self) -> None:
        if self.reject is not None and not 300 <= self.reject <= 699:
            raise ValueError(f"{self.reject} rejects no call: a status from 300 to 699 does")
        wrong = [keys for _, keys in self.keys if not keys or set(keys) - set(KEYS)]
        if wrong:
            raise ValueError(f"no keys of a phone: {wrong}")


def answers(after: float = 0.2, **details: Any) -> Behaviour:
    """Rings, answers, and stays until the other side hangs up."""
    return Behaviour(answer_after=after, **details)


def rejects(status: int, after: float = 0.0, *, rings: bool = False, **details: Any) -> Behaviour:
    """Refuses with a status."""
    return Behaviour(ring_after=0.0 if rings else None, reject=status, reject_after=after, **details)


def busy() -> Behaviour:
    """486 at once."""
    return rejects(486)


def declined(after: float = 0.2) -> Behaviour:
    """Rings, then 603: somebody pressed the red button."""
    return rejects(603, after, rings=True)


def unknown() -> Behaviour:
    """404: there is no such number."""
    return rejects(404)


def unavailable() -> Behaviour:
    """480: switched off or out of reach."""
    return rejects(480)


def congested() -> Behaviour:
    """503: the carrier has no line."""
    return rejects(503)


def no_answer() -> Behaviour:
    """Rings for ever."""
    return Behaviour(answer_after=None)


def early_hangup(after: float = 0.5) -> Behaviour:
    """Answers, and hangs up again after so many seconds."""
    return Behaviour(hang_up_after=after)


def presses(keys: str, after: float = 1.0, **details: Any) -> Behaviour:
    """Answers, and presses keys after so many seconds."""
    return Behaviour(keys=((after, keys),), **details)


def silent() -> Behaviour:
    """Answers nothing at all: the line is dead."""
    return Behaviour(silent=True)


def vanishes(after: float = 1.0) -> Behaviour:
    """Answers, and is cut off after so many seconds without a word."""
    return Behaviour(vanish_after=after)


def person() -> Behaviour:
    """Answers with a short word and then listens, as people do (for answering-machine detection)."""
    return Behaviour(says=((0.3, 0), (0.5, 600)), tone=0)


def machine() -> Behaviour:
    """Answers with a long greeting of many words, then a beep: an answering machine."""
    words = ((0.35, 600), (0.1, 0)) * 12
    return Behaviour(says=((0.2, 0), *words, (0.4, 1000)), tone=0)
