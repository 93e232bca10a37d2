"""The last seconds of a stream as raw packets in one bounded buffer: taking a packet costs next to nothing."""

from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .audio import FRAME, SECONDS
from .rtp import HEADER, PACKET

ROOM: Final = 1.2  # a little more packets than the time needs: keys and bursts take more than 50 a second


@dataclass(frozen=True)
class Packets:
    """Some packets in the order of their coming, column by column."""

    arrived: NDArray[np.float64]  # seconds, time.monotonic()
    audio: NDArray[np.bool_]  # whether it is a 20 ms µ-law packet
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    ssrc: NDArray[np.uint32]
    payload: NDArray[np.uint8]  # one row of 160 bytes a packet


class Ring:
    """A buffer that keeps the packets of the last `seconds`; older ones are overwritten."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.slots = max(8, round(seconds / SECONDS * ROOM))
        self.count = 0  # all packets ever taken
        self._kept = True
        self._allocate(0)

    def _allocate(self, slots: int) -> None:
        """Memory comes with the first packet: a call that is never answered needs none."""
        self._data = bytearray(slots * PACKET)
        self._view = memoryview(self._data)
        self._arrived = array("d", bytes(8 * slots))
        self._sizes = array("H", bytes(2 * slots))

    def forget(self) -> None:
        """Give the memory back; `between` raises from now on if there ever was anything."""
        self._kept = self.count == 0
        self._allocate(0)

    def slot(self) -> memoryview:
        """Where the next packet is to be received into."""
        if not self._data:
            self._allocate(self.slots)
        start = self.count % self.slots * PACKET
        return self._view[start : start + PACKET]

    def keep(self, size: int, arrived: float) -> None:
        """The slot has been filled with a packet of `size` bytes."""
        index = self.count % self.slots
        self._arrived[index] = arrived
        self._sizes[index] = size
        self.count += 1

    @property
    def kept_since(self) -> float:
        """The time from which on nothing has been overwritten; 0.0 when nothing ever was."""
        return self._arrived[self.count % self.slots] if self.count > self.slots else 0.0

    def between(self, since: float, until: float) -> Packets:
        """The packets that arrived in [since, until). ValueError when some of that time is no longer kept."""
        if not self._kept:
            raise ValueError("the audio of this call is no longer kept: too many calls ended after it")
        if not self._data:
            self._allocate(self.slots)
        if self.count > self.slots and since < self.kept_since:
            raise ValueError(
                f"audio of {self.kept_since - since:.1f} s before the kept {self.seconds:g} s was asked for"
            )
        order = np.arange(max(0, self.count - self.slots), self.count) % self.slots
        arrived = np.frombuffer(self._arrived, np.float64)[order]
        chosen = order[(arrived >= since) & (arrived < until)]
        rows = np.frombuffer(self._data, np.uint8).reshape(self.slots, PACKET)[chosen]
        sizes = np.frombuffer(self._sizes, np.uint16)[chosen]
        return Packets(
            arrived=np.frombuffer(self._arrived, np.float64)[chosen],
            audio=(sizes == PACKET) & (rows[:, 1] & 0x7F == 0),
            sequence=_column(rows, 2, ">u2").astype(np.uint16),
            timestamp=_column(rows, 4, ">u4").astype(np.uint32),
            ssrc=_column(rows, 8, ">u4").astype(np.uint32),
            payload=rows[:, HEADER : HEADER + FRAME],
        )


def _column(rows: NDArray[np.uint8], offset: int, kind: str) -> NDArray[np.uint16] | NDArray[np.uint32]:
    width = np.dtype(kind).itemsize
    return np.ascontiguousarray(rows[:, offset : offset + width]).view(kind)[:, 0]
