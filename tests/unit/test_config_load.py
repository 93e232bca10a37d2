"""The layers of the settings: defaults, file, environment, overrides; paths; what a reload can change."""

import ipaddress
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from uncall_ari.config import Change, Settings, changes, load_settings, needs_restart
from uncall_ari.dialer.causes import Cause
from uncall_ari.ivr import CallExtension

PASSWORD = {"asterisk": {"password": "p"}}
TRUNK = {"value": "sip/test/", "endpoint": "carrier", "allow": ["1[3-9]XXXXXXXXX"]}


@pytest.fixture(autouse=True)
def _no_other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder without a uncall.toml, an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("UNCALL_")]:
        monkeypatch.delenv(variable)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc" / "uncall.toml"


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings(overrides=PASSWORD)
    assert settings.asterisk.url == "http://127.0.0.1:8088"
    assert settings.web.host == "127.0.0.1"
    assert ipaddress.ip_address("127.9.9.9") in settings.web.networks[0]
    assert settings.web.api_keys == ()
    assert settings.dialer.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.dialer.retry.budget == 0
    assert settings.media.recordings == tmp_path / "recordings"
    assert settings.media.sounds is None
    assert settings.database.url.get_secret_value() == f"sqlite:///{tmp_path / 'uncall.db'}"
    assert (settings.trunk, settings.ivr, settings.queue) == ((), {}, {})


def test_each_layer_goes_over_the_one_before(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('asterisk.password = "p"\n[web]\nhost = "10.0.0.1"\nport = 1\n[dialer]\nring_seconds = 20\n')
    monkeypatch.setenv("UNCALL_WEB__PORT", "2")
    monkeypatch.setenv("UNCALL_DIALER__RING_SECONDS", "25")
    settings = load_settings(file, {"dialer": {"ring_seconds": 40}})
    assert settings.web.host == "10.0.0.1"
    assert settings.web.port == 2
    assert settings.dialer.ring_seconds == 40
    assert settings.dialer.finish_after == 10


def test_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "UNCALL_ASTERISK__PASSWORD": "p",
        "UNCALL_WEB__NETWORKS": '["10.1.0.0/16"]',
        "UNCALL_WEB__USERS": '{"Crm": "word"}',
        "UNCALL_WEB__API_KEYS": '["key"]',
        "UNCALL_DIALER__RETRY__BUDGET": "2",
        "UNCALL_DIALER__RETRY__CAUSES": '{"busy": 300}',
        "UNCALL_TRUNK": '[{"value": "sip/a/", "endpoint": "a", "allow": ["X."]}]',
        "UNCALL_IVR__127000__STEP__HELLO__THEN": "extension 801",
        "UNCALL_QUEUE__600__DESCRIPTION": "sales",
        "UNCALL_LAB_ROOT": "not a setting",
    }.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.asterisk.password.get_secret_value() == "p"
    assert settings.web.networks == (ipaddress.ip_network("10.1.0.0/16"),)
    assert settings.web.users["Crm"].get_secret_value() == "word"
    assert [key.get_secret_value() for key in settings.web.api_keys] == ["key"]
    assert settings.dialer.retry.causes == {Cause.BUSY: 300}
    assert settings.trunk[0].endpoint == "a"
    assert settings.ivr["127000"].first.then == CallExtension("801")
    assert settings.queue["600"].description == "sales"


def test_a_variable_changes_one_key_of_a_table_that_another_one_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCALL_WEB", '{"host": "10.0.0.1", "port": 1}')
    monkeypatch.setenv("UNCALL_WEB__PORT", "2")
    settings = load_settings(overrides=PASSWORD)
    assert (settings.web.host, settings.web.port) == ("10.0.0.1", 2)


def test_overrides_leave_what_they_were_made_of_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCALL_WEB__PORT", "2")
    overrides = {"asterisk": {"password": "p"}, "web": {"host": "10.0.0.1"}}
    load_settings(overrides=overrides)
    assert overrides == {"asterisk": {"password": "p"}, "web": {"host": "10.0.0.1"}}


@pytest.mark.parametrize("how", ["argument", "variable", "current folder"])
def test_which_file(how: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('asterisk.password = "from the file"\n')
    if how == "variable":
        monkeypatch.setenv("UNCALL_CONFIG", str(file))
    if how == "current folder":
        monkeypatch.chdir(file.parent)
    settings = load_settings(file if how == "argument" else None)
    assert settings.asterisk.password.get_secret_value() == "from the file"


@pytest.mark.parametrize(
    ("written", "absolute"),
    [
        ('recordings = "rec"', "etc/rec"),
        ('recordings = "../rec"', "etc/../rec"),
        ('recordings = "/var/rec"', "/var/rec"),
    ],
)
def test_relative_paths_start_at_the_files_folder(written: str, absolute: str, file: Path, tmp_path: Path) -> None:
    file.write_text(f'asterisk.password = "p"\n[media]\n{written}\nsounds = "my/sounds"\n')
    settings = load_settings(Path("etc/uncall.toml"))
    assert settings.media.recordings == tmp_path / absolute
    assert settings.media.sounds == tmp_path / "etc" / "my" / "sounds"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///data/x.db", "sqlite:///{folder}/data/x.db"),
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        ("mysql://u:p%40@db.example:3306/outbound", "mysql://u:p%40@db.example:3306/outbound"),
        ("mariadb://u@db/outbound", "mariadb://u@db/outbound"),
    ],
)
def test_database_url(written: str, read: str, file: Path) -> None:
    file.write_text(f'asterisk.password = "p"\ndatabase.url = "{written}"\n')
    url = load_settings(file).database.url.get_secret_value()
    assert url == read.format(folder=file.parent)


def test_sounds_may_be_empty() -> None:
    assert load_settings(overrides=PASSWORD | {"media": {"sounds": ""}}).media.sounds is None


def test_a_file_of_a_windows_editor(file: Path) -> None:
    file.write_bytes('\ufeff[asterisk]\r\npassword = "p"\r\n'.encode())
    assert load_settings(file).asterisk.password.get_secret_value() == "p"


def test_a_trunk_is_found_by_its_value_and_knows_its_numbers() -> None:
    trunk = TRUNK | {"prefix": "9", "rules": [{"match": "0.", "strip": 1, "prefix": "0086"}], "allow": ["."]}
    settings = load_settings(overrides=PASSWORD | {"trunk": [trunk]})
    found = settings.find_trunk("sip/test/")
    assert found is not None
    assert found.number_rules.dial_string("13800138000") == "913800138000"
    assert found.number_rules.dial_string("02161234567") == "00862161234567"
    assert found.number_rules is found.number_rules
    assert settings.find_trunk("sip/other/") is None


def test_settings_cannot_be_changed() -> None:
    settings = load_settings(overrides=PASSWORD)
    with pytest.raises(ValidationError, match="frozen"):
        settings.web.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.trunk = ()  # type: ignore[misc]


def test_secrets_do_not_show() -> None:
    settings = load_settings(
        overrides={
            "asterisk": {"password": "geheim"},
            "database": {"url": "mysql://u:geheim@h/d"},
            "web": {"api_keys": ["geheim"], "users": {"a": "geheim"}},
        }
    )
    assert "geheim" not in repr(settings) + str(settings) + str(settings.model_dump())


def _settings(**sections: object) -> Settings:
    return load_settings(overrides=PASSWORD | sections)


def test_what_needs_a_restart() -> None:
    old = _settings()
    new = _settings(
        asterisk={"password": "other", "user": "uncall"},
        web={"port": 9090, "api_keys": ["k"]},
        dialer={"ring_seconds": 20, "retry": {"budget": 1}},
        trunk=[TRUNK],
    )
    assert changes(old, new) == [
        Change("asterisk.password", restart=True),
        Change("web.port", restart=True),
        Change("web.api_keys", restart=False),
        Change("dialer.ring_seconds", restart=False),
        Change("dialer.retry.budget", restart=False),
        Change("trunk", restart=False),
    ]
    assert needs_restart(old, new) == ["asterisk.password", "web.port"]
    assert needs_restart(old, old) == []
    assert changes(new, _settings(**PASSWORD)) != []


def test_using_a_trunk_does_not_make_it_another() -> None:
    old, new = _settings(trunk=[TRUNK]), _settings(trunk=[TRUNK])
    assert old.trunk[0].number_rules
    assert changes(old, new) == []


def test_amd_arguments_stand_in_the_order_of_the_dialplan_application() -> None:
    amd = _settings(dialer={"amd": {"silence_threshold": 300}}).dialer.amd
    assert amd.arguments == "2500,1500,800,5000,100,50,2,300,5000"
