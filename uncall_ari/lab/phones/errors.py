"""What can go wrong in the outside world: one small tree of its own, since it must not know the engine."""


class PhoneError(Exception):
    """Anything that a phone or the carrier raises."""


class SipSyntaxError(PhoneError, ValueError):
    """Bytes that are no SIP message, or a header value that cannot be read."""


class NoAnswer(PhoneError):
    """A SIP request got no answer in 64*T1 (RFC 3261, timers B and F)."""


class CallRefused(PhoneError):
    """The other side answered an INVITE or REGISTER with something else than 2xx; `status` says what."""

    def __init__(self, what: str, status: int, reason: str) -> None:
        super().__init__(f"{what}: {status} {reason}")
        self.status = status


class NotSeen(PhoneError, AssertionError):
    """What was waited for did not happen in time; the text says what was waited for and what was seen."""
