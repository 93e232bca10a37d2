"""What a recording must be made of: 16-bit linear WAV at 8000 Hz, mono, the one form that Asterisk
plays from a `.wav` file without converting it."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from uncall_ari.errors import RecordingRefused, RefusedBecause

RATE = 8000  # samples a second
TOO_MANY_BYTES = 3 * 1024 * 1024  # contract section 4: under 3 MB


def rewritten(data: bytes) -> bytes:
    """Return the recording in `data` as a new file: a 44-byte header, then the samples, nothing else.

    Chunks that hold no sound (and whatever hides in them) are left behind, and an extensible header,
    which Asterisk does not play, becomes a plain one. Raises RecordingRefused: TOO_LARGE for 3 MiB or
    more (contract section 4), FORMAT for anything that is not whole, 16-bit, 8000 Hz, mono and audible
    for at least one sample.
    """
    if len(data) >= TOO_MANY_BYTES:
        raise RecordingRefused(RefusedBecause.TOO_LARGE)
    samples = _samples(data)
    # libsndfile opens a cut-off file without a word, so the sizes are compared here.
    if not len(samples) or len(samples) * samples.itemsize != _size_of_sound(data):
        raise RecordingRefused(RefusedBecause.FORMAT, "the file is empty or cut off")
    clean = io.BytesIO()
    soundfile.write(clean, samples, RATE, format="WAV", subtype="PCM_16")
    return clean.getvalue()


def playable(file: Path) -> bool:
    """Tell whether Asterisk would play this file, whoever put it there. False also when it cannot be read."""
    try:
        with file.open("rb") as stream:
            if stream.read(4) != b"RIFF":
                return False
            stream.seek(0)
            with soundfile.SoundFile(stream) as sound:
                return _fits(sound, "WAV") and sound.frames > 0
    except (OSError, soundfile.SoundFileError):
        return False


def _fits(sound: soundfile.SoundFile, *formats: str) -> bool:
    return sound.format in formats and sound.subtype == "PCM_16" and sound.samplerate == RATE and sound.channels == 1


def _samples(data: bytes) -> npt.NDArray[np.int16]:
    """Return the samples of a WAV or WAVEX file; soundfile alone would open mp3, flac or float, too."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            if not _fits(sound, "WAV", "WAVEX"):
                raise RecordingRefused(
                    RefusedBecause.FORMAT,
                    f"{sound.format} {sound.subtype}, {sound.samplerate} Hz, {sound.channels} channels",
                )
            samples: npt.NDArray[np.int16] = sound.read(dtype="int16")
            return samples
    except soundfile.SoundFileError as error:
        raise RecordingRefused(RefusedBecause.FORMAT, "not readable as sound") from error


def _size_of_sound(data: bytes) -> int:
    """Return the bytes of samples that the file says it has. Raises RecordingRefused if they are not there.

    The size in the RIFF header itself is not compared: recorders that stream leave it open, and nothing
    depends on it.
    """
    for name, start, size in _chunks(data):
        if name == b"data":
            if start + size > len(data):
                raise RecordingRefused(RefusedBecause.FORMAT, "the file is cut off")
            return size
    raise RecordingRefused(RefusedBecause.FORMAT, "no RIFF/WAVE file with a data chunk")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Go through a RIFF/WAVE file: the name of each chunk, where its content starts, its size in bytes."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        yield name, at + 8, size
        at += 8 + size + size % 2  # chunks start at even positions
