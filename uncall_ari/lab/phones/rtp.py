"""RTP packets of one stream (RFC 3550): 20 ms of µ-law each, and telephone events (RFC 4733) for keys.

`Sender` is pure: at every tick it hands out the packets that are due. The one packet buffer of a steady tone is
used again and again, only its counters change, so that many calls cost little.
"""

import secrets
import struct
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .audio import FRAME, RATE, SECONDS, SILENCE

HEADER: Final = 12
PACKET: Final = HEADER + FRAME
KEYS: Final = "0123456789*#ABCD"
_MARKER: Final = 0x80
_END: Final = 0x80
_VOLUME: Final = 10  # -10 dBm0, what phones commonly say

_header = struct.Struct("!BBHII")
_counters = struct.Struct("!HI")
_event = struct.Struct("!BBH")


@dataclass(frozen=True)
class Header:
    """The fixed header of a packet."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int


def parse_header(packet: bytes | bytearray | memoryview) -> Header | None:
    """The header of an RTP packet, None when it is none (too short, another version, RTCP)."""
    if len(packet) < HEADER or packet[0] >> 6 != 2 or 192 <= packet[1] <= 223:
        return None
    _, second, sequence, timestamp, ssrc = _header.unpack_from(packet)
    return Header(second & 0x7F, bool(second & _MARKER), sequence, timestamp, ssrc)


@dataclass(frozen=True)
class Event:
    """The payload of a telephone event: which key, whether it was let go, how long it has lasted."""

    key: str
    ended: bool
    duration: float  # seconds


def parse_event(payload: bytes | bytearray | memoryview) -> Event | None:
    """The telephone event in a payload, None when it is no key of a phone."""
    if len(payload) < _event.size:
        return None
    code, flags, duration = _event.unpack_from(payload)
    return Event(KEYS[code], bool(flags & _END), duration / RATE) if code < len(KEYS) else None


def build_event(event: Event) -> bytes:
    """The payload of `event`."""
    flags = (_END if event.ended else 0) | _VOLUME
    return _event.pack(KEYS.index(event.key), flags, round(event.duration * RATE))


@dataclass
class _Press:
    """A key that is being sent: it keeps the timestamp at which it began (RFC 4733, 2.5.1.1)."""

    key: str
    frames: int
    began: int = 0
    sent: int = 0


class Sender:
    """What one side of a call sends, tick by tick."""

    def __init__(self, payload: bytes | None = SILENCE) -> None:
        self.payload = payload  # the steady frame; None: send nothing at all
        self.event_type: int | None = 101
        self.ssrc = secrets.randbits(32)
        self.packets = 0
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._marker = _MARKER
        self._packet = bytearray(PACKET)
        self._steady = (self._packet,)
        self._loaded = b""  # the frame that the packet carries
        self._script: deque[tuple[int, bytes]] = deque()
        self._presses: deque[_Press] = deque()
        _header.pack_into(self._packet, 0, 0x80, 0, 0, 0, self.ssrc)

    def say(self, script: Iterable[tuple[int, bytes]]) -> None:
        """Send these (count, frame) pairs first, then the steady frame."""
        self._script.extend(script)

    def press(self, keys: str, seconds: float = 0.1, pause: float = 0.1) -> None:
        """Queue keys, each held for `seconds` and followed by `pause`. ValueError for what is no key."""
        wrong = set(keys) - set(KEYS)
        if wrong or not keys:
            raise ValueError(f"no keys of a phone: {keys!r}")
        for key in keys:
            self._presses.append(_Press(key, max(1, round(seconds / SECONDS))))
            self._presses.append(_Press("", max(1, round(pause / SECONDS))))

    @property
    def pressing(self) -> bool:
        """Whether keys are still to be sent."""
        return bool(self._presses)

    def tick(self) -> Sequence[bytes | bytearray]:
        """The packets of the next 20 ms. They are valid until the next tick."""
        if self._presses or self._script or self.payload is None:
            packets = self._unsteady()
        else:  # the common case, kept short
            if self.payload is not self._loaded:
                self._load(self.payload)
            packets = self._steady
            self._number(self._packet, 0, self._timestamp)
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        return packets

    def _unsteady(self) -> Sequence[bytes | bytearray]:
        """A tick with a key, or something to say, or nothing."""
        press = self._presses[0] if self._presses else None
        packets: Sequence[bytes | bytearray] = ()
        if press is not None and press.key and self.event_type is not None:
            packets = self._event_packets(press)
        elif (frame := self._frame()) is not None:
            self._load(frame)
            packets = self._steady
            self._number(self._packet, 0, self._timestamp)
        else:
            self._marker = _MARKER  # audio that starts again is marked
        if press is not None:
            press.sent += 1
            if press.sent >= press.frames:
                self._presses.popleft()
        return packets

    def skip(self, ticks: int) -> None:
        """Let `ticks` go by unsent, as after a stall: the timestamp shows the hole, the sequence does not."""
        self._timestamp = (self._timestamp + ticks * FRAME) & 0xFFFFFFFF

    def _frame(self) -> bytes | None:
        if not self._script:
            return self.payload
        count, frame = self._script.popleft()
        if count > 1:
            self._script.appendleft((count - 1, frame))
        return frame

    def _load(self, frame: bytes) -> None:
        self._packet[HEADER:] = self._loaded = frame

    def _event_packets(self, press: _Press) -> list[bytearray]:
        if press.sent == 0:
            press.began, self._marker = self._timestamp, _MARKER
        last = press.sent + 1 >= press.frames
        payload = build_event(Event(press.key, last, (press.sent + 1) * SECONDS))
        packets = []
        for _ in range(3 if last else 1):  # the end is sent three times (2.5.1.4)
            packet = bytearray(HEADER) + payload
            _header.pack_into(packet, 0, 0x80, 0, 0, 0, self.ssrc)
            self._number(packet, self.event_type or 0, press.began)
            packets.append(packet)
        return packets

    def _number(self, packet: bytearray, payload_type: int, timestamp: int) -> None:
        packet[1] = payload_type | self._marker
        _counters.pack_into(packet, 2, self._sequence, timestamp)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._marker = 0
        self.packets += 1
