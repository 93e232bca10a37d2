"""The container images, as far as they can be tested without building one: docker/prove does the rest."""

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest

from uncall_ari.lab import Lab, until
from uncall_ari.lab.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
GOOD = {"ASTERISK_PASSWORD": "a-long-password"}


def compose() -> dict[str, Any]:
    import yaml  # type: ignore[import-untyped]

    file: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return file


@pytest.fixture(scope="module")
def configure() -> ModuleType:
    """The asterisk image's own program."""
    spec = importlib.util.spec_from_file_location("configure", DOCKER / "asterisk" / "configure.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_the_image_writes_starts_a_real_asterisk(
    configure: ModuleType, fresh_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    lab = fresh_lab()
    server, etc = lab.asterisk, lab.asterisk.folder / "etc"
    server.stop()
    (tmp_path / "extensions.conf").write_text("[own]\nexten => 1,1,NoOp(mine)\n")
    (tmp_path / "extensions").write_text("811:secret-811\n812:secret-812\n")
    given = {
        "ASTERISK_PASSWORD": server.password,
        "ASTERISK_USER": server.user,
        "ASTERISK_HTTP_PORT": str(server.http_port),
        "ASTERISK_AMI_PORT": str(server.ami_port),
        "SIP_PORT": str(server.sip_port),
        "SIP_ADDRESS": "127.0.0.2",
        "SIP_LOCAL": "10.0.0.0/8, 192.168.0.0/16",
        "SIP_EXTERNAL": "127.0.0.9",
        "TRUNKS": "carrier=127.0.0.1:5999 second=localhost:5998",
        "EXTENSIONS_FILE": str(tmp_path / "extensions"),
    }
    inside = Path(server.mark).parent.parent
    values = configure.values(configure.Given(given), inside, inside.parent / "sounds")

    for file in etc.iterdir():
        file.unlink()
    configure.write(values, etc, ROOT / "dialplan", tmp_path)

    assert {file.stat().st_mode & 0o777 for file in etc.iterdir()} == {0o600}
    for file in etc.iterdir():
        os.chown(file, etc.stat().st_uid, etc.stat().st_gid)
    server.start()  # it is ready only when ARI takes the password
    transport = server.cli("pjsip show transport udp")
    assert re.search(rf"bind +: 127\.0\.0\.2:{server.sip_port}\b", transport), transport
    assert re.search(r"external_media_address +: 127\.0\.0\.9", transport), transport
    assert "192.168.0.0" in transport
    endpoints = server.cli("pjsip show endpoints")
    assert all(f"Endpoint:  {name}" in endpoints for name in ("carrier", "second", "811", "812")), endpoints
    assert "mine" in server.cli("dialplan show own")
    assert "res_pjsip_outbound_registration.so" in server.cli("module show like outbound_registration")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASTERISK_PASSWORD", "short"),
        ("ASTERISK_PASSWORD", "with a\nnew = line"),
        ("ASTERISK_PASSWORD_FILE", "/nowhere/to/be/found"),
        ("ASTERISK_USER", "uncall]\n[other"),
        ("ASTERISK_HTTP_PORT", "80"),
        ("SIP_PORT", "70000"),
        ("SIP_ADDRESS", "0.0.0.0\nallow=all"),
        ("SIP_EXTERNAL", "a b"),
        ("SIP_LOCAL", "10.0.0.0/8;x"),
        ("TRUNKS", "carrier"),
        ("TRUNKS", "carrier=host:99999"),
        ("TRUNKS", "Carrier]=host:5060"),
        ("EXTENSIONS", "801"),
        ("EXTENSIONS", "801:se;cret"),
        ("RTP_FIRST", "20000"),
    ],
)
def test_a_variable_that_cannot_be_followed_is_named(configure: ModuleType, name: str, value: str) -> None:
    given = {} if name == "ASTERISK_PASSWORD_FILE" else GOOD
    with pytest.raises(configure.Wrong) as wrong:
        configure.values(configure.Given(given | {name: value}))
    assert name in str(wrong.value)
    if name in ("ASTERISK_PASSWORD", "EXTENSIONS"):
        assert value not in str(wrong.value)


def test_nothing_but_a_password_need_be_given(configure: ModuleType) -> None:
    values = configure.values(configure.Given(GOOD | dict.fromkeys(("SIP_EXTERNAL", "TRUNKS", "EXTENSIONS"), "")))
    assert (values["sip_address"], values["trunks"], values["extensions"]) == ("127.0.0.1", [], [])


def test_no_container_may_do_more_than_it_must() -> None:
    for name, service in compose()["services"].items():
        assert (service["read_only"], service["init"], service["cap_drop"]) == (True, True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "healthcheck" in service, name
        assert service["network_mode"] == "host", name
    stages = re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    users = {stage.split()[2]: "\nUSER " in stage for stage in stages}
    assert users == {"base": False, "asterisk": True, "mariadb": True, "venv": False, "uncall": True}


def test_secrets_are_files_that_exist_after_new_secrets(tmp_path: Path) -> None:
    made = subprocess.run([DOCKER / "new-secrets", tmp_path / "s"], capture_output=True, text=True, check=True).stdout
    file = compose()
    names = {Path(secret["file"]).name for secret in file["secrets"].values()}
    assert names == {each.name for each in (tmp_path / "s").iterdir()} == set(file["secrets"])
    assert made.count("made:") == len(names)
    before = {each.name: each.read_text() for each in (tmp_path / "s").iterdir()}
    assert len(set(before.values())) == len(names)
    again = subprocess.run([DOCKER / "new-secrets", tmp_path / "s"], capture_output=True, text=True, check=True).stdout
    assert again.count("kept:") == len(names)
    assert before == {each.name: each.read_text() for each in (tmp_path / "s").iterdir()}
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    for name, service in file["services"].items():
        paths = [str(value) for value in service["environment"].values()] + [
            str(each) for each in service.get("command", ())
        ]
        used = {Path(path).name for path in paths if path.startswith("/run/secrets/")}
        assert used == set(service["secrets"]), name


def test_every_variable_is_in_the_example_with_its_default() -> None:
    text = (DOCKER / "compose.yaml").read_text()
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    assert len(used) == len({*re.findall(r"\$\{(\w+)", text)}), "one without a default"
    example = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    assert set(example) == set(used)
    freely = {"SIP_LOCAL", "EXTENSIONS"}  # there the example shows how a value is written
    assert {name: used[name] for name in used if name not in freely} == {
        name: value for name, value in example.items() if name not in freely
    }


def test_images_are_made_from_what_the_tests_run_on() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text()
    (suite,) = re.findall(r"^suite=(\w+)$", (DOCKER / "rootfs").read_text(), re.MULTILINE)
    assert f"debian:{suite}-slim AS base" in dockerfile
    listed = [line.split("#")[0].strip() for line in (DOCKER / "packages.txt").read_text().splitlines()]
    servers = set(re.findall(r"--listed (\S+)", dockerfile))
    assert servers == set(filter(None, listed)) - {"sip-tester"}  # the carrier of the images is our own


def test_the_entry_point_reads_passwords_from_files(tmp_path: Path) -> None:
    (tmp_path / "uncall").symlink_to("/usr/bin/env")  # what would be started prints its environment
    (tmp_path / "one").write_text("first-secret\n")
    (tmp_path / "two").write_text("second-secret\n")
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "UNCALL_ASTERISK__PASSWORD": "",
        "UNCALL_ASTERISK__PASSWORD_FILE": str(tmp_path / "one"),
        "DATABASE_PASSWORD_FILE": str(tmp_path / "two"),
        "DATABASE_PORT": "3307",
    }

    def start(**changes: str) -> subprocess.CompletedProcess[str]:
        command = [DOCKER / "uncall" / "start"]
        return subprocess.run(command, env=environment | changes, capture_output=True, text=True, check=False)

    lines = start().stdout.splitlines()
    assert "UNCALL_ASTERISK__PASSWORD=first-secret" in lines
    assert "UNCALL_DATABASE__URL=mysql://uncall:second-secret@127.0.0.1:3307/outbound" in lines
    assert not [line for line in lines if line.startswith("UNCALL_") and "_FILE=" in line]
    assert "UNCALL_ASTERISK__PASSWORD=given-itself" in start(UNCALL_ASTERISK__PASSWORD="given-itself").stdout
    gone = start(DATABASE_PASSWORD_FILE=str(tmp_path / "gone"))
    assert gone.returncode != 0
    assert "DATABASE_PASSWORD_FILE" in gone.stderr
    assert "new-secrets" in gone.stderr
    hostile = start(DATABASE_PASSWORD="a@b:c/d'e; DROP")
    assert hostile.returncode != 0
    assert "DROP" not in hostile.stderr


async def test_the_carrier_takes_calls_beside_an_asterisk(lab: Lab, tmp_path: Path) -> None:
    (trunk,) = lab.spec.trunks
    secrets, log = tmp_path / "extensions", tmp_path / "log"
    secrets.write_text("".join(f"{number}:{secret}\n" for number, secret in lab.spec.extensions))
    ports = ("--port", str(trunk.port), "--sip-port", str(lab.asterisk.sip_port), "--extensions", str(secrets))
    with log.open("w") as file:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uncall_ari", "lab", "carrier", *ports, stdout=file, stderr=file
        )
    try:
        await until(lambda: "takes calls" in log.read_text(), f"the carrier, which said {log.read_text()!r}", 20)
        contacts = lab.asterisk.cli("pjsip show contacts")
        assert all(f"{number}/sip:" in contacts for number, _ in lab.spec.extensions), contacts
        await dial(lab, "13800138008")
    finally:
        running.terminate()
        status = await asyncio.wait_for(running.wait(), 20)
    assert status == 0
    assert '"calls": 1' in log.read_text()
    assert "secret-801" not in log.read_text()


async def dial(lab: Lab, number: str) -> None:
    """Have Asterisk call the carrier, for an application that nobody serves: it hangs up at the answer."""
    server, channel = lab.asterisk, "1700000000.4711001"
    call = {"endpoint": f"PJSIP/{number}@carrier", "channelId": channel, "app": "nobody"}
    key = {"api_key": f"{server.user}:{server.password}"}
    async with aiohttp.request("POST", f"{server.url}/ari/channels", params=call | key) as response:
        assert response.status == 200, await response.text()
    await until(lambda: channel not in server.cli("core show channels concise"), f"the end of {channel}", 10)


def test_a_carrier_shows_no_secret_of_a_file_that_is_none(tmp_path: Path) -> None:
    secrets = tmp_path / "extensions"
    secrets.write_text("801:well-kept\n802 well-kept-too\n")
    command = ("lab", "carrier", "--port", str(free_port(udp=True)), "--extensions", str(secrets))
    done = subprocess.run([sys.executable, "-m", "uncall_ari", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "NUMBER:SECRET" in done.stderr
    assert "well-kept" not in done.stderr
