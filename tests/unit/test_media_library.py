"""The folder of recordings: what is shown, stored, refused and deleted."""

import errno
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.media_files import WAV, sound_file
from uncall_ari.errors import RecordingRefused, RefusedBecause, UncallError
from uncall_ari.media.library import NoSuchRecording, RecordingLibrary


@pytest.fixture
def library(tmp_path: Path) -> RecordingLibrary:
    return RecordingLibrary(tmp_path / "var" / "recordings")


def files(library: RecordingLibrary) -> list[str]:
    return sorted(file.name for file in library.folder.iterdir())


def refusal(library: RecordingLibrary, name: str, data: bytes = WAV) -> RefusedBecause:
    with pytest.raises(RecordingRefused) as refused:
        library.save(name, data)
    return refused.value.because


def test_the_folder_is_made_and_can_be_read_by_others(library: RecordingLibrary) -> None:
    assert library.folder.is_dir()
    assert library.folder.stat().st_mode & 0o777 == 0o755
    assert library.names() == []


def test_save_and_find(library: RecordingLibrary) -> None:
    assert library.save("C:\\fakepath\\你好,世界.WAV", sound_file("WAVEX")) == "你好,世界.wav"
    assert library.save("b.wav", WAV) == "b.wav"
    assert library.names() == ["b.wav", "你好,世界.wav"]
    assert library.has("b.WAV")
    assert library.has("你好,世界.wav")
    assert library.has("你好%2C世界.wav")
    file = library.path("你好,世界.wav")
    assert file.is_absolute()
    assert file.read_bytes() == WAV
    assert file.stat().st_mode & 0o777 == 0o644
    assert library.sound("你好,世界.wav") == f"sound:{library.folder}/你好%2C世界"
    assert files(library) == ["b.wav", "你好%2C世界.wav"]  # and nothing is left over


def test_the_umask_does_not_hide_a_recording(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        library = RecordingLibrary(tmp_path / "recordings")
        library.save("a.wav", WAV)
    finally:
        os.umask(before)
    assert library.folder.stat().st_mode & 0o777 == 0o755
    assert library.path("a.wav").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["", "0", "missing.wav", "../a.wav.php", "..", "a\0.wav", "/etc/passwd"])
def test_unknown(library: RecordingLibrary, name: str) -> None:
    for ask in (library.path, library.sound):
        with pytest.raises(NoSuchRecording) as unknown:
            ask(name)
        assert isinstance(unknown.value, KeyError)
        assert isinstance(unknown.value, UncallError)
    assert not library.has(name)
    assert library.delete(name) is False


def test_refused(library: RecordingLibrary) -> None:
    library.save("a.wav", WAV)
    assert refusal(library, "a.wav") is RefusedBecause.EXISTS
    assert refusal(library, "A/a.WAV") is RefusedBecause.EXISTS
    assert refusal(library, "b.wav", WAV[:-2]) is RefusedBecause.FORMAT
    assert refusal(library, "b.mp3") is RefusedBecause.FORMAT
    assert refusal(library, "b.wav", bytes(3 << 20)) is RefusedBecause.TOO_LARGE
    assert library.names() == ["a.wav"]


def test_a_failure_leaves_nothing(library: RecordingLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(library, "a.wav") is RefusedBecause.FAILED
    assert files(library) == []


def test_a_folder_that_is_gone(library: RecordingLibrary) -> None:
    library.folder.rmdir()
    assert refusal(library, "a.wav") is RefusedBecause.FAILED
    assert library.names() == []
    assert library.delete("a.wav") is False


def test_of_many_uploads_at_once_one_is_taken(library: RecordingLibrary) -> None:
    uploads = 16
    together = threading.Barrier(uploads, timeout=30)

    def upload(samples: int) -> int | RefusedBecause:
        together.wait()
        try:
            library.save("a.wav", sound_file(samples=samples))
        except RecordingRefused as refused:
            return refused.because
        return samples

    with ThreadPoolExecutor(uploads) as threads:
        results = list(threads.map(upload, range(200, 200 + uploads)))
    assert results.count(RefusedBecause.EXISTS) == uploads - 1
    (taken,) = (result for result in results if isinstance(result, int))
    assert library.path("a.wav").read_bytes() == sound_file(samples=taken)
    assert files(library) == ["a.wav"]


def test_only_what_asterisk_plays_is_shown(library: RecordingLibrary, tmp_path: Path) -> None:
    (tmp_path / "outside.wav").write_bytes(WAV)
    put = {
        "by-hand.wav": WAV,
        "by,hand.wav": WAV,  # a comma would take the media URI apart
        "HAND.WAV": WAV,  # Asterisk looks for .wav only
        "44100.wav": sound_file(rate=44100),
        "extensible.wav": sound_file("WAVEX"),
        "empty.wav": b"",
        "note.txt": b"hello",
        ".hidden.wav": WAV,
    }
    for name, data in put.items():
        (library.folder / name).write_bytes(data)
    (library.folder / "folder.wav").mkdir()
    (library.folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    (library.folder / "dangling.wav").symlink_to(tmp_path / "missing.wav")
    os.mkfifo(library.folder / "pipe.wav")
    assert library.names() == ["by-hand.wav"]
    for name in ("44100.wav", "link.wav", "dangling.wav", "pipe.wav", "folder.wav", "by,hand.wav"):
        assert not library.has(name)


def test_a_link_is_neither_replaced_nor_deleted(library: RecordingLibrary, tmp_path: Path) -> None:
    (tmp_path / "outside.wav").write_bytes(WAV)
    for name, target in (("link.wav", "outside.wav"), ("dangling.wav", "missing.wav")):
        (library.folder / name).symlink_to(tmp_path / target)
        assert refusal(library, name) is RefusedBecause.EXISTS
        assert library.delete(name) is False
    assert (tmp_path / "outside.wav").exists()
    assert not (tmp_path / "missing.wav").exists()


def test_delete(library: RecordingLibrary) -> None:
    library.save("你好,1.wav", WAV)
    (library.folder / "broken.wav").write_bytes(b"")  # not shown, but in the way of an upload
    assert library.delete("你好,1.WAV") is True
    assert library.delete("你好,1.wav") is False
    assert library.delete("broken.wav") is True
    assert files(library) == []


def test_what_a_crash_left_is_cleared_away(library: RecordingLibrary) -> None:
    old, new = library.folder / ".uploading-old.wav", library.folder / ".uploading-new.wav"
    for file in (old, new):
        file.write_bytes(WAV)
    os.utime(old, (time.time() - 7200,) * 2)
    assert RecordingLibrary(library.folder).names() == []
    assert not old.exists()
    assert new.exists()  # of another process, which may be at work on it
