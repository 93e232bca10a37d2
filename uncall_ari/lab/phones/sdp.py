"""SDP offers and answers of one µ-law audio stream with telephone events (RFC 4566, 3264, 4733)."""

from dataclasses import dataclass, replace

from .errors import SipSyntaxError

PCMU = 0
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
MIRRORED = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(frozen=True)
class Session:
    """Where one side wants its audio, in which formats, and in which directions."""

    host: str
    port: int
    payloads: tuple[int, ...] = (PCMU, 101)
    event_type: int | None = 101  # the payload type of telephone-event, None when it is not offered
    direction: str = "sendrecv"
    session_id: int = 1
    version: int = 1

    @property
    def takes_audio(self) -> bool:
        """Whether this side wants to receive: not on hold, not refused, and an address to send to."""
        return self.direction in ("sendrecv", "recvonly") and self.port > 0 and self.host != "0.0.0.0"

    def answered_by(self, host: str, port: int, session_id: int, version: int) -> "Session":
        """The answer of `host`:`port` to this offer: µ-law, its payload type for events, its direction mirrored.

        SipSyntaxError when the offer has no µ-law: the caller answers 488.
        """
        if PCMU not in self.payloads or self.port == 0:
            raise SipSyntaxError("the offer has no µ-law audio")
        payloads = (PCMU,) if self.event_type is None else (PCMU, self.event_type)
        direction = MIRRORED.get(self.direction, self.direction)
        return replace(
            self, host=host, port=port, payloads=payloads, direction=direction, session_id=session_id, version=version
        )

    def build(self) -> bytes:
        """The session as an `application/sdp` body."""
        lines = [
            "v=0",
            f"o=- {self.session_id} {self.version} IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, self.payloads))}",
            "a=rtpmap:0 PCMU/8000",
        ]
        if self.event_type is not None:
            lines += [f"a=rtpmap:{self.event_type} telephone-event/8000", f"a=fmtp:{self.event_type} 0-15"]
        lines += ["a=ptime:20", f"a={self.direction}", ""]
        return "\r\n".join(lines).encode()


def parse(body: bytes) -> Session:
    """The audio of an offer or answer. SipSyntaxError when there is no readable audio line."""
    host, direction, event_type = "", "sendrecv", None
    audio: list[str] | None = None  # the words of the m=audio line, once it was met
    for line in body.decode("utf-8", "replace").splitlines():
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            if audio is not None:
                break  # only the first audio stream counts
            audio = value.split() if value.startswith("audio ") else None
        elif kind == "c" and value.startswith("IN IP4 "):
            host = value.split()[2].split("/")[0] if len(value.split()) > 2 else ""
        elif kind == "a" and value in DIRECTIONS:
            direction = value
        elif kind == "a" and audio and value.lower().startswith("rtpmap:") and "telephone-event/8000" in value.lower():
            event_type = _number(value[7:].split()[0], 127)
    if audio is None or len(audio) < 4 or not host:
        raise SipSyntaxError("SDP without an audio stream")
    payloads = tuple(_number(word, 127) for word in audio[3:])
    return Session(host, _number(audio[1].split("/")[0], 65535), payloads, event_type, direction)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= most):
        raise SipSyntaxError(f"SDP: no number up to {most}: {text[:20]!r}")
    return int(text)
