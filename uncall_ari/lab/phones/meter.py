"""What one side of a call hears: levels of tones, loudness, keys, and how well the packets came.

Levels are in dBFS by amplitude: a full-scale sine is 0, a tone of these phones is about -12 as its other party
gets it. Windows are [since, until) in time.monotonic() seconds of the packets' arrival (the kernel's own time
stamp, so a stall of this process does not count as the other side's). Nothing is computed before it is asked for.
"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .audio import FRAME, FULL_SCALE, RATE, SECONDS, decode
from .ring import Packets, Ring
from .rtp import HEADER, parse_event, parse_header

HEARD: Final = -15.0  # dBFS: at or above, a tone of these phones is heard
UNHEARD: Final = -45.0  # dBFS: at or below, it is not; between the two something is wrong
FLOOR: Final = -99.0  # stands for nothing at all
WINDOW: Final = 0.5  # seconds: the shortest that parts two tones 50 Hz from each other well


@dataclass
class KeyPress:
    """A key that was received as telephone event."""

    key: str
    at: float  # time.monotonic()
    duration: float  # seconds so far
    ended: bool


@dataclass(frozen=True)
class Quality:
    """How the packets of a window came."""

    packets: int
    lost: int  # by sequence number
    longest_gap: float  # seconds without a packet, the window's edges included
    jitter: float  # seconds, mean deviation from the 20 ms grid (RFC 3550, 6.4.1, unsmoothed)
    streams: int  # SSRCs seen

    def clean(self, gap: float = 0.15) -> bool:
        """Whether a listener would notice nothing: nothing lost, no hole longer than `gap` seconds."""
        return self.packets > 0 and self.lost == 0 and self.longest_gap <= gap

    def __str__(self) -> str:
        return (
            f"{self.packets} packets, {self.lost} lost, longest gap {self.longest_gap * 1000:.0f} ms, "
            f"jitter {self.jitter * 1000:.1f} ms"
        )


class Meter:
    """Takes the packets of one stream and answers questions about the last `keep` seconds of it."""

    def __init__(self, keep: float = 10.0) -> None:
        self.ring = Ring(keep)
        self.event_type: int | None = 101
        self.keys: list[KeyPress] = []
        self.closed_at: float | None = None
        self._event_timestamp: tuple[int, int] | None = None

    @property
    def packets(self) -> int:
        """All packets received so far."""
        return self.ring.count

    @property
    def heard_keys(self) -> str:
        """The keys received so far, in order."""
        return "".join(press.key for press in self.keys)

    @property
    def finished_keys(self) -> str:
        """The same without the last one while it is still held down."""
        return self.heard_keys if not self.keys or self.keys[-1].ended else self.heard_keys[:-1]

    def level(self, hz: float, since: float | None = None, until: float | None = None) -> float:
        """The level of one tone; see `levels`."""
        return self.levels([hz], since, until)[hz]

    def levels(
        self, tones: Iterable[float], since: float | None = None, until: float | None = None
    ) -> dict[float, float]:
        """dBFS of each tone (Hz) in a window, FLOOR for nothing. Time without packets counts as silence.

        Without a window, the last half second (of the call, once that has ended).
        """
        signal = self.audio(since, until)
        window = np.hanning(len(signal) + 1)[:-1]
        weighted, scale = signal * window, 2 / max(window.sum(), 1e-9) / FULL_SCALE
        time_axis = np.arange(len(signal)) / RATE
        return {hz: _decibel(abs(np.dot(weighted, np.exp(-2j * np.pi * hz * time_axis))) * scale) for hz in tones}

    def rms(self, since: float | None = None, until: float | None = None) -> float:
        """The loudness of everything in a window, in dBFS on the scale of `level` (a lone sine has the same)."""
        signal = self.audio(since, until)
        return _decibel(math.sqrt(2 * float(np.mean(np.square(signal)))) / FULL_SCALE) if len(signal) else FLOOR

    def audio(self, since: float | None = None, until: float | None = None) -> NDArray[np.float32]:
        """The samples of a window, filled up with silence to its length. ValueError for time no longer kept."""
        since, until = self._window(since, until)
        packets = self.ring.between(since, until)
        signal = decode(packets.payload[packets.audio].reshape(-1))
        missing = round((until - since) / SECONDS) * FRAME - len(signal)
        return np.pad(signal, (0, missing)) if missing > 0 else signal

    def quality(self, since: float | None = None, until: float | None = None) -> Quality:
        """Loss, gaps and jitter in a window."""
        since, until = self._window(since, until)
        packets = self.ring.between(since, until)
        edges = np.concatenate(([since], packets.arrived, [until]))
        lost, jitter = _steadiness(packets)
        return Quality(
            packets=len(packets.arrived),
            lost=lost,
            longest_gap=float(np.max(np.diff(edges))),
            jitter=jitter,
            streams=len(np.unique(packets.ssrc)),
        )

    def heeds(self, packet: memoryview, arrived: float) -> bool:
        """Look at a packet that is no 20 ms of µ-law: keep a telephone event's key. False when it is no RTP at all."""
        header = parse_header(packet)
        if header is None:
            return False
        event = parse_event(packet[HEADER:]) if header.payload_type == self.event_type else None
        if event is not None:
            this = (header.ssrc, header.timestamp)
            if this != self._event_timestamp:  # all packets of one key carry the timestamp of its beginning
                self._event_timestamp = this
                self.keys.append(KeyPress(event.key, arrived, event.duration, event.ended))
            else:
                self.keys[-1].duration = max(self.keys[-1].duration, event.duration)
                self.keys[-1].ended |= event.ended
        return True

    def _window(self, since: float | None, until: float | None) -> tuple[float, float]:
        until = (self.closed_at or time.monotonic()) if until is None else until
        return (until - WINDOW if since is None else since), until


def _decibel(amplitude: float) -> float:
    return max(FLOOR, 20 * math.log10(amplitude)) if amplitude > 0 else FLOOR


def _steadiness(packets: Packets) -> tuple[int, float]:
    """Packets lost by sequence number, and the mean deviation of arrival from timestamp in seconds."""
    if len(packets.arrived) < 2:
        return 0, 0.0
    same = packets.ssrc[1:] == packets.ssrc[:-1]
    steps = (packets.sequence[1:] - packets.sequence[:-1]).astype(np.int16)[same]
    lost = int(np.sum(steps.astype(np.int64) - 1)) if len(steps) else 0  # a late packet takes back its own loss
    audio = packets.audio[1:] & packets.audio[:-1] & same
    sent = (packets.timestamp[1:] - packets.timestamp[:-1]).astype(np.int32)[audio] / RATE
    came = np.diff(packets.arrived)[audio]
    return max(0, lost), float(np.mean(np.abs(came - sent))) if len(sent) else 0.0
