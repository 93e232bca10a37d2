"""What is taken as a recording, and what is stored of it."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media_files import DATA, FMT, SAMPLES, WAV, chunk, riff, sound_file
from uncall_ari.errors import RecordingRefused, RefusedBecause
from uncall_ari.media.wav import TOO_MANY_BYTES, playable, rewritten

TAKEN = {
    "plain": WAV,
    "one sample": sound_file(samples=1),
    "extensible header": sound_file("WAVEX"),
    "fmt with an empty extension": riff(chunk(b"fmt ", struct.pack("<HHIIHHH", 1, 1, 8000, 16000, 2, 16, 0)), DATA),
    "chunks before and behind": riff(
        chunk(b"JUNK", b"abc"), FMT, chunk(b"LIST", b"INFO"), DATA, chunk(b"id3 ", b"x" * 99)
    ),
    "size in the RIFF header left open": WAV[:4] + b"\xff\xff\xff\xff" + WAV[8:],
    "something behind the end": WAV + b"<?php evil(); ?>",
}

REFUSED = {
    "nothing": b"",
    "RIFF alone": b"RIFF",
    "text": b"hello" * 100,
    "header alone": WAV[:44],
    "no samples": sound_file(samples=0),
    "cut in the header": WAV[:40],
    "cut by one byte": WAV[:-1],
    "cut by half": WAV[: len(WAV) // 2],
    "size of the sound left open": WAV[:40] + b"\xff\xff\xff\xff" + WAV[44:],
    "half a sample": riff(FMT, chunk(b"data", SAMPLES, size=len(SAMPLES) - 1)),
    "no fmt": riff(DATA),
    "no data": riff(FMT),
    "two data chunks": riff(FMT, DATA, DATA),
    "44.1 kHz": sound_file(rate=44100),
    "16 kHz": sound_file(rate=16000),
    "stereo": sound_file(channels=2),
    "8 bits": sound_file(subtype="PCM_U8"),
    "24 bits": sound_file(subtype="PCM_24"),
    "32 bits": sound_file(subtype="PCM_32"),
    "float": sound_file(subtype="FLOAT"),
    "double": sound_file(subtype="DOUBLE"),
    "µ-law": sound_file(subtype="ULAW"),
    "A-law": sound_file(subtype="ALAW"),
    "GSM": sound_file(subtype="GSM610"),
    "IMA ADPCM": sound_file(subtype="IMA_ADPCM"),
    "extensible stereo": sound_file("WAVEX", channels=2),
    "RIFX": sound_file(endian="BIG"),
    "RF64": sound_file("RF64"),
    "W64": sound_file("W64"),
    "AIFF": sound_file("AIFF"),
    "AU": sound_file("AU"),
    "raw": SAMPLES,
    "mp3": sound_file("MP3", "MPEG_LAYER_III"),
    "mp3 called RIFF": riff(chunk(b"data", sound_file("MP3", "MPEG_LAYER_III"))),
    "flac": sound_file("FLAC"),
    "ogg": sound_file("OGG", "VORBIS"),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_taken_and_stored_clean(kind: str) -> None:
    stored = rewritten(TAKEN[kind])
    # Asterisk fails to play a sound of less than 3 ms: it becomes 20 ms long.
    samples = SAMPLES[:2] + bytes(318) if kind == "one sample" else SAMPLES
    assert stored == riff(FMT, chunk(b"data", samples))


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    with pytest.raises(RecordingRefused) as refused:
        rewritten(REFUSED[kind])
    assert refused.value.because is RefusedBecause.FORMAT


def test_3_mib_are_too_many() -> None:
    assert TOO_MANY_BYTES == 3 * 1024 * 1024
    largest = sound_file(samples=(TOO_MANY_BYTES - 44) // 2 - 1)
    assert rewritten(largest) == largest
    for too_large in (sound_file(samples=(TOO_MANY_BYTES - 44) // 2), b"x" * TOO_MANY_BYTES):
        with pytest.raises(RecordingRefused) as refused:
            rewritten(too_large)
        assert refused.value.because is RefusedBecause.TOO_LARGE


@given(st.data())
def test_whatever_comes_is_refused_or_becomes_clean(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*TAKEN.values(), sound_file("WAVEX", samples=20)]))
    garbled = bytearray(kind[: data.draw(st.integers(0, len(kind)))])
    for _ in range(data.draw(st.integers(0, 6))):
        if garbled:
            at = data.draw(st.integers(0, min(len(garbled), 120) - 1))
            garbled[at] = data.draw(st.integers(0, 255))
    try:
        stored = rewritten(bytes(garbled))
    except RecordingRefused:
        return
    assert stored[:40] == riff(FMT, chunk(b"data", stored[44:]))[:40]
    assert rewritten(stored) == stored


@pytest.mark.parametrize("kind", [*TAKEN, *REFUSED])
def test_playable_by_asterisk(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "put-here-by-hand.wav"
    file.write_bytes((TAKEN | REFUSED)[kind])
    # What Asterisk itself says to such files is asked in tests/integration/test_recordings.py.
    also_played = {"cut by one byte", "cut by half", "half a sample", "two data chunks"}
    not_played = {"extensible header", "chunks before and behind", "one sample"}
    assert playable(file) is (kind in (TAKEN.keys() | also_played) - not_played)


def test_not_playable_when_missing_or_a_folder(tmp_path: Path) -> None:
    assert not playable(tmp_path / "missing.wav")
    assert not playable(tmp_path)
