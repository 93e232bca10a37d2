"""The addresses of sounds: made by us alone, good for one file in one version; and the settings of a far Asterisk."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from uncall_ari.config import load_settings
from uncall_ari.errors import ConfigErrors
from uncall_ari.media.addresses import PATH, NoSuchSound, SoundAddresses, by_path
from uncall_ari.upkeep import sound_addresses

NAMES = [
    "a.wav",
    "促销 欢迎词.wav",
    "你好%2C世界.wav",
    "a&b'c:d?e#f+g%20h=i;j|k.wav",
    "${EPOCH}{x}.wav",
    "中" * 83 + ".wav",
]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    (tmp_path / "recordings").mkdir()
    return tmp_path / "recordings"


def addresses(shelf: Path, secret: str = "secret", url: str = "http://pbx:8080/") -> SoundAddresses:
    return SoundAddresses(url, secret, {"recordings": shelf, "zh": shelf.parent / "zh"})


def parts(uri: str) -> list[str]:
    """What stands behind the path, taken apart as a web server does."""
    path = urlsplit(uri.removeprefix("sound:")).path
    assert path.startswith(f"{PATH}/")
    return [unquote(part) for part in path.removeprefix(f"{PATH}/").split("/")]


def write(file: Path, data: bytes = b"RIFF") -> Path:
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("name", NAMES)
def test_an_address_leads_to_its_file(name: str, shelf: Path) -> None:
    file = write(shelf / name)
    uri = addresses(shelf).uri(file)
    assert uri.startswith("sound:http://pbx:8080/uncall_api/sounds/")
    assert "," not in uri
    assert uri.isascii()
    assert uri.endswith(".wav"), "Asterisk looks for the format there"
    assert addresses(shelf).find(*parts(uri)) == (file, True)


def test_an_address_is_the_same_in_the_next_process_and_another_for_another_secret(shelf: Path) -> None:
    file = write(shelf / "a.wav")
    assert addresses(shelf).uri(file) == addresses(shelf).uri(file)
    assert addresses(shelf).uri(file) != addresses(shelf, "other").uri(file)
    with pytest.raises(NoSuchSound):
        addresses(shelf, "other").find(*parts(addresses(shelf).uri(file)))


def test_a_file_that_is_replaced_has_another_address_even_when_it_is_as_long(shelf: Path) -> None:
    file = write(shelf / "a.wav")
    os.utime(file, ns=(10**18, 10**18))
    before = addresses(shelf).uri(file)
    write(file, b"FFIR")
    os.utime(file, ns=(10**18 + 1, 10**18 + 1))
    assert addresses(shelf).uri(file) != before
    assert addresses(shelf).find(*parts(before)) == (file, False), "it is played, and not to be kept"


def test_only_files_that_lie_there_themselves_are_found(shelf: Path) -> None:
    made = addresses(shelf)
    secret = write(shelf.parent / "secret.wav")
    link, folder = shelf / "link.wav", shelf / "folder.wav"
    link.symlink_to(secret)
    folder.mkdir()
    for file in (link, folder, shelf / "none.wav"):
        with pytest.raises(NoSuchSound):
            made.find(*parts(made.uri(file)))
    with pytest.raises(KeyError):
        made.uri(secret)


@pytest.mark.parametrize(
    "changed",
    [
        {0: "A" * 24},
        {0: ""},
        {0: "ä\udcff"},
        {1: "0"},
        {2: "zh"},
        {2: "../recordings"},
        {3: "b.wav"},
        {3: "../secret.wav"},
        {3: "a.wav\0"},
        {1: "", 2: "", 3: ""},
    ],
)
def test_a_change_makes_an_address_worthless(changed: dict[int, str], shelf: Path) -> None:
    write(shelf / "a.wav"), write(shelf / "b.wav"), write(shelf.parent / "secret.wav")
    made = addresses(shelf)
    good = parts(made.uri(shelf / "a.wav"))
    with pytest.raises(NoSuchSound):
        made.find(*[changed.get(place, part) for place, part in enumerate(good)])


def test_without_an_address_asterisk_reads_the_file() -> None:
    assert by_path(Path("/srv/x/a.b.wav")) == "sound:/srv/x/a.b"


def settings(**sections: Any) -> Any:
    return load_settings(None, {"asterisk": {"password": "p"}} | sections)


def test_the_settings_say_whether_sounds_are_fetched(tmp_path: Path) -> None:
    assert sound_addresses(settings()) is None
    made = sound_addresses(settings(media={"url": "https://uncall.example:8443", "sounds": str(tmp_path)}))
    assert made is not None
    assert made.uri(tmp_path / "en" / "beep.wav").startswith("sound:https://uncall.example:8443/uncall_api/sounds/")


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"media": {"url": "uncall.example:8080"}}, "media.url"),
        ({"media": {"url": "http://crm:geheim@uncall.example"}}, "media.url"),
        ({"media": {"url": "http://uncall.example/a path"}}, "media.url"),
        ({"media": {"url": "http://uncall.example?x=1"}}, "media.url"),
        ({"recording": {"fetch": True, "stereo": True}}, "does not go with stereo"),
    ],
)
def test_settings_that_cannot_work_are_told(sections: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigErrors, match=told):
        settings(**sections)
