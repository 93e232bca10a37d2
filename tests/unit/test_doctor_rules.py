"""The doctor's rules that need no server: versions, clocks, zones, modes of folders, and what it says of it all."""

import os
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.cli.checking import plain, status
from uncall_ari.config import Settings
from uncall_ari.dialer.numbers import Pattern
from uncall_ari.doctor import TITLES, Check, Finding, Level, Words
from uncall_ari.doctor.account import Account, closed_to, listener
from uncall_ari.doctor.asterisk import clock, compared_clock, compared_zone, timezone, version
from uncall_ari.doctor.dialplan import example
from uncall_ari.doctor.finding import listed, shown
from uncall_ari.doctor.modules import needed
from uncall_ari.doctor.questions import Info

ROOT = Path(__file__).resolve().parents[2]
IT = Words("it", "它")
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("22.6.0", Level.OK),
        ("22.10.1+dfsg+~cs6.17.60671434-1", Level.OK),
        ("23.0.0", Level.OK),
        ("certified/22.8-cert1", Level.OK),
        ("22.5.9", Level.ERROR),
        ("20.16.0", Level.ERROR),
        ("certified/20.7-cert3", Level.ERROR),
        ("GIT-master-abcdef", Level.WARNING),
        ("", Level.WARNING),
    ],
)
def test_versions(said: str, level: Level) -> None:
    assert version(Info(said, "")).level is level


@pytest.mark.parametrize(
    ("ahead", "level"), [(0, Level.OK), (-3, Level.OK), (4, Level.WARNING), (-3600, Level.WARNING)]
)
def test_clocks(ahead: float, level: Level) -> None:
    assert compared_clock(IT, ahead).level is level


def test_the_clock_is_that_of_the_answer() -> None:
    moment = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC
    assert clock(Info("", "", "Thu, 01 Jan 2026 00:00:00 GMT"), moment).level is Level.OK
    late = clock(Info("", "", "Thu, 01 Jan 2026 00:00:00 GMT"), moment + 60)
    assert "60 s behind" in late.found.en
    assert clock(Info("", "", "yesterday"), moment).level is Level.SKIPPED


@pytest.mark.parametrize(
    ("started", "level"),
    [
        ("2026-07-01T12:00:00.000+0800", Level.OK),
        ("2026-07-01T04:00:00.000+0000", Level.WARNING),
        ("2026-07-01T04:00:00.000-0330", Level.WARNING),
        ("soon", Level.SKIPPED),
    ],
)
def test_time_zones(started: str, level: Level) -> None:
    assert timezone(Info("", started), SHANGHAI).level is level


def test_a_zone_is_compared_as_it_was_at_the_start_of_asterisk() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert timezone(Info("", "2026-01-01T12:00:00.000+0100"), berlin).level is Level.OK
    assert timezone(Info("", "2026-07-01T12:00:00.000+0200"), berlin).level is Level.OK
    assert "UTC-03:30" in compared_zone(IT, -3.5 * 3600, 8 * 3600, SHANGHAI).found.en


@pytest.mark.parametrize("pattern", ["0215555XXXX", "_1[3-9]XXXXXXXXX", "NZX.", "+86!", "[0-9*#]-1", "400-800-1234"])
def test_an_example_fits_its_pattern(pattern: str) -> None:
    assert Pattern.parse(pattern).matches(example(pattern)), example(pattern)


def test_what_modes_let_an_account_do(tmp_path: Path) -> None:
    user, group = os.geteuid() + 1, os.getegid() + 1
    folder = tmp_path / "folder"
    folder.mkdir()
    stranger, owner, root = (
        Account(user, frozenset({group})),
        Account(os.geteuid(), frozenset()),
        Account(0, frozenset()),
    )
    member = Account(user, frozenset({folder.stat().st_gid}))
    folder.chmod(0o750)
    may = {who: (each.may(folder, 5), each.may(folder, 3)) for who, each in vars_of(stranger, member).items()}
    assert may == {"stranger": (False, False), "member": (True, False)}
    assert root.may(folder, 7)
    folder.chmod(0o057)
    assert stranger.may(folder, 7)
    assert not member.may(folder, 3), "the group's bits count for a member, not those of others"
    if os.geteuid():
        assert not owner.may(folder, 4), "the owner's bits count for the owner"
    folder.chmod(0o755)


def vars_of(stranger: Account, member: Account) -> dict[str, Account]:
    return {"stranger": stranger, "member": member}


def test_the_first_folder_that_is_closed_is_named(tmp_path: Path) -> None:
    stranger = Account(os.geteuid() + 1, frozenset())
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a").chmod(0o700)
    proven = tmp_path / "sounds"
    assert closed_to(stranger, inner, 5, proven) == tmp_path / "a"
    assert closed_to(stranger, inner, 5, tmp_path / "a" / "sounds") is None
    inner.chmod(0o711)
    assert closed_to(stranger, inner, 5, tmp_path / "a" / "sounds") == inner


def test_whose_a_port_is(tmp_path: Path) -> None:
    table = tmp_path / "tcp"
    line = "   {}: 0100007F:1F98 00000000:0000 {} 00000000:00000000 00:00000000 00000000 {} 0 1 1 0 100 0 0 10 0\n"
    table.write_text("  sl  local_address\n" + line.format(0, "01", 5) + line.format(1, "0A", 4_000_000))
    account = listener(8088, table)
    assert account is not None
    assert (account.user, account.name) == (4_000_000, "uid 4000000")
    assert listener(8089, table) is None


def test_modules_are_those_of_the_page() -> None:
    everything = {
        "fastagi": {"enabled": True},
        "recording": {"enabled": True},
        "trunk": [{"value": "a", "endpoint": "a", "allow": ["X."], "amd": True}],
    }
    ours = {name for need in needed(Settings.model_validate(everything)) for name in need.modules}
    page = (ROOT / "docs" / "install.md").read_text()
    table = page[page.index("| for | modules |") : page.index("The complete list that the tests run with")]
    told = set(re.findall(r"`([a-z0-9_]+)`", table))
    optional = {"codec_alaw", "codec_ulaw", "func_dialplan", "func_talkdetect"}  # of the trunk; the check's own
    assert ours - {"chan_pjsip", "res_pjsip", "res_rtp_asterisk"} == told - optional


def test_modules_that_nothing_needs_are_not_asked_for() -> None:
    ours = {name for need in needed(Settings()) for name in need.modules}
    assert not ours & {"app_amd", "res_agi", "app_mixmonitor"}


def test_each_check_has_its_title_and_its_row_on_the_page() -> None:
    assert set(TITLES) == set(Check)
    assert all(all(words) for words in TITLES.values())
    page = (ROOT / "docs" / "check.md").read_text().partition("## What is looked at")[2]
    rows = set(re.findall(r"^\| `([a-z]+)` \|", page, flags=re.MULTILINE))
    assert rows == {each.value for each in Check}


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([], 0),
        ([Level.OK, Level.SKIPPED], 0),
        ([Level.OK, Level.WARNING], 1),
        ([Level.WARNING, Level.ERROR], 2),
        ([Level.ERROR, Level.SKIPPED], 2),
    ],
)
def test_exit_status(levels: list[Level], expected: int) -> None:
    assert status([Finding(Check.PORT, level, IT) for level in levels]) == expected


def test_a_finding_for_programs() -> None:
    assert plain(Finding(Check.PORT, Level.ERROR, IT, IT)) == {
        "check": "port",
        "level": "error",
        "found": {"en": "it", "zh": "它"},
        "remedy": {"en": "it", "zh": "它"},
    }
    assert plain(Finding(Check.PORT, Level.OK, IT))["remedy"] is None


@given(st.text())
def test_what_others_wrote_commands_no_terminal(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 160


def test_long_lists_are_cut() -> None:
    assert listed([str(n) for n in range(9)], 3) == "0, 1, 2 (+6)"
    assert listed(["a"]) == "a"
