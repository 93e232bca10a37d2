"""The recordings of calls as files: names that harm nobody, nothing half written, the oldest go first."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.media_files import WAV
from uncall_ari.media.calls import CallRecordings, recording_name
from uncall_ari.media.library import NoSuchRecording

AT = datetime(2013, 6, 25, 9, 31, 38, tzinfo=UTC)
UID = "1372123897.17"
NAME = "808-13632510278-20130625-093138-1372123897.17.WAV"
PLACE = Path("2013", "06", "25", NAME)


@pytest.fixture
def recordings(tmp_path: Path) -> CallRecordings:
    (tmp_path / "calls").mkdir()
    return CallRecordings(tmp_path / "calls")


def store(recordings: CallRecordings, at: datetime, uid: str, content: bytes = WAV) -> Path:
    """A published recording that was last written at `at`."""
    recordings.part(uid).write_bytes(content)
    file = recordings.publish(uid, recording_name("801", "802", at, uid))
    os.utime(file, (at.timestamp(), at.timestamp()))
    return file


@pytest.mark.parametrize(
    ("extension", "number", "uid", "expected"),
    [
        ("808", "13632510278", UID, NAME),
        ("808", "+8613632510278", UID, "808-+8613632510278-20130625-093138-1372123897.17.WAV"),
        ("*99", "#1-2", UID, "S99-P12-20130625-093138-1372123897.17.WAV"),
        ("", "匿名", UID, "unknown-unknown-20130625-093138-1372123897.17.WAV"),
        ("../../etc", "a b\0/$(x)", UID, "etc-abx-20130625-093138-1372123897.17.WAV"),
        ("8" * 99, "1", UID, f"{'8' * 32}-1-20130625-093138-1372123897.17.WAV"),
        ("1", "2", "pbx-1372123897.17", "1-2-20130625-093138-1372123897.17.WAV"),
        ("1", "2", "../x", "1-2-20130625-093138-0.0.WAV"),
    ],
)
def test_name(recordings: CallRecordings, extension: str, number: str, uid: str, expected: str) -> None:
    name = recording_name(extension, number, AT, uid)
    assert name == expected
    recordings.part(UID).write_bytes(WAV)
    assert recordings.publish(UID, name) == recordings.path(name)  # each name that is made is one that is taken


def test_nothing_is_there_before_it_is_complete(recordings: CallRecordings) -> None:
    recordings.part(UID).write_bytes(WAV[:100])
    for name in (NAME, f"audio:{NAME}", recordings.part(UID).name):
        with pytest.raises(NoSuchRecording):
            recordings.path(name)
    recordings.publish(UID, NAME)
    assert recordings.path(NAME) == recordings.path(f"audio:{NAME}") == recordings.folder / PLACE
    assert not recordings.part(UID).exists()


def test_publishing_replaces_nothing(recordings: CallRecordings) -> None:
    with pytest.raises(FileNotFoundError):
        recordings.publish(UID, NAME)  # Asterisk has written nothing
    recordings.part(UID).write_bytes(b"first")
    recordings.publish(UID, NAME)
    recordings.part(UID).write_bytes(b"second")
    with pytest.raises(FileExistsError):
        recordings.publish(UID, NAME)
    assert recordings.path(NAME).read_bytes() == b"first"
    with pytest.raises(NoSuchRecording):
        recordings.publish(UID, "../x.WAV")


@pytest.mark.parametrize("uid", ["../../x", "/etc/passwd", "a,b(c)", "1372123897.17"])
def test_a_part_lies_in_the_folder(recordings: CallRecordings, uid: str) -> None:
    part = recordings.part(uid)
    assert part.parent == recordings.folder
    assert part.name.startswith(".part-")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "audio:",
        f"audio:audio:{NAME}",
        f"x{NAME}y",
        f"{NAME}\n",
        f"../25/{NAME}",
        f"2013/06/25/{NAME}",
        NAME.replace("808", ".."),
        NAME.replace("808", "８０８"),
        NAME.replace(".WAV", ".wav"),
        NAME.replace(".WAV", ""),
        NAME.replace("808", "807"),
        "/etc/passwd",
        "a\0b",
        "8" * 5000,
    ],
)
def test_no_such_recording(recordings: CallRecordings, name: str) -> None:
    store(recordings, AT, UID)
    with pytest.raises(NoSuchRecording):
        recordings.path(name)


def test_links_are_not_followed(recordings: CallRecordings, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (recordings.folder / PLACE).parent.mkdir(parents=True)
    (recordings.folder / PLACE).symlink_to(tmp_path / "secret")
    with pytest.raises(NoSuchRecording):
        recordings.path(NAME)


def test_old_ones_go(recordings: CallRecordings) -> None:
    old, young = store(recordings, AT - timedelta(days=31), "1.1"), store(recordings, AT, "1.2")
    assert recordings.prune(AT, 0, 0) == []
    assert recordings.prune(AT, 30, 0) == [old]
    assert young.exists()
    assert not old.exists()
    assert sorted(each.name for each in (recordings.folder / "2013").iterdir()) == ["06"]  # empty folders go, too


def test_the_oldest_go_when_there_are_too_many(recordings: CallRecordings) -> None:
    files = [store(recordings, AT + timedelta(days=day), f"1.{day}", bytes(100)) for day in (3, 1, 2)]
    assert recordings.prune(AT + timedelta(days=4), 0, 300) == []
    assert recordings.prune(AT + timedelta(days=4), 0, 250) == [files[1]]
    assert recordings.prune(AT + timedelta(days=4), 1, 1) == [files[2], files[0]]
    assert list(recordings.folder.iterdir()) == []


def test_what_a_crash_left_goes_later(recordings: CallRecordings) -> None:
    recordings.part("1.1").write_bytes(WAV)
    now = datetime.now(UTC)
    assert recordings.prune(now, 0, 1) == []  # it may be a call that goes on
    assert recordings.prune(now + timedelta(days=2), 0, 0) == []
    assert recordings.prune(now + timedelta(days=2), 1, 0) == [recordings.part("1.1")]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    recordings = CallRecordings(tmp_path / "none")
    assert recordings.prune(AT, 1, 1) == []
    with pytest.raises(NoSuchRecording):
        recordings.path(NAME)
