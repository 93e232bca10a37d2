"""Music to wait with: a quiet arpeggio, computed, so that no one's rights are touched."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000  # Hz, the only rate that Asterisk plays from .wav
_CHORDS = ((220.0, 261.63, 329.63), (196.0, 246.94, 293.66), (174.61, 220.0, 261.63), (196.0, 246.94, 329.63))
_NOTE = 0.35  # s
_LEVEL = 0.12  # of full scale: soft


def write(path: Path) -> None:
    """Writes a few bars as 16-bit mono WAV; it joins its own beginning."""
    time = np.arange(int(_NOTE * RATE)) / RATE
    fade = np.exp(-4.0 * time) * np.minimum(1.0, time / 0.01)  # plucked, and no click at the start
    bars = [
        fade * (np.sin(2 * np.pi * note * time) + 0.3 * np.sin(4 * np.pi * note * time))
        for chord in _CHORDS
        for note in (*chord, chord[1], *chord, chord[1])
    ]
    soundfile.write(path, _LEVEL * np.concatenate(bars), RATE, subtype="PCM_16")
