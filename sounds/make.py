"""Make all prompts: `python sounds/make.py` speaks phrases.toml into zh/ and en/, and plays music/.

Needs the program espeak-ng (Debian: `apt install espeak-ng`). The same version of it gives the same files,
bit for bit. Everything here is made by this script, so nobody's rights are in the files.
"""

import io
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

HERE = Path(__file__).parent
RATE = 8000  # samples a second: what Asterisk plays as it is
LEVEL = -20.0  # dBFS: the RMS of a prompt where it sounds
CEILING = -3.5  # dBFS: no sample is louder
SILENCE = -45.0  # dB below the loudest: cut off at both ends
EDGE = 0.06  # seconds of it that stay, so that no consonant is lost

# The voice `cmn` of espeak-ng 1.51 reads Chinese words as English ("nin two"); this one does not.
VOICES = {"zh": ("cmn-latn-pinyin", 155), "en": ("en", 155)}  # and words a minute

Sound = npt.NDArray[np.float64]


def main() -> None:
    """Write every file again."""
    phrases: dict[str, Any] = tomllib.loads((HERE / "phrases.toml").read_text("utf-8"))
    for language, (voice, speed) in VOICES.items():
        for name, phrase in phrases["phrases"].items():
            text = phrase.get("spoken", phrase["zh"]) if language == "zh" else phrase[language]
            write(f"{language}/{name}", levelled(trimmed(spoken(text, voice, speed))))
        for name, tone in phrases["tones"].items():
            write(f"{language}/{name}", levelled(faded(sine(tone["hertz"], tone["seconds"]))))
    write("music/waiting", levelled(tune(), LEVEL - 4))  # softer: nobody has to understand it


def spoken(text: str, voice: str, speed: int) -> Sound:
    """Return `text` as espeak-ng says it. Raises ValueError when it would switch to another language."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-g", "2", "-a", "80", text]
    phonemes = subprocess.run([*command, "-q", "-x"], check=True, capture_output=True, text=True).stdout
    if "(" in phonemes:  # "(en)" and the like
        raise ValueError(f"{voice} cannot say {text!r} in its own language: {phonemes}")
    speech = subprocess.run([*command, "--stdout"], check=True, capture_output=True).stdout
    samples, rate = soundfile.read(io.BytesIO(speech), dtype="float64")
    return resampled(samples, rate)


def resampled(samples: Sound, rate: int) -> Sound:
    """Return the same sound at our rate; what lies above half of it is left out, and rumble below 100 Hz."""
    samples = np.pad(samples, rate // 4)  # or the end of the sound would leak into its start
    wanted = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)[: wanted // 2 + 1]
    hertz = np.arange(len(spectrum)) * rate / len(samples)
    spectrum *= np.clip((hertz - 60) / 40, 0, 1) * np.clip((3800 - hertz) / 200, 0, 1)
    sound: Sound = np.fft.irfft(spectrum, wanted) * wanted / len(samples)
    return sound


def trimmed(samples: Sound) -> Sound:
    """Return the sound without the silence before and behind it."""
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() * 10 ** (SILENCE / 20))
    edge = int(EDGE * RATE)
    return faded(samples[max(0, loud[0] - edge) : loud[-1] + edge])


def faded(samples: Sound, seconds: float = 0.01) -> Sound:
    """Return the sound with soft ends, so that it does not click."""
    slope = np.linspace(0, 1, int(seconds * RATE))
    shape = np.ones(len(samples))
    shape[: len(slope)] = slope
    shape[-len(slope) :] = slope[::-1]
    return samples * shape


def levelled(samples: Sound, level: float = LEVEL) -> Sound:
    """Return the sound with an RMS of `level` dBFS; the few peaks that are too loud then are bent down."""
    ceiling = 10 ** (CEILING / 20)
    loud = samples * 10 ** (level / 20) / np.sqrt(np.mean(samples**2))
    knee = ceiling / 2
    over = np.maximum(np.abs(loud) - knee, 0)
    soft: Sound = np.sign(loud) * (np.minimum(np.abs(loud), knee) + (ceiling - knee) * np.tanh(over / (ceiling - knee)))
    return soft


def sine(hertz: float, seconds: float) -> Sound:
    """Return a plain tone."""
    tone: Sound = np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)
    return tone


def tune() -> Sound:
    """Return 10 s of quiet music that can be played in a loop: 16 beats, a pentatonic melody over a bass.

    A note that rings past the end goes on at the start, so the seam is not heard.
    """
    beat = 0.625  # seconds
    music = np.zeros(int(16 * beat * RATE))
    melody = [0, 4, 7, 9, 12, 9, 7, 4, 2, 7, 9, 14, 12, 9, 7, 4, 0, 7, 12, 16, 14, 12, 9, 7, 9, 4, 7, 2, 4, 2, 0, None]
    bass = [-12, -15, -10, -5]  # C, A, D, G: one for every four beats
    for place, note in enumerate(melody):
        if note is not None:
            ring(music, note, place * beat / 2, 0.5)
    for place, note in enumerate(bass):
        for half in (0, 2):
            ring(music, note, (place * 4 + half) * beat, 0.8)
            ring(music, note + 7, (place * 4 + half + 1) * beat, 0.35)
    return music


def ring(music: Sound, note: int, start: float, loudness: float) -> None:
    """Add one note to `music`, `note` half tones above middle C: a few partials that fade, like a bell's."""
    hertz = 261.63 * 2 ** (note / 12)
    time = np.arange(int(1.8 * RATE)) / RATE
    sound = np.zeros(len(time))
    for multiple, strength, decay in ((1, 1.0, 2.2), (2, 0.35, 3.5), (3, 0.12, 5.0), (4, 0.05, 8.0)):
        sound += strength * np.exp(-decay * time) * np.sin(2 * np.pi * hertz * multiple * time)
    places = (np.arange(len(time)) + int(start * RATE)) % len(music)
    np.add.at(music, places, loudness * faded(sound, 0.006))


def write(name: str, samples: Sound) -> None:
    """Write one WAV file: 16 bits, 8000 Hz, mono, no extra chunks."""
    file = HERE / f"{name}.wav"
    file.parent.mkdir(exist_ok=True)
    soundfile.write(file, np.round(samples * 32767).astype(np.int16), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
