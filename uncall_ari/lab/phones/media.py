"""The audio of a call on a UDP socket of its own, and the one ticker that drives all calls of an event loop.

Every 20 ms the ticker reads what has come for anybody (one epoll for all sockets, no callback per packet) and sends
each call's next frame. It runs only while there are calls and needs no closing.
"""

import asyncio
import select
import socket
import struct
import time
import weakref
from typing import ClassVar, Final

from .audio import SECONDS, tone_frame
from .meter import Meter
from .rtp import PACKET, Sender

ROUNDS: Final = 200  # packets of one call that a tick reads at most
CATCH_UP: Final = 25  # ticks: after a stall of up to half a second everything is sent late, beyond it a hole is left
_SO_TIMESTAMPNS: Final = 35  # Linux: the kernel notes each packet's time of arrival
_timespec = struct.Struct("@ll")


class Ticker:
    """Sends and receives for all media of one event loop."""

    _of_loops: ClassVar[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, "Ticker"]] = weakref.WeakKeyDictionary()

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._media: dict[int, Media] = {}
        self._epoll: select.epoll | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.longest_stall = 0.0  # seconds by which a tick came late: a busy process makes its own gaps

    @classmethod
    def running(cls) -> "Ticker":
        """The ticker of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in cls._of_loops:
            cls._of_loops[loop] = cls(loop)
        return cls._of_loops[loop]

    def add(self, media: "Media") -> None:
        """Serve `media` from now on."""
        if self._epoll is None:
            self._epoll = select.epoll()
            self._due = time.monotonic()
            self._schedule()
        self._epoll.register(media.fileno, select.EPOLLIN)
        self._media[media.fileno] = media

    def remove(self, media: "Media") -> None:
        """Serve it no more; the last one stops the ticker."""
        if self._media.pop(media.fileno, None) is None or self._epoll is None:
            return
        self._epoll.unregister(media.fileno)
        if not self._media:
            self._epoll.close()
            self._epoll = None
            if self._timer is not None:
                self._timer.cancel()

    def _schedule(self) -> None:
        loop = self._loop()
        if loop is not None:
            self._timer = loop.call_later(max(0.0, self._due - time.monotonic()), self._tick)

    def _tick(self) -> None:
        late = time.monotonic() - self._due
        self.longest_stall = max(self.longest_stall, late)
        ticks = 1 + int(late / SECONDS)
        self._due += ticks * SECONDS
        skipped = max(0, ticks - CATCH_UP)
        self._receive()
        for media in list(self._media.values()):
            media.send(ticks - skipped, skipped)
        if self._media:
            self._schedule()

    def _receive(self) -> None:
        """Read all that has come; one packet of each call a round."""
        offset = time.time() - time.monotonic()
        for _ in range(ROUNDS):
            ready = self._epoll.poll(0, len(self._media)) if self._epoll else []
            for fileno, _ in ready:
                self._media[fileno].receive(offset)
            if not ready:
                return


class Media:
    """One call's audio: `sender` makes what goes out, `meter` keeps what comes in."""

    def __init__(self, host: str, tone: int | None, meter: Meter) -> None:
        """Bind a port of the system's choice. `tone` in Hz, 0 for silence, None to send no packets at all."""
        self.meter = meter
        self.sender = Sender()
        self.tone = tone
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.fileno = self._socket.fileno()
        self.port: int = self._socket.getsockname()[1]
        self._ticker: Ticker | None = None
        self._sending = False

    @property
    def tone(self) -> int | None:
        """The own tone in Hz; 0 is silence, None no packets. May be changed at any time."""
        return self._tone

    @tone.setter
    def tone(self, hz: int | None) -> None:
        self.sender.payload = None if hz is None else tone_frame(hz)
        self._tone = hz

    def connect(self, host: str, port: int, event_type: int | None, *, send: bool) -> None:
        """Exchange audio with the other side's address from now on; again when that changes its mind."""
        if self._socket.fileno() < 0:
            return
        self._socket.connect((host, port))
        self.sender.event_type = self.meter.event_type = event_type
        self._sending = send
        if self._ticker is None:
            self._ticker = Ticker.running()
            self._ticker.add(self)

    def close(self) -> None:
        """Stop; what was received can still be analysed."""
        if self._ticker is not None:
            self._ticker.remove(self)
        self._socket.close()
        self.meter.closed_at = self.meter.closed_at or time.monotonic()

    def send(self, ticks: int, skipped: int) -> None:
        """Send what is due. An address that nobody listens on any more is the signalling's business, not ours."""
        if skipped:
            self.sender.skip(skipped)
        for _ in range(ticks):
            for packet in self.sender.tick():
                if self._sending:
                    try:
                        self._socket.send(packet)
                    except OSError:
                        continue

    def receive(self, offset: float) -> None:
        """Take one packet straight into the meter's ring; `offset` is wall clock minus monotonic clock."""
        slot = self.meter.ring.slot()
        try:
            size, ancillary, _, _ = self._socket.recvmsg_into((slot,), 64)
        except OSError:  # an ICMP error that was queued for an earlier packet, or nothing there
            return
        if ancillary:
            seconds, nanoseconds = _timespec.unpack_from(ancillary[0][2])
            arrived = seconds + nanoseconds / 1e9 - offset
        else:
            arrived = time.monotonic()
        if (size == PACKET and not slot[1] & 0x7F) or self.meter.heeds(slot[:size], arrived):
            self.meter.ring.keep(size, arrived)
