"""Asterisk's configuration from dialplan/: complete, explained, and true to the spec."""

import re
from pathlib import Path

import jinja2
import pytest

from uncall_ari.lab import TrunkSpec
from uncall_ari.lab.templates import write_configuration
from uncall_ari.share import shared

VALUES: dict[str, object] = {
    "folder": Path("/srv/labs/x/asterisk"),
    "sounds": Path("/srv/labs/x/sounds"),
    "app": "uncall",
    "language": "zh",
    "user": "uncall",
    "password": "pass-word",
    "http_port": 20010,
    "ami_port": 20011,
    "sip_port": 20012,
    "rtp_first": 10000,
    "rtp_last": 13999,
    "trunks": (TrunkSpec("carrier", port=20500), TrunkSpec("second", port=20501)),
    "extensions": (("801", "s801"), ("802", "s802")),
    "patience": 10,
}


@pytest.fixture
def written(tmp_path: Path) -> dict[str, str]:
    """Every file that was written, by name."""
    write_configuration(tmp_path, VALUES)
    return {file.name: file.read_text() for file in tmp_path.iterdir()}


def test_there_is_one_file_for_each_template(written: dict[str, str]) -> None:
    assert sorted(written) == sorted(path.name[: -len(".j2")] for path in shared("dialplan").glob("*.j2"))


def test_each_file_says_what_it_is_for(written: dict[str, str]) -> None:
    assert [name for name, text in written.items() if not text.startswith("; ")] == []


def test_nothing_of_a_template_is_left_over(written: dict[str, str]) -> None:
    assert [name for name, text in written.items() if "{{" in text or "{%" in text] == []


def test_every_listener_is_on_loopback(written: dict[str, str]) -> None:
    binds = re.findall(r"^bind\w* = (.*)", "\n".join(written.values()), re.MULTILINE)
    binds = [bind for bind in binds if not bind.isdecimal()]  # http.conf's bindport
    assert len(binds) == 3  # HTTP, AMI and SIP
    assert all(bind.startswith("127.0.0.1") for bind in binds)


def test_trunks_and_extensions_are_endpoints(written: dict[str, str]) -> None:
    text = written["pjsip.conf"]
    for name in ("carrier", "second", "801", "802"):
        assert f"[{name}](phone)\naors = {name}\n" in text
    assert "match = 127.0.0.1:20501\n" in text
    assert "username = 802\npassword = s802\n" in text


def test_a_value_that_is_not_given_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="http_port"):
        write_configuration(tmp_path, {name: value for name, value in VALUES.items() if name != "http_port"})


def test_a_folder_that_nobody_ships_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="install anew"):
        shared("nothing")
