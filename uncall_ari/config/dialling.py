"""[dialer]: how tasks are dialled, the answering-machine detector, and what is dialled again."""

from zoneinfo import ZoneInfo

from pydantic import field_validator

from uncall_ari.config.fields import Section, setting
from uncall_ari.dialer.causes import RETRIABLE, Cause

LONGEST_WAIT = 30 * 86400  # seconds


def least_wait(cause: Cause) -> int:
    """Seconds below which no retry may come: who is busy or has refused the call is not rung again at once."""
    return 60 if cause in (Cause.BUSY, Cause.REJECTED) else 1


class AmdSettings(Section):
    """[dialer.amd]: the answering-machine detector, with the names, units and defaults of Asterisk's amd.conf."""

    initial_silence: int = setting(2500, "ms of silence before a greeting that tell a machine", ge=100, le=20000)
    greeting: int = setting(1500, "ms of greeting above which it is a machine's", ge=100, le=20000)
    after_greeting_silence: int = setting(800, "ms of silence after a greeting that tell a human", ge=100, le=20000)
    total_analysis_time: int = setting(5000, "ms after which it must have decided", ge=500, le=20000)
    min_word_length: int = setting(100, "ms of voice that count as a word", ge=10, le=5000)
    between_words_silence: int = setting(50, "ms of silence that part two words", ge=10, le=5000)
    maximum_number_of_words: int = setting(2, "words in a greeting above which it is a machine's", ge=1, le=50)
    silence_threshold: int = setting(256, "loudness below which it is silence, of 32767", ge=0, le=32767)
    maximum_word_length: int = setting(5000, "ms of one utterance above which it is a machine's", ge=100, le=20000)

    @property
    def arguments(self) -> str:
        """What stands in the brackets of the dialplan's AMD(): the values, in the order of this class."""
        return ",".join(str(value) for _, value in self)


class RetrySettings(Section):
    """[dialer.retry]: after which causes a number is dialled again by itself, when, and how often in all."""

    budget: int = setting(0, "further attempts for a number, all causes together; 0: none", ge=0, le=20)
    causes: dict[Cause, int] = setting({}, "seconds to wait after an attempt that ended with this cause word")

    @field_validator("causes")
    @classmethod
    def _sensible(cls, causes: dict[Cause, int]) -> dict[Cause, int]:
        wrong = [f"{cause} is not dialled again" for cause in causes if cause not in RETRIABLE]
        for cause, seconds in causes.items():
            least = least_wait(cause)
            if not least <= seconds <= LONGEST_WAIT:
                wrong.append(f"the wait after {cause} must be {least} to {LONGEST_WAIT} seconds")
        if wrong:
            raise ValueError("; ".join(wrong))
        return causes


class DialerSettings(Section):
    """[dialer]: how tasks are dialled."""

    timezone: ZoneInfo = setting(ZoneInfo("Asia/Shanghai"), "time zone of the tasks' daily windows")
    ring_seconds: int = setting(30, "seconds that a customer's phone may ring", ge=5, le=180)
    finish_after: int = setting(
        10, "seconds without any number left to dial after which a task is finished", ge=0, le=86400
    )
    poll_seconds: float = setting(1.0, "seconds between two looks at the tables", ge=0.1, le=2)
    answer_wait_seconds: float = setting(
        2.0,
        "seconds within which a customer who has answered must have an agent; later ones count as abandoned",
        ge=0.5,
        le=30,
    )
    abandoned_rest_hours: int = setting(
        72, "hours in which a number that was abandoned is not dialled again by any task; 0: none", ge=0, le=8760
    )
    amd: AmdSettings = setting(AmdSettings(), "the answering-machine detector")
    retry: RetrySettings = setting(RetrySettings(), "which causes are dialled again")
