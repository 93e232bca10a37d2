"""What `uncall dialplan` prints: the lab's own sections, filled in from the settings, and nothing that opens a door."""

import re
from typing import Any

import jinja2
import pytest
from typer.testing import CliRunner

from uncall_ari.cli.dialplan import CannotPrint, Order, files
from uncall_ari.cli.main import app
from uncall_ari.cli.sections import section
from uncall_ari.config import Settings, load_settings
from uncall_ari.share import shared

PASSWORD = "s3cret;of-asterisk"  # a semicolon begins a comment in Asterisk's files
TRUNK = {"value": "sip/carrier/", "endpoint": "carrier", "allow": ["."]}


@pytest.fixture(autouse=True)
def _no_other_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)


def settings(**sections: Any) -> Settings:
    asterisk = {"password": PASSWORD} | sections.pop("asterisk", {})
    return load_settings(None, {"asterisk": asterisk, "trunk": [TRUNK]} | sections)


def test_every_file_of_a_plain_asterisk_is_named_once_and_explained() -> None:
    printed = files(settings(), Order())
    assert list(printed) == [
        *("http.conf", "ari.conf", "manager.conf", "extensions.conf", "pjsip.conf", "stasis.conf", "modules.conf")
    ]
    for name, text in printed.items():
        assert text.lstrip().startswith(";"), name
        assert "{{" not in text, name
        assert "{%" not in text, name
        assert not re.search(r"^;--(?!-)", text, re.MULTILINE), f"{name}: this would begin a comment of many lines"


def test_freepbx_gets_its_own_files_and_none_that_it_writes_itself() -> None:
    printed = files(settings(inbound=[{"match": "4008001", "to": "extension 801"}]), Order(kind="freepbx"))
    added = {name for name, text in printed.items() if any(line and line[0] != ";" for line in text.splitlines())}
    assert added == {
        "ari_general_custom.conf",
        "ari_additional_custom.conf",
        "manager_custom.conf",
        "extensions_custom.conf",
        "pjsip.endpoint_custom_post.conf",
        "stasis.conf",
        "modules.conf",
    }
    assert "[general]" not in printed["ari_general_custom.conf"], "it is included inside of [general]"
    assert "[general]" not in printed["manager_custom.conf"]
    extensions = printed["extensions_custom.conf"]
    assert section(extensions, "from-pstn-custom").lines[0] == "include => uncall-numbers"
    assert section(extensions, "from-internal-custom").lines[0] == "include => uncall-codes"
    assert "exten => *78" not in extensions, "FreePBX has that code itself"


@pytest.mark.parametrize("context", ["uncall-amd", "uncall-witness", "uncall-asks"])
def test_the_engines_contexts_are_those_of_the_lab(context: str) -> None:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shared("dialplan")), undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    values = {"app": "uncall", "patience": 10, "sounds": "/s", "language": "zh", "extensions": ()}
    lab = environment.get_template("extensions.conf.j2").render(values)
    printed = files(settings(fastagi={"enabled": True}), Order())["extensions.conf"]
    assert code(section(printed, context).lines) == code(section(lab, context).lines)
    assert len(code(section(lab, context).lines)) >= 2


def code(lines: list[str]) -> list[str]:
    return [line for line in lines if line and not line.startswith(";")]


def test_names_ports_and_sounds_are_those_of_the_settings() -> None:
    asterisk = {"app": "callout", "user": "engine", "ami_user": "helper", "ami_port": 5039, "ami_password": "other"}
    given = settings(
        asterisk=asterisk | {"url": "http://127.0.0.1:8090"},
        media={"sounds": "/srv/prompts", "language": "en"},
        extensions={"endpoint": "phone-{extension}"},
        trunk=[TRUNK, TRUNK | {"value": "second", "endpoint": "gateway"}, TRUNK | {"value": "third"}],
    )
    printed = files(given, Order(with_passwords=True))
    assert "exten => s,1,Set(GLOBAL" in section(printed["extensions.conf"], "callout-witness").lines[0]
    assert "Stasis(callout,trunk)" in printed["extensions.conf"]
    assert "/srv/prompts/en/system-unavailable" in printed["extensions.conf"]
    assert "password = s3cret\\;of-asterisk" in section(printed["ari.conf"], "engine").lines
    assert "secret = other" in section(printed["manager.conf"], "helper").lines
    assert "bindport = 8090" in printed["http.conf"]
    assert "port = 5039" in printed["manager.conf"]
    assert re.findall(r"^\[(.*)\]\(\+\)$", printed["pjsip.conf"], re.MULTILINE) == ["carrier", "gateway"]
    assert "phone-801" in printed["pjsip.conf"]


@pytest.mark.parametrize("kind", ["asterisk", "freepbx"])
def test_passwords_are_shown_on_demand_only_and_what_stands_there_instead_lets_nobody_in(kind: Any) -> None:
    hidden = "\n".join(files(settings(), Order(kind)).values())
    assert "s3cret" not in hidden
    assert not re.search(r"^(password|secret)\b", hidden, re.MULTILINE)
    shown = "\n".join(files(settings(), Order(kind, with_passwords=True)).values())
    assert len(re.findall(r"^(password|secret) = s3cret\\;of-asterisk$", shown, re.MULTILINE)) == 2


@pytest.mark.parametrize(
    ("match", "extension"),
    [
        ("4008001", "4008001"),
        ("+864008001", "+864008001"),
        ("400XXXX", "_400XXXX"),
        ("_400-XXXX", "_400XXXX"),
        ("400[1-3]-X", "_400[1-3]X"),
        ("1n", "_1n"),
        ("40.", "_40."),
        (".", "_[+*#0-9]!"),  # `_.` would match h and s
        ("!", "_[+*#0-9]!"),
    ],
)
def test_the_numbers_of_inbound_are_extensions(match: str, extension: str) -> None:
    printed = files(settings(inbound=[{"match": match, "to": "extension 801"}]), Order())["extensions.conf"]
    assert f"exten => {extension},1,Goto(uncall-trunk,${{EXTEN}},1)" in section(printed, "uncall-numbers").lines


def test_what_no_engine_takes_goes_where_the_owner_says() -> None:
    plain = files(settings(), Order())["extensions.conf"]
    assert " same => n,Hangup(42)" in section(plain, "uncall-trunk").lines
    given = files(settings(), Order(trunk_back="ext-did", phone_back="from-internal"))["extensions.conf"]
    assert " same => n(fallback),Goto(ext-did,${EXTEN},1)" in section(given, "uncall-trunk").lines
    assert " same => n(fallback),Goto(from-internal,${EXTEN},1)" in section(given, "uncall-internal").lines


def test_an_engine_on_another_host_is_let_in_by_its_address_alone() -> None:
    far = settings(asterisk={"url": "http://10.0.0.5:8088"}, media={"url": "http://10.0.0.9:8080"})
    with pytest.raises(CannotPrint, match="--engine ADDRESS"):
        files(far, Order())
    printed = files(far, Order(engine="10.0.0.9"))
    assert "permit = 10.0.0.9/255.255.255.255" in section(printed["manager.conf"], "uncall").lines
    assert "deny = 0.0.0.0/0.0.0.0" in section(printed["manager.conf"], "uncall").lines
    assert "firewall" in printed["manager.conf"]
    assert "firewall" in printed["http.conf"]
    assert "Playback" not in printed["extensions.conf"], "it cannot see our sounds"
    assert "load = res_http_media_cache.so" in printed["modules.conf"]
    assert "res_http_media_cache" not in files(settings(), Order())["modules.conf"]


@pytest.mark.parametrize(
    ("sections", "order", "told"),
    [
        ({"asterisk": {"user": "a]b"}}, Order(), "letters, digits"),
        ({"asterisk": {"ami_user": "x;y"}}, Order(), "letters, digits"),
        ({"asterisk": {"password": "a\nsecret = b"}}, Order(with_passwords=True), "control characters"),
        ({"asterisk": {"password": " blank"}}, Order(with_passwords=True), "blanks around"),
        ({"media": {"sounds": "/srv/my sounds"}}, Order(), "without blanks"),
        ({"media": {"sounds": "/srv/a,noanswer)"}}, Order(), "without blanks"),
        ({}, Order(trunk_back="x,1)\n same => n,System(reboot"), "a context"),
        ({}, Order(phone_back="a b"), "a context"),
        ({}, Order(engine="everybody"), "no IP address"),
        ({}, Order(engine="0.0.0.0/0"), "no IP address"),
    ],
)
def test_what_would_mean_something_else_in_asterisks_files_is_refused(
    sections: dict[str, Any], order: Order, told: str
) -> None:
    with pytest.raises(CannotPrint, match=told):
        files(settings(**sections), order)


def test_the_command_prints_the_part_that_is_wanted(tmp_path: Any) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('[asterisk]\npassword = "p"\n')
    done = CliRunner().invoke(app, ["dialplan", "-c", str(config), "--part", "ari", "--for", "freepbx"])
    assert done.exit_code == 0, done.output
    assert re.findall(r"^; =+ for (.*)", done.stdout, re.MULTILINE) == [
        *("ari_general_custom.conf", "ari_additional_custom.conf")
    ]
    wrong = CliRunner().invoke(app, ["dialplan", "-c", str(config), "--trunk-back", "a b"])
    assert wrong.exit_code == 1
    assert "Traceback" not in wrong.output
