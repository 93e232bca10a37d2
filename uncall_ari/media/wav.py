"""What a recording must be made of: 16-bit linear WAV at 8000 Hz, mono, the one form that Asterisk
plays from a `.wav` file without converting it."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile

from uncall_ari.errors import RecordingRefused, RefusedBecause

RATE = 8000  # samples a second
_FORM = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)  # linear, mono, bytes a second and a sample, bits
_SHORTEST = RATE // 50  # samples: 20 ms, one packet; Asterisk fails to play files of less than 3 ms
_TOO_SHORT = 48  # bytes of sound: these 3 ms
TOO_MANY_BYTES = 3 * 1024 * 1024  # contract section 4: under 3 MB


def rewritten(data: bytes) -> bytes:
    """Return the recording in `data` as a new file: a 44-byte header, then the samples, nothing else.

    Chunks that hold no sound (and whatever hides in them) are left behind, an extensible header, which
    Asterisk does not play, becomes a plain one, and silence is added to what is shorter than 20 ms. Raises
    RecordingRefused: TOO_LARGE for 3 MiB or more (contract section 4), FORMAT for anything that is not
    whole, 16-bit, 8000 Hz, mono and at least one sample long.
    """
    if len(data) >= TOO_MANY_BYTES:
        raise RecordingRefused(RefusedBecause.TOO_LARGE)
    samples = _samples(data)
    # libsndfile opens a cut-off file without a word, so the sizes are compared here.
    if not len(samples) or len(samples) * samples.itemsize != _size_of_sound(data):
        raise RecordingRefused(RefusedBecause.FORMAT, "the file is empty or cut off")
    samples = np.pad(samples, (0, max(0, _SHORTEST - len(samples))))
    clean = io.BytesIO()
    soundfile.write(clean, samples, RATE, format="WAV", subtype="PCM_16")
    return clean.getvalue()


def playable(file: Path) -> bool:
    """Tell whether Asterisk would play this file, whoever put it there. False also when it cannot be read.

    Only the headers are read, since this is asked before every playback. They are read as Asterisk's
    format_wav does it: it takes a size of 2 GiB or more for a negative one, and knows no padding.
    """
    form = b""
    try:
        with file.open("rb") as stream:
            for name, size in _chunks(stream, padded=False):
                if name == b"fmt ":
                    form = stream.read(len(_FORM))
                elif name == b"data":
                    return form == _FORM and size < 2**31 and len(stream.read(min(size, _TOO_SHORT))) == _TOO_SHORT
    except OSError:
        return False
    return False


def _samples(data: bytes) -> npt.NDArray[np.int16]:
    """Return the samples of a WAV or WAVEX file; soundfile alone would open mp3, flac or float, too."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            found = (sound.subtype, sound.samplerate, sound.channels)
            if sound.format not in ("WAV", "WAVEX") or found != ("PCM_16", RATE, 1):
                raise RecordingRefused(RefusedBecause.FORMAT, f"{sound.format}: {found}")
            samples: npt.NDArray[np.int16] = sound.read(dtype="int16")
            return samples
    except soundfile.SoundFileError as error:
        raise RecordingRefused(RefusedBecause.FORMAT, "not readable as sound") from error


def _size_of_sound(data: bytes) -> int:
    """Return the bytes of samples that the file says it has. Raises RecordingRefused if they are not there.

    The size in the RIFF header itself is not compared: recorders that stream leave it open, and nothing
    depends on it.
    """
    stream = io.BytesIO(data)
    for name, size in _chunks(stream, padded=True):
        if name == b"data":
            if stream.tell() + size > len(data):
                raise RecordingRefused(RefusedBecause.FORMAT, "the file is cut off")
            return size
    raise RecordingRefused(RefusedBecause.FORMAT, "no RIFF/WAVE file with a data chunk")


def _chunks(stream: BinaryIO, *, padded: bool) -> Iterator[tuple[bytes, int]]:
    """Go through a RIFF/WAVE file: each chunk's name and size in bytes. The stream then stands at its content.

    `padded`: a chunk of odd length has one byte more behind it, as RIFF wants it.
    """
    riff = stream.read(12)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        return
    at = 12
    while len(header := stream.read(8)) == 8:
        name, size = struct.unpack("<4sI", header)
        yield name, size
        at += 8 + size + (size % 2 if padded else 0)
        stream.seek(at)
