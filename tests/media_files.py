"""Sound files for the tests, good and bad, as bytes."""

import io
import struct

import numpy as np
import soundfile


def sound_file(
    form: str = "WAV",
    subtype: str = "PCM_16",
    *,
    rate: int = 8000,
    channels: int = 1,
    samples: int = 1600,
    endian: str = "FILE",
) -> bytes:
    """Returns a tone as a file of the given kind."""
    tone = (np.sin(np.arange(samples) * 0.3) * 9000).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, np.column_stack([tone] * channels), rate, format=form, subtype=subtype, endian=endian)
    return file.getvalue()


def chunk(name: bytes, content: bytes, *, size: int | None = None) -> bytes:
    """Returns a RIFF chunk, padded to an even length; `size` is what it says, if not the truth."""
    length = len(content) if size is None else size
    return name + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    """Returns a RIFF/WAVE file of these chunks."""
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


WAV = sound_file()  # as it is stored: 44 bytes of header, then the samples
SAMPLES = WAV[44:]
FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
DATA = chunk(b"data", SAMPLES)
