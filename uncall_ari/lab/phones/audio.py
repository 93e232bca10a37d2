"""µ-law audio at 8 kHz in 20 ms frames: the codec (ITU-T G.711), tones that repeat in every frame, silence.

Levels are dBFS by amplitude: a sine that reaches full scale is 0, the tones here are -12.
"""

import functools
import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000
FRAME: Final = 160  # samples, and with µ-law bytes, of 20 ms
SECONDS: Final = FRAME / RATE
FULL_SCALE: Final = 32768.0
SILENCE: Final = b"\xff" * FRAME
LEVEL: Final = -12.0  # of our own tones
_BIAS: Final = 132

_TAKEN: Final = (350, 440, 450, 480, 620, 697, 770, 852, 941, 1209, 1336, 1477, 1633)  # call progress and DTMF
TONES: Final = tuple(f for f in range(300, 3400, 50) if all(abs(f - taken) > 25 for taken in _TAKEN))
"""Frequencies in Hz that fit whole into 20 ms and lie clear of ringing, busy and dial tones and of DTMF."""


def encode(pcm: NDArray[np.int16]) -> bytes:
    """16-bit samples as µ-law."""
    samples = pcm.astype(np.int32)
    sign = np.where(samples < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples), 32635) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    codes: NDArray[np.int32] = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return codes.astype(np.uint8).tobytes()


def _decoding_table() -> NDArray[np.float32]:
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + _BIAS) << ((code >> 4) & 0x07)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.float32)


_DECODED: Final = _decoding_table()


def decode(data: bytes | NDArray[np.uint8]) -> NDArray[np.float32]:
    """µ-law bytes as samples between -32124 and 32124."""
    codes = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    return _DECODED[codes]


def sine(hz: float, seconds: float, level: float = LEVEL) -> NDArray[np.int16]:
    """A sine as 16-bit samples; `level` in dBFS."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.round(np.sin(2 * np.pi * hz * time) * 10 ** (level / 20) * (FULL_SCALE - 1)).astype(np.int16)


@functools.cache
def tone_frame(hz: int) -> bytes:
    """20 ms of a tone as µ-law, to be sent again and again; 0 Hz is silence.

    ValueError for a tone that does not fit whole into a frame: it would click 50 times a second.
    """
    if hz % 50 or not 0 <= hz < RATE // 2:
        raise ValueError(f"{hz} Hz is no multiple of 50 Hz below {RATE // 2}")
    return encode(sine(hz, SECONDS)) if hz else SILENCE


_turn = itertools.cycle(TONES)


def next_tone() -> int:
    """Another tone at each call, in turn: as many parties as there are TONES can be told apart at once."""
    return next(_turn)
