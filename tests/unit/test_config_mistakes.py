"""Every mistake is named with file, key and remedy, all at once, in one line each, and no secret shows."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from uncall_ari.config import Settings, load_settings
from uncall_ari.errors import ConfigErrors

GOOD = 'asterisk.password = "p"\n'
TRUNK = 'value = "sip/a/"\nendpoint = "a"\nallow = ["X."]\n'


@pytest.fixture(autouse=True)
def _no_other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A current folder without a uncall.toml, an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("UNCALL_")]:
        monkeypatch.delenv(variable)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "uncall.toml"


def lines(path: Path | None = None, overrides: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        load_settings(path, overrides)
    assert str(caught.value).splitlines() == [str(error) for error in caught.value.errors]
    return [str(error) for error in caught.value.errors]


MISTAKES = [
    ("[web]\nprot = 1", "web.prot", "unknown key. Did you mean port?"),
    ("[webb]\nport = 1", "webb", "unknown key. Did you mean web?"),
    ("[dialer.retry]\nbudgets = 1", "dialer.retry.budgets", "unknown key. Did you mean budget?"),
    ("[queue.600]\ndescripton = 'x'", "queue.600.descripton", "unknown key. Did you mean description?"),
    ("[queue.600]\nzzz = 1", "queue.600.zzz", "unknown key. Known here: description"),
    ("web = 5", "web", "is no table. Expected: the web service"),
    ("[web]\nport = 'http'", "web.port", "is no whole number (it is 'http'). Expected: TCP port"),
    ("[web]\nport = 8080.5", "web.port", "is no whole number (it is 8080.5). Expected: TCP port"),
    ("[web]\nport = 65536", "web.port", "must be at most 65535 (it is 65536). Expected: TCP port"),
    ("[web]\nport = -1", "web.port", "must be at least 0 (it is -1). Expected: TCP port"),
    ("[web]\nhost = 5", "web.host", "is no text (it is 5). Put it in quotes"),
    ("[web]\nhost = 'a b'", "web.host", "does not have the right form (it is 'a b'). Expected: address"),
    ("[web]\nnetworks = '10.0.0.0/8'", "web.networks", "is no list (it is '10.0.0.0/8'). Put it in [ ]"),
    ("[web]\nnetworks = ['10.0.0.1/8']", "web.networks[1]", "10.0.0.1/8 has host bits set (it is"),
    ("[web]\nnetworks = ['::/0', 7]", "web.networks[2]", "a network is written in quotes (it is 7). Expected"),
    ("[web]\napi_keys = ['a', ' ']", "web.api_keys", "a key is empty. It would let everybody in"),
    ("[web.users]\ncrm = ''", "web.users", "a user's name is empty or has a colon in it"),
    ("[web.users]\n'a:b' = 'x'", "web.users", "a user's name is empty or has a colon in it"),
    ("[web]\nsuccess_word = 'succes'", "web.success_word", "it can be (it is 'succes'). Did you mean success?"),
    ("[media]\nlanguage = 'de'", "media.language", "it can be (it is 'de'). Known here: zh, en"),
    ("[media]\nrecordings = 5", "media.recordings", "is no path (it is 5). Put it in quotes"),
    ("[database]\nurl = 'postgres://x'", "database.url", "has neither of the two forms. Expected: sqlite:///FILE"),
    ("[database]\nurl = 'sqlite://x.db'", "database.url", "has neither of the two forms. Expected: sqlite:///FILE"),
    ("[dialer]\ntimezone = 'Asia/Shangai'", "dialer.timezone", "(it is 'Asia/Shangai'). Did you mean Asia/Shanghai?"),
    ("[dialer]\ntimezone = 'Mars'", "dialer.timezone", "is no time zone that is known here (it is 'Mars'). "),
    ("[dialer]\npoll_seconds = nan", "dialer.poll_seconds", "is no finite number (it is nan)"),
    ("[dialer.retry]\ncauses = { bussy = 300 }", "dialer.retry.causes.bussy", "Did you mean busy?"),
    ("[dialer.retry]\ncauses = { busy = 5 }", "dialer.retry.causes", "the wait after busy must be 60 to"),
    ("[extensions]\nendpoint = 'ext'", "extensions.endpoint", "does not have the right form (it is 'ext')"),
    ("[[trunk]]\nvalue='a'\nallow=['X.']", "trunk[1].endpoint", "is missing. Expected: name of the PJSIP endpoint"),
    ("[trunk]\nvalue = 'a'", "trunk", "is no list. Put it in [ ]"),
    (f"[[trunk]]\n{TRUNK}\n[[trunk]]\n{TRUNK}", "trunk[2].value", "sip/a/ is there twice. Give each trunk its own"),
    (f"[[trunk]]\n{TRUNK}channels = 0", "trunk[1].channels", "must be at least 1 (it is 0). Expected: calls at once"),
    (f"[[trunk]]\n{TRUNK}calls_per_second = 0", "trunk[1].calls_per_second", "must be above 0 (it is 0)"),
    (f"[[trunk]]\n{TRUNK}amd = 'maybe'", "trunk[1].amd", "is neither true nor false (it is 'maybe')"),
    (f"[[trunk]]\n{TRUNK}caller_id = 'ACME'", "trunk[1].caller_id", "a caller id has digits only"),
    (f"[[trunk]]\n{TRUNK}prefix = '9w'", "trunk[1].prefix", "a prefix has at most 16 of the characters"),
    (f"[[trunk]]\n{TRUNK}rules = [{{ match = '1.2' }}]", "trunk[1].rules[1].match", ". may only be the last character"),
    ("[[trunk]]\nvalue='a'\nendpoint='a@b'\nallow=['X.']", "trunk[1].endpoint", "an endpoint's name has letters"),
    ("[[trunk]]\nvalue='a b'\nendpoint='a'\nallow=['X.']", "trunk[1].value", "does not have the right form"),
    ("[[trunk]]\nvalue='a'\nendpoint='a'\nallow=[]", "trunk[1].allow", "is empty. Expected: dial patterns"),
    ("[[trunk]]\nvalue='a'\nendpoint='a'\nallow=['1[3']", "trunk[1].allow[1]", "the [ at character 2 has no ]"),
    ("[queue.'a b']", "queue.'a b'", "can not be a task's target. Write 1 to 50 letters"),
    ("[ivr.1]", "ivr.1.step", "is missing. Expected: the steps by name"),
    ("[ivr.1]\nvalue = '2'\n[ivr.1.step.a]", "ivr.1.value", "differs from the table's name. Leave value out"),
    ("[ivr.1]\nstart = 'b'\n[ivr.1.step.a]", "ivr.1.start", "there is no step b. Known here: a"),
    ("[ivr.1.step.sales]\nkeys = { 1 = 'step sale' }", "ivr.1.step.sales.keys.1", "Did you mean sales?"),
    ("[ivr.1.step.a]\nthen = 'menu 2'", "ivr.1.step.a.then", "there is no menu 2. Known here: 1"),
    ("[ivr.1.step.a]\nthen = 'fly'", "ivr.1.step.a.then", "is no action (it is 'fly'). Write \"step NAME\""),
    ("[ivr.1.step.a]\nkeys = { x = 'repeat' }", "ivr.1.step.a.keys.x", "can not be pressed (it is 'x'). Write 1 to 10"),
    ("[ivr.1.step.a]\nthen = 'repeat'", "ivr.1.step.a.then", "a caller who presses nothing would go round"),
    ("[ivr.1.step.a]\nplay = ['a/b']", "ivr.1.step.a.play[1]", "is neither a prompt's name"),
    ("[ivr.1.step.a]\nplays = ['b']", "ivr.1.step.a.plays", "unknown key. Did you mean play?"),
]


@pytest.mark.parametrize(("text", "key", "rest"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_a_mistake_names_file_key_and_remedy(text: str, key: str, rest: str, file: Path) -> None:
    file.write_text(GOOD + text)
    (line,) = lines(file)
    assert line.startswith(f"{file}: {key}: ")
    assert rest in line


def test_the_password_must_be_set(file: Path) -> None:
    file.write_text("")
    (line,) = lines(file)
    assert line == (f"{file}: asterisk.password: is not set. Write the password that ari.conf has for the user")


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("[web]\nport = ", "line 2, column 8", "Invalid value"),
        ("[web\nport = 1", "line 1, column 5", "Expected ']'"),
        ("[web]\nhost = localhost\n", "line 2, column 8", "Invalid value"),
        ('[web]\nhost = "x', "line 2, column 10", ""),
        ("[web]\nport = 1\nport = 2", "line 3, column 9", "Cannot overwrite a value"),
        ("a = " + "[" * 5000, "", "nested too deep"),
    ],
)
def test_what_is_no_toml(text: str, place: str, problem: str, file: Path) -> None:
    file.write_text(text)
    (line,) = lines(file)
    assert line.startswith(f"{file}: {place}")
    assert problem in line


def test_a_file_that_cannot_be_read(file: Path) -> None:
    assert lines(file) == [f"{file}: cannot be read: No such file or directory. Name a readable file"]
    assert lines(file.parent) == [f"{file.parent}: cannot be read: Is a directory. Name a readable file"]
    file.write_bytes(GOOD.encode() + "# 线路\n".encode("gbk"))
    assert lines(file) == [f"{file}: byte 27: is not UTF-8. Save the file as UTF-8"]


ENVIRONMENT = [
    ("UNCALL_WEB__PORT", "http", "web.port: is no whole number (it is 'http'). Expected: TCP port"),
    ("UNCALL_WEB__PROT", "1", "web.prot: unknown key. Did you mean port?"),
    ("UNCALL_WEBB__PORT", "1", "names no setting. Did you mean web?"),
    ("UNCALL_PORT", "1", "names no setting. Known here: asterisk, database, web"),
    ("UNCALL_WEB__NETWORKS", "10.0.0.0/8", 'is not the JSON that a list or a table needs. Write it like ["a", "b"]'),
    ("UNCALL_WEB__NETWORKS", '["x"]', "web.networks[1]: 'x' does not appear to be"),
    ("UNCALL_TRUNK", '[{"value": "a"', "is not the JSON"),
    ("UNCALL_TRUNK", '[{"value": "a"}]', "trunk[1].endpoint: is missing"),
    ("UNCALL_WEB", "8080", "web: is no table"),
    ("UNCALL_WEB__PORT__X", "1", "web.port: is no whole number. Expected"),
    ("UNCALL_IVR__1__STEP__A__THEN", "step b", "ivr.1.step.a.then: there is no step b. Known here: a"),
]


@pytest.mark.parametrize(("variable", "value", "rest"), ENVIRONMENT, ids=[f"{v}={x}" for v, x, _ in ENVIRONMENT])
def test_a_mistake_in_the_environment_names_the_variable(
    variable: str, value: str, rest: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(GOOD)
    monkeypatch.setenv(variable, value)
    told = lines(file)
    assert [line for line in told if line.startswith(f"environment variable {variable}: {rest}")], told


def test_all_mistakes_are_told_at_once_each_with_its_source(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(
        GOOD + "[web]\nport = 0.5\nhosts = 'x'\n[dialer]\ntimezone = 'Mars'\n"
        f"[[trunk]]\n{TRUNK}channels = 0\n[[trunk]]\n{TRUNK}"
        "[ivr.1.step.a]\nretries = 99\nkeys = { 1 = 'step b', 2 = 'menu 2' }\n"
    )
    monkeypatch.setenv("UNCALL_DIALER__RING_SECONDS", "1")
    monkeypatch.setenv("UNCALL_NONSENSE", "1")
    told = lines(file, {"dialer": {"finish_after": -1}})
    assert {tuple(line.split(": ")[:2]) for line in told} == {
        (str(file), "web.port"),
        (str(file), "web.hosts"),
        (str(file), "dialer.timezone"),
        (str(file), "trunk[1].channels"),
        (str(file), "trunk[2].value"),
        (str(file), "ivr.1.step.a.retries"),
        (str(file), "ivr.1.step.a.keys.1"),
        (str(file), "ivr.1.step.a.keys.2"),
        ("environment variable UNCALL_DIALER__RING_SECONDS", "dialer.ring_seconds"),
        ("environment variable UNCALL_NONSENSE", "names no setting. Known here"),
        ("explicit settings", "dialer.finish_after"),
    }


def test_the_topmost_layer_that_has_the_key_is_to_blame(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(GOOD + "[web]\nport = 70000\n")
    monkeypatch.setenv("UNCALL_WEB__PORT", "80000")
    (line,) = lines(file)
    assert line.startswith("environment variable UNCALL_WEB__PORT: web.port: must be at most 65535 (it is '80000')")


SECRET = "Geheim-9"
LEAKS = [
    f'asterisk.pasword = "{SECRET}"',
    f'asterisk = "{SECRET}"',
    f'asterisk.password = ["{SECRET}"]',
    f'database.url = "{SECRET}"',
    f'database.url = "mysql://u:{SECRET}@h"',
    f'database = "{SECRET}"',
    f'web.api_keys = "{SECRET}"',
    f'web.api_keys = ["", "{SECRET}"]',
    f'web.api_keys = [["{SECRET}"]]',
    f'web.users = "{SECRET}"',
    f'web.users.a = {{ b = "{SECRET}" }}',
    f'web.users = {{ "a:b" = "{SECRET}" }}',
    f'web = "{SECRET}"',
    f'asterisk.password = "{SECRET}',
    f'asterisk.password = "{SECRET}" "',
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_mistake_shows_a_secret(text: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(ConfigErrors) as caught:
        load_settings(file)
    for error in caught.value.errors:
        assert SECRET not in f"{error}{error!r}{error.problem}{error.remedy}{error.key}"
    assert SECRET not in str(caught.value.__cause__)
    assert SECRET not in str(caught.value.__context__)


@pytest.mark.parametrize("variable", ["UNCALL_WEB__API_KEYS", "UNCALL_WEB__USERS", "UNCALL_WEB", "UNCALL_ASTERISK"])
def test_no_mistake_shows_a_secret_of_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, f'["{SECRET}"')
    with pytest.raises(ConfigErrors) as caught:
        load_settings(overrides={"asterisk": {"password": "p"}})
    assert SECRET not in str(caught.value)


def test_what_people_write_cannot_break_a_line(file: Path) -> None:
    file.write_text(GOOD + '[web]\n"a\\nuncall.toml: web.port: fine" = 1\nhost = "a\\u001b[2Jb\\u202e"\n')
    told = lines(file)
    assert len(told) == 2
    assert all(line.isprintable() for line in told)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
SENTENCE = st.sampled_from(
    ["step a", "step b", "menu 1", "menu 2", "hang up", "repeat", "call back", "extension 1", ""]
)
STEP = st.fixed_dictionaries(
    {},
    optional={
        "play": st.one_of(JSON, st.lists(st.sampled_from(["welcome", "recording:a.wav", "../x"]), max_size=2)),
        "keys": st.one_of(JSON, st.dictionaries(st.sampled_from(["1", "12", "#", "x", ""]), st.one_of(SENTENCE, JSON))),
        "digits": st.one_of(JSON, st.integers(0, 4)),
        "terminator": st.one_of(JSON, st.sampled_from(["", "#", "*"])),
        "then": st.one_of(JSON, SENTENCE),
        "on_timeout": st.one_of(JSON, SENTENCE),
        "on_invalid": st.one_of(JSON, SENTENCE),
        "save_as": st.one_of(JSON, st.sampled_from(["x", "X"])),
    },
)
MENU = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"step": st.one_of(JSON, st.dictionaries(st.sampled_from(["a", "b", "c d"]), st.one_of(STEP, JSON)))},
        optional={"start": st.one_of(JSON, st.sampled_from(["a", "b", ""])), "value": JSON, "language": JSON},
    ),
)
IVR = st.one_of(JSON, st.dictionaries(st.sampled_from(["1", "2", "c d"]), MENU, max_size=3))
QUICK = hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@QUICK
@given(IVR)
def test_menus_are_read_or_refused_with_config_errors_only(ivr: object) -> None:
    try:
        settings = load_settings(overrides={"asterisk": {"password": "p"}, "ivr": ivr})
    except ConfigErrors as raised:
        told = raised.errors
    else:
        assert all(menu.first in menu.steps.values() for menu in settings.ivr.values())
        return
    assert [str(error) for error in told if not str(error).isprintable()] == []
    assert [error.key for error in told if not error.key.startswith("ivr")] == []


@QUICK
@example({"[key]": None})  # pydantic's own word in the place of a mistake
@example({"web": {"users": {"[key]": 5}}})
@given(st.dictionaries(st.one_of(st.sampled_from(list(Settings.model_fields)), st.text(max_size=5)), JSON, max_size=4))
def test_anything_is_settings_or_config_errors(values: dict[str, object]) -> None:
    with suppress(ConfigErrors):
        assert load_settings(overrides=values).asterisk.password


@QUICK
@given(text=st.text("[]{}=\"'.,#\n \\abw123\x00\ufeff\ud800", max_size=60))
def test_any_file_is_settings_or_config_errors(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ConfigErrors):
        load_settings(path)
