"""The prompts: every phrase is there in both languages, fit for Asterisk, and as loud as the others."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import soundfile

from uncall_ari.media.prompts import NoSuchPrompt, Prompts
from uncall_ari.media.wav import playable, rewritten
from uncall_ari.share import shared

SOUNDS = shared("sounds")
PHRASES = tomllib.loads((SOUNDS / "phrases.toml").read_text("utf-8"))
NAMES = sorted([*PHRASES["phrases"], *PHRASES["tones"]])
FILES = [f"{language}/{name}" for language in ("zh", "en") for name in NAMES]


def decibels(value: float) -> float:
    return float(20 * np.log10(max(value, 1e-9)))


@pytest.mark.parametrize("name", [*FILES, "music/waiting"])
def test_a_prompt_is_clean_and_loud_enough(name: str) -> None:
    file = SOUNDS / f"{name}.wav"
    assert rewritten(file.read_bytes()) == file.read_bytes()
    samples, _ = soundfile.read(file)
    level = decibels(np.sqrt(np.mean(samples**2)))
    assert level == pytest.approx(-24 if name == "music/waiting" else -20, abs=1)
    assert decibels(np.abs(samples).max()) < -3
    assert 0.2 < len(samples) / 8000 <= 10


@pytest.mark.parametrize("name", FILES)
def test_silence_is_cut_off(name: str) -> None:
    samples, rate = soundfile.read(SOUNDS / f"{name}.wav")
    loud = np.flatnonzero(np.abs(samples) > 10 ** (-40 / 20))
    assert loud[0] < 0.15 * rate
    assert len(samples) - loud[-1] < 0.25 * rate


@pytest.mark.parametrize("name", NAMES)
def test_the_languages_differ_in_words_only(name: str) -> None:
    zh, en = (SOUNDS / language / f"{name}.wav" for language in ("zh", "en"))
    assert (zh.read_bytes() == en.read_bytes()) is (name in PHRASES["tones"])


def test_no_file_without_a_phrase() -> None:
    for language in ("zh", "en"):
        assert sorted(file.stem for file in (SOUNDS / language).iterdir()) == NAMES


def test_the_music_can_be_looped() -> None:
    samples, _ = soundfile.read(SOUNDS / "music/waiting.wav")
    assert len(samples) == 10 * 8000
    steps = np.abs(np.diff(samples))
    assert abs(samples[0] - samples[-1]) <= steps.max()


def test_found_in_the_chosen_language_first(tmp_path: Path) -> None:
    for file in ("zh/both.wav", "en/both.wav", "zh/only-zh.wav", "en/only-en.wav", "en/Bad_Name.wav"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"")
    chinese, english = Prompts(tmp_path, "zh"), Prompts(tmp_path, "en")
    assert chinese.names() == english.names() == ["both", "only-en", "only-zh"]
    assert chinese.sound("both") == f"sound:{tmp_path}/zh/both"
    assert english.sound("both") == f"sound:{tmp_path}/en/both"
    assert chinese.sound("only-en") == f"sound:{tmp_path}/en/only-en"
    assert english.sound("only-zh") == f"sound:{tmp_path}/zh/only-zh"


@pytest.mark.parametrize(
    "name", ["missing", "", "..", "../en/welcome", "Welcome", "welcome.wav", "-a", "a\n", "zh/welcome"]
)
def test_no_such_prompt(name: str) -> None:
    prompts = Prompts(SOUNDS, "zh")
    assert not prompts.exists(name)
    with pytest.raises(NoSuchPrompt):
        prompts.sound(name)


def test_the_packaged_prompts_are_found() -> None:
    prompts = Prompts(SOUNDS, "en")
    assert prompts.names() == NAMES
    assert prompts.exists("welcome")
    assert playable(Path(prompts.sound("welcome").removeprefix("sound:") + ".wav"))
