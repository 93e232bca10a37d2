"""`uncall check`: each finding, on real servers with the fault in them. One lab for all; each test heals it again."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from api.app import make_app
from api.serve import serving
from tests.conftest import EXTENSIONS, TRUNK
from tests.facade_engine import FacadeEngine
from tests.integration.campaigns import until, write_settings
from tests.integration.conftest import ari_of
from tests.integration.served import Served
from uncall_ari.cli.checking import look
from uncall_ari.config import Settings, WebSettings
from uncall_ari.doctor import Check, Finding, Level, examine
from uncall_ari.doctor.database import database
from uncall_ari.doctor.run import of_asterisk, of_machine
from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.mariadb import MariaDB
from uncall_ari.lab.ports import free_port
from uncall_ari.store import Store

pytestmark = pytest.mark.usefixtures("rootfs")

FEW = ("beep", "thank-you", "survey-rate-1-to-5", "survey-thanks")  # prompts: what is tried takes 20 ms for each
NOBODY = 65534


@pytest.fixture(scope="module")
def clinic(rootfs: None) -> Iterator[Lab]:
    """An Asterisk whose configuration may be broken, with few prompts in `few`, and the dialplan's function."""
    spec = LabSpec(
        name=f"doctor-{os.getpid()}", trunks=(TrunkSpec(TRUNK, port=free_port(udp=True)),), extensions=EXTENSIONS
    )
    with Lab.up(spec) as lab:
        few = lab.folder / "few" / "zh"
        few.mkdir(parents=True)
        for name in FEW:
            shutil.copy(lab.sounds / "zh" / f"{name}.wav", few)
        lab.asterisk.cli("module load func_dialplan.so")
        yield lab


@contextmanager
def changed(lab: Lab, file: str, old: str, new: str, reload: str) -> Iterator[None]:
    """Another text in one of Asterisk's files, loaded; and back again. An `old` of "" stands for the file's end."""
    path = lab.asterisk.folder / "etc" / file
    healthy = path.read_text()
    assert old in healthy, f"{file} has no {old!r}"
    path.write_text(healthy.replace(old, new) if old else healthy + new)
    lab.asterisk.cli(reload)
    try:
        yield
    finally:
        path.write_text(healthy)
        lab.asterisk.cli(reload)


def healthy(lab: Lab, **changes: Any) -> dict[str, Any]:
    """Settings with which all is well; `changes` are keys of tables, as in `web={"port": 1}`."""
    asterisk = lab.asterisk
    tables: dict[str, Any] = {
        "asterisk": {
            "url": asterisk.url,
            "user": asterisk.user,
            "password": asterisk.password,
            "ami_port": asterisk.ami_port,
        },
        "database": {"url": f"sqlite:///{lab.folder}/none.db"},
        "dialer": {"timezone": "Etc/UTC"},  # where the lab's servers are
        "web": {"port": free_port()},
        "media": {"sounds": str(lab.folder / "few"), "recordings": str(lab.recordings)},
        "queue": {"600": {"members": ["801", "802"]}},
        "inbound": [{"match": "0215555XXXX", "to": "queue 600"}],
        "trunk": [{"value": "sip/test/", "endpoint": TRUNK, "allow": ["X."]}],
        "ivr": {"1": {"step": {"thanks": {"play": ["thank-you"]}}}},
    }
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(tables.get(key), dict)
        tables[key] = tables[key] | value if both else value
    return tables


async def ill(lab: Lab, check: Check, level: Level = Level.ERROR, **changes: Any) -> str:
    """What is found, and advised, for this check alone: all others must be well. In English."""
    found = await of_asterisk(Settings.model_validate(healthy(lab, **changes)))
    return only(found, check, level)


def only(found: list[Finding], check: Check, level: Level = Level.ERROR) -> str:
    """The text of the one finding that is not well. Fails for more, and for others."""
    bad = [each for each in found if each.level in (Level.ERROR, Level.WARNING)]
    assert [(each.check, each.level) for each in bad] == [(check, level)], told(found)
    assert all((*bad[0].found, *bad[0].remedy)), "a finding lacks a language, or its remedy"
    return f"{bad[0].found.en} {bad[0].remedy.en}"


def told(found: list[Finding]) -> str:
    """All findings, for a failure."""
    return "\n".join(f"{each.level} {each.check}: {each.found.en}" for each in found)


# --- the command ----------------------------------------------------------------------------------------


async def checked(tmp_path: Path, settings: dict[str, Any], *options: str, lang: str = "C.UTF-8") -> tuple[int, str]:
    """Exit status and output of `uncall check`."""
    write_settings(tmp_path / "uncall.toml", settings)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uncall_ari", "check", "-c", str(tmp_path / "uncall.toml"), *options),
        env=os.environ | {"LC_ALL": lang, "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_all_is_well_and_nothing_is_changed(clinic: Lab, tmp_path: Path) -> None:
    settings = healthy(clinic, media={"sounds": str(clinic.sounds)})
    status, output = await checked(tmp_path, settings)
    assert (status, "All is well." in output) == (0, True), output
    await nothing_left(clinic)
    assert not (clinic.folder / "none.db").exists()


async def nothing_left(lab: Lab) -> None:
    """Wait until Asterisk has neither a channel nor an application of the check's."""

    told = ""

    async def gone() -> bool:
        nonlocal told
        told = await asyncio.to_thread(
            lambda: lab.asterisk.cli("core show channels concise") + lab.asterisk.cli("ari show apps")
        )
        return "Local/" not in told and "Snoop/" not in told and "check-" not in told

    try:
        await until(gone, "no channel and no application to be left", 10)
    except AssertionError as late:
        raise AssertionError(f"{late}; Asterisk says: {told}") from None


async def test_warnings_give_1_and_chinese(clinic: Lab, tmp_path: Path) -> None:
    status, output = await checked(tmp_path, healthy(clinic, dialer={"timezone": "Asia/Shanghai"}), lang="zh_CN.UTF-8")
    assert (status, "0 个错误，1 个警告" in output, "时区" in output) == (1, True, True), output


async def test_asterisk_and_database_away_are_told_once_each(clinic: Lab, tmp_path: Path) -> None:
    nobody = free_port()
    settings = healthy(
        clinic,
        asterisk={"url": f"http://127.0.0.1:{nobody}", "ami_port": nobody},
        database={"url": f"mysql://u:secret-word@127.0.0.1:{nobody}/outbound"},
    )
    status, output = await checked(tmp_path, settings, "--json")
    found = json.loads(output)
    errors = sorted(each["check"] for each in found if each["level"] == "error")
    assert (status, errors) == (2, ["ami", "asterisk", "database"]), output
    skipped = {each["check"] for each in found if each["level"] == "skipped"}
    assert skipped >= {"version", "modules", "trunk", "prompts", "music", "dialplan", "tables", "rights"}, output
    assert "secret-word" not in output


async def test_mistakes_in_the_settings_are_told_with_their_place(clinic: Lab, tmp_path: Path) -> None:
    settings = healthy(clinic, web={"port": 99999, "prot": 1}, inbound=[{"match": "1", "to": "menu 9"}])
    status, output = await checked(tmp_path, settings)
    assert status == 2, output
    for said in ("web.port: ", "web.prot: ", "Did you mean port?"):
        assert said in output, output
    write_settings(tmp_path / "way.toml", healthy(clinic, inbound=[{"match": "1", "to": "menu 9"}]))
    assert "there is no menu 9" in only(await look(tmp_path / "way.toml"), Check.SETTINGS)


# --- Asterisk -------------------------------------------------------------------------------------------


async def test_a_wrong_password(clinic: Lab) -> None:
    found = await of_asterisk(Settings.model_validate(healthy(clinic, asterisk={"ami_user": "x", "password": "no"})))
    bad = {each.check: each.found.en for each in found if each.level is Level.ERROR}
    assert set(bad) == {Check.ASTERISK, Check.AMI}, told(found)
    assert "wrong name or password" in bad[Check.ASTERISK]
    assert "Authentication failed" in bad[Check.AMI]


async def test_ami_away_and_without_rights(clinic: Lab) -> None:
    assert "enabled = yes" in await ill(clinic, Check.AMI, asterisk={"ami_port": free_port()})
    weak = "[weak]\nsecret = word\nread = call\nwrite = call\n"
    with changed(clinic, "manager.conf", "", weak, "manager reload"):
        said = await ill(clinic, Check.AMI, asterisk={"ami_user": "weak", "ami_password": "word"})
    assert "may not DBPut, DBDel, DBGet, DBGetTree, MixMonitor" in said


async def test_something_else_where_ami_should_be(clinic: Lab) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", port := free_port()):
        assert "is not AMI" in await ill(clinic, Check.AMI, asterisk={"ami_port": port})


@pytest.fixture
async def old(clinic: Lab) -> AsyncIterator[str]:
    """Stands for an old Asterisk, which cannot be had here, with a clock that is wrong: it answers the
    first question as one would, and no other."""

    async def info(_: web.Request) -> web.Response:
        answer = {"system": {"version": "20.1.0"}, "status": {"startup_time": "2026-01-01T00:00:00.000+0000"}}
        return web.json_response(answer, headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})

    app = web.Application()
    app.router.add_get("/ari/asterisk/info", info)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := free_port())
    await site.start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_an_old_asterisk_whose_clock_is_wrong(clinic: Lab, old: str) -> None:
    found = await of_asterisk(Settings.model_validate(healthy(clinic, asterisk={"url": old})))
    assert any(each.check is Check.VERSION and "20.1.0 is too old" in each.found.en for each in found), told(found)
    late = [each for each in found if each.check is Check.CLOCK and each.level is Level.WARNING]
    assert ["behind this machine" in each.found.en for each in late] == [True], told(found)


async def test_no_ari_there(clinic: Lab) -> None:
    with changed(clinic, "ari.conf", "enabled = yes", "enabled = no", "module reload res_ari.so"):
        said = only(await of_asterisk(_settings(clinic)), Check.ASTERISK)
    assert "no ARI at" in said
    assert "enabled = yes" in said


async def test_a_missing_module(clinic: Lab) -> None:
    clinic.asterisk.cli("module unload app_amd.so")
    try:
        trunk = {"value": "sip/test/", "endpoint": TRUNK, "allow": ["X."], "amd": True}
        said = await ill(clinic, Check.MODULES, trunk=[trunk])
        assert "the answering-machine detector: app_amd" in said
        assert "module load app_amd.so" in said
        assert not [each for each in await of_asterisk(_settings(clinic)) if each.level is Level.ERROR], (
            "not needed here"
        )
    finally:
        clinic.asterisk.cli("module load app_amd.so")


async def test_the_account_may_only_read(clinic: Lab) -> None:
    reader = "[reader]\ntype = user\nread_only = yes\npassword_format = plain\npassword = word\n"
    ours = {"ami_user": clinic.asterisk.user, "ami_password": clinic.asterisk.password}
    with changed(clinic, "ari.conf", "", reader, "module reload res_ari.so"):
        said = await ill(clinic, Check.EVENTS, asterisk={"user": "reader", "password": "word", **ours})
    assert "read_only = no" in said


async def test_events_without_our_mark(clinic: Lab) -> None:
    with changed(clinic, "ari.conf", "channelvars = UNCALL_CALL", "", "module reload res_ari.so"):
        assert "channelvars = UNCALL_CALL" in await ill(clinic, Check.EVENTS, Level.WARNING)


async def test_another_engine(clinic: Lab) -> None:
    async with ari_of(clinic) as other:
        await other.connection.wait_up(10)
        assert "would take the calls from it" in await ill(clinic, Check.ENGINE, Level.WARNING)
        assert not other.connection.replaced.is_set(), "the check has taken its place"


async def test_a_service_that_is_not_connected(clinic: Lab, tmp_path: Path) -> None:
    app = make_app(FacadeEngine(tmp_path), WebSettings())  # the web service, with an engine that has no Asterisk
    async with serving(app, "127.0.0.1", 0) as port:
        assert "not connected to this Asterisk" in await ill(clinic, Check.ENGINE, Level.WARNING, web={"port": port})


async def test_time_zones_that_disagree(clinic: Lab) -> None:
    said = await ill(clinic, Check.TIMEZONE, Level.WARNING, dialer={"timezone": "Asia/Shanghai"})
    assert "Asterisk is at UTC+00:00, dialer.timezone Asia/Shanghai at UTC+08:00" in said


# --- trunks, agents, dialplan ---------------------------------------------------------------------------


async def test_trunks_that_are_unknown_or_not_reached(clinic: Lab) -> None:
    def trunk(endpoint: str) -> list[dict[str, Any]]:
        return [{"value": "sip/test/", "endpoint": endpoint, "allow": ["X."]}]

    said = await ill(clinic, Check.TRUNK, trunk=trunk("carier"))
    assert "no PJSIP endpoint carier" in said
    assert "Did you mean carrier?" in said
    assert "803 is not reached: it has no contact" in await ill(clinic, Check.TRUNK, trunk=trunk("803"))
    assert "no number can be dialled" in await ill(clinic, Check.TRUNK, Level.WARNING, trunk=[])


async def test_a_carrier_that_does_not_answer(clinic: Lab) -> None:
    (trunk,) = clinic.spec.trunks
    contact = f"contact = sip:{trunk.host}:{trunk.port}\nqualify_frequency = "

    async def offline() -> bool:
        return "Unavail" in await asyncio.to_thread(clinic.asterisk.cli, "pjsip show contacts")

    async def healed() -> bool:
        return not await offline()

    often = f"{contact}1\nqualify_timeout = 0.2"
    with changed(clinic, "pjsip.conf", f"{contact}0", often, "module reload res_pjsip.so"):
        await until(offline, "Asterisk to notice that nobody answers", 10)
        said = await ill(clinic, Check.TRUNK)
        assert "carrier is not reached: its contacts are Unreachable" in said
        assert "qualify_frequency" in said
    await until(healed, "the carrier's contact to be watched no more", 10)


async def test_audio_that_goes_past_asterisk(clinic: Lab) -> None:
    with changed(clinic, "pjsip.conf", "direct_media = no", "direct_media = yes", "module reload res_pjsip.so"):
        assert "direct_media = no in [carrier]" in await ill(clinic, Check.TRUNK, Level.WARNING)


async def test_a_member_who_is_no_endpoint(clinic: Lab) -> None:
    said = await ill(clinic, Check.AGENTS, queue={"600": {"members": ["801", "899"]}})
    assert "no endpoint of Asterisk's: 899" in said


async def test_what_the_dialplan_lacks(clinic: Lab) -> None:
    def without(context: str) -> contextlib.AbstractContextManager[None]:
        return changed(clinic, "extensions.conf", f"[{context}]", f"[old-{context}]", "dialplan reload")

    with without("uncall-witness"):
        assert "there is no [uncall-witness]" in await ill(clinic, Check.DIALPLAN)
    amd = [{"value": "sip/test/", "endpoint": TRUNK, "allow": ["X."], "amd": True}]
    with without("uncall-amd"):
        assert "there is no [uncall-amd]" in await ill(clinic, Check.DIALPLAN, trunk=amd)
    with without("from-trunk"):
        said = await ill(clinic, Check.DIALPLAN, Level.WARNING)
        assert "calls from carrier to 02155555555 have no extension in [from-trunk]" in said
    with changed(clinic, "extensions.conf", "(fallback),Progress", "(back),Progress", "dialplan reload"):
        assert "has no priority labelled fallback" in await ill(clinic, Check.DIALPLAN, Level.WARNING)
    with (
        changed(clinic, "extensions.conf", "_[+*#0-9]!", "_[0-9]!", "dialplan reload"),  # it takes codes, too
        changed(clinic, "extensions.conf", "exten => *22", "exten => *72", "dialplan reload"),
    ):
        assert "cannot dial *22 in [internal]" in await ill(clinic, Check.DIALPLAN, Level.WARNING)


async def test_a_dialplan_that_cannot_be_asked(clinic: Lab) -> None:
    clinic.asterisk.cli("module unload func_dialplan.so")
    try:
        found = await of_asterisk(_settings(clinic))
        assert [each.level for each in found if each.check is Check.DIALPLAN] == [Level.SKIPPED], told(found)
    finally:
        clinic.asterisk.cli("module load func_dialplan.so")


# --- sounds ---------------------------------------------------------------------------------------------


async def test_prompts_that_are_not_there_or_do_not_play(clinic: Lab) -> None:
    said = await ill(clinic, Check.PROMPTS, ivr={"1": {"step": {"a": {"play": ["thank-you", "nothing"]}}}})
    assert "ivr.1.step.a.play.1" in said
    empty = clinic.folder / "empty"
    empty.mkdir(exist_ok=True)
    found = await of_asterisk(_settings(clinic, media={"sounds": str(empty)}))
    assert ["there are none" in each.found.en for each in found if each.check is Check.PROMPTS] == [True], told(found)
    broken = clinic.folder / "few" / "zh" / "broken.wav"
    broken.write_bytes(b"RIFF, but no sound")
    broken.chmod(0o644)
    try:
        said = await ill(clinic, Check.PROMPTS)
        assert "not to be played: zh/broken.wav" in said
        assert "8000 Hz, mono" in said
    finally:
        broken.unlink()


async def test_sounds_that_asterisk_cannot_read(clinic: Lab) -> None:
    folder = clinic.folder / "closed"
    folder.mkdir()
    shutil.copy(clinic.sounds / "zh" / "beep.wav", folder)
    media = {"recordings": str(folder)}
    folder.chmod(0o700)
    said = await ill(clinic, Check.RECORDINGS, media=media)
    assert f"Asterisk cannot read the folder {folder}" in said
    assert "chmod o+rx" in said
    folder.chmod(0o755)
    shutil.copy(folder / "beep.wav", folder / "private.wav")
    (folder / "private.wav").chmod(0o600)
    assert "Asterisk cannot read private.wav" in await ill(clinic, Check.RECORDINGS, media=media)
    for file in folder.iterdir():
        file.unlink()
    folder.chmod(0o700)
    said = await ill(clinic, Check.RECORDINGS, Level.WARNING, media=media)
    assert f"chmod o+rx {folder}" in said, "an empty folder, in which nothing can be tried"


async def test_a_recording_that_a_menu_misses(clinic: Lab) -> None:
    ivr = {"1": {"step": {"a": {"play": ["recording:offer.wav"]}}}}
    assert "not uploaded: offer.wav" in await ill(clinic, Check.RECORDINGS, Level.WARNING, ivr=ivr)


async def test_sounds_that_asterisk_fetches(
    clinic: Lab, served: Callable[[dict[str, Any]], Served], tmp_path: Path
) -> None:
    for name in ("res_curl", "func_curl", "res_http_media_cache"):
        clinic.asterisk.cli(f"module load {name}.so")
    port = free_port()
    changes: dict[str, Any] = {"database": {"url": f"sqlite:///{tmp_path}/uncall.db"}, "web": {"port": port}}
    here = {"url": f"http://127.0.0.1:{port}"}
    found = await of_asterisk(_settings(clinic, media=here, **changes))
    assert [each.level for each in found if each.check is Check.PROMPTS] == [Level.SKIPPED], told(found)
    service = served(healthy(clinic, media=here, **changes))
    await service.start()
    await service.says("connected to Asterisk")
    found = await of_asterisk(_settings(clinic, media=here, **changes))
    assert ["4 play" in each.found.en for each in found if each.check is Check.PROMPTS] == [True], told(found)
    nowhere = {"url": f"http://127.0.0.1:{free_port()}"}
    assert "Asterisk cannot fetch zh/beep.wav" in await ill(clinic, Check.PROMPTS, media=nowhere, **changes)


async def test_no_music_on_hold(clinic: Lab) -> None:
    silent = clinic.folder / "silent"
    silent.mkdir()
    silent.chmod(0o755)
    inside = clinic.root.inside(silent)
    line = f"directory = {clinic.root.inside(clinic.sounds)}/music"
    with changed(clinic, "musiconhold.conf", line, f"directory = {inside}", "moh reload"):
        assert "hears nothing" in await ill(clinic, Check.MUSIC)


async def test_a_folder_that_asterisk_cannot_write(clinic: Lab) -> None:
    folder = clinic.folder / "calls"
    recording = {"enabled": True, "folder": str(folder)}
    assert "install -d" in await ill(clinic, Check.CALLS, Level.WARNING, recording=recording)
    folder.mkdir()
    folder.chmod(0o755)
    assert "cannot write into" in await ill(clinic, Check.CALLS, Level.WARNING, recording=recording)
    clinic.root.give(folder, "asterisk")
    found = await of_asterisk(_settings(clinic, recording=recording))
    assert [each.level for each in found if each.check is Check.CALLS] == [Level.OK], told(found)


# --- the machine ----------------------------------------------------------------------------------------


async def test_ports_that_are_taken_or_none(clinic: Lab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = only(await of_machine(_settings(clinic, web={"port": port})), Check.PORT)
        assert "web.port" in said
        assert f"ss -ltnp 'sport = :{port}'" in said
        said = only(await of_machine(_settings(clinic, fastagi={"enabled": True, "port": port})), Check.PORT)
        assert "fastagi.port" in said
    said = only(await of_machine(_settings(clinic, web={"host": "192.0.2.1"})), Check.PORT)
    assert "an address of this machine" in said


async def test_a_disk_without_space(clinic: Lab) -> None:
    full = {"recordings": "/proc/self"}  # a file system without a free byte
    assert "0 MB free in /proc/self (media.recordings)" in only(
        await of_machine(_settings(clinic, media=full)), Check.SPACE
    )


async def test_few_open_files(clinic: Lab, tmp_path: Path) -> None:
    settings = tmp_path / "uncall.toml"
    write_settings(settings, healthy(clinic))
    limited = [
        "sh",
        "-c",
        'ulimit -n 256; exec "$@"',
        "-",
        sys.executable,
        "-m",
        "uncall_ari",
        "check",
        "-c",
        str(settings),
    ]
    done = await asyncio.to_thread(subprocess.run, limited, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "LimitNOFILE=65536" in done.stdout) == (1, True), done.stdout + done.stderr


# --- the database ---------------------------------------------------------------------------------------


def _settings(lab: Lab, **changes: Any) -> Settings:
    return Settings.model_validate(healthy(lab, **changes))


async def of_database(lab: Lab, url: str, **changes: Any) -> list[Finding]:
    return await database(_settings(lab, database={"url": url, **changes}))


async def test_a_healthy_database_on_mariadb(clinic: Lab, mariadb: MariaDB, mariadb_database: str) -> None:
    for expected in ("made at the start", "will do"):
        found = await of_database(clinic, mariadb_database, calls="")
        assert {each.level for each in found} == {Level.OK}, told(found)
        assert any(expected in each.found.en for each in found), told(found)
        async with await Store.open(mariadb_database, timezone=ZoneInfo("UTC")):
            pass
    name = mariadb_database.rpartition("/")[2]
    assert "uncall_check" not in mariadb.sql(f"SHOW TABLES IN {name}")


async def test_a_database_that_does_not_let_us_in(clinic: Lab, mariadb: MariaDB) -> None:
    wrong = mariadb.url.replace(mariadb.password, "another-word")
    found = await of_database(clinic, wrong)
    said = only(found, Check.DATABASE)
    assert "Access denied" in said
    assert "IDENTIFIED BY" in said
    assert "another-word" not in said
    found = await of_database(clinic, mariadb.url.replace("/outbound", "/outbound_nowhere"))
    assert "CREATE DATABASE outbound_nowhere" in only(found, Check.DATABASE)
    found = await of_database(clinic, mariadb.url.replace(str(mariadb.port), str(free_port())))
    assert "Start the server" in only(found, Check.DATABASE)


async def test_a_database_account_without_rights(clinic: Lab, mariadb: MariaDB, mariadb_database: str) -> None:
    name = mariadb_database.rpartition("/")[2]
    mariadb.sql(
        "CREATE USER weak@'%' IDENTIFIED BY 'word'; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON {name}.* TO weak@'%'"
    )
    url = mariadb_database.replace(f"{mariadb.user}:{mariadb.password}", "weak:word")
    try:
        said = only(await of_database(clinic, url, calls=""), Check.RIGHTS)
        assert f"lacks DROP, ALTER, INDEX ON {name}" in said
        assert "GRANT SELECT" in said
        said = only(await of_database(clinic, url, calls="asteriskcdrdb"), Check.RIGHTS)
        assert "SELECT, INSERT, UPDATE, DELETE, CREATE ON asteriskcdrdb" in said
        mariadb.sql(f"GRANT DROP, ALTER, INDEX ON {name}.* TO weak@'%'")
        assert {each.level for each in await of_database(clinic, url, calls="")} == {Level.OK}
    finally:
        mariadb.sql("DROP USER weak@'%'")


async def test_foreign_tables(clinic: Lab, mariadb: MariaDB, mariadb_database: str) -> None:
    name = mariadb_database.rpartition("/")[2]
    async with await Store.open(mariadb_database, timezone=ZoneInfo("UTC")):
        pass
    mariadb.sql(f"ALTER TABLE {name}.o_uncall_task DROP COLUMN call_max")
    said = only(await of_database(clinic, mariadb_database, calls=""), Check.TABLES)
    assert "no column call_max" in said
    assert "ALTER TABLE o_uncall_task ADD COLUMN call_max" in said
    mariadb.sql(
        f"ALTER TABLE {name}.o_uncall_task ADD COLUMN call_max INT NOT NULL DEFAULT 1; "
        f"ALTER TABLE {name}.o_uncall_task ENGINE=MyISAM"
    )
    said = only(await of_database(clinic, mariadb_database, calls=""), Check.TABLES)
    assert "kept by MyISAM" in said
    assert "ENGINE=InnoDB" in said
    mariadb.sql(f"ALTER TABLE {name}.o_uncall_task ENGINE=InnoDB; ALTER TABLE {name}.cdr DROP COLUMN action_id")
    assert "no column action_id" in only(await of_database(clinic, mariadb_database, calls=""), Check.TABLES)


async def test_a_database_in_another_time_zone(clinic: Lab, mariadb: MariaDB) -> None:
    mariadb.sql("SET GLOBAL time_zone = '-03:00'")
    try:
        found = await of_database(clinic, mariadb.url)
    finally:
        mariadb.sql("SET GLOBAL time_zone = 'SYSTEM'")
    assert "the database is at UTC-03:00" in only(found, Check.TIMEZONE, Level.WARNING)


async def test_sqlite_files_that_will_not_do(clinic: Lab, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("this is no database " * 100)
    assert "not a database" in only(await of_database(clinic, f"sqlite:///{text}"), Check.DATABASE)
    with sqlite3.connect(tmp_path / "foreign.db") as foreign:
        foreign.execute("CREATE TABLE o_uncall_task (id INTEGER)")
    said = only(await of_database(clinic, f"sqlite:///{tmp_path}/foreign.db"), Check.TABLES)
    assert "it is not Uncall's" in said
    assert "cannot be made" in only(await of_database(clinic, f"sqlite:///{tmp_path}/none/uncall.db"), Check.DATABASE)


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that is not pytest's: those above it are open to everybody."""
    with tempfile.TemporaryDirectory(prefix="uncall-doctor-") as name:
        yield Path(name)


async def test_a_sqlite_file_is_left_as_it_is(clinic: Lab, tmp_path: Path) -> None:
    file = tmp_path / "uncall.db"
    async with await Store.open(f"sqlite:///{file}", timezone=ZoneInfo("UTC")):
        beside = await look_at(clinic, file)
    assert beside > {file.name}, "while it is open, its log lies beside it"
    assert await look_at(clinic, file) == {file.name}


async def look_at(lab: Lab, file: Path) -> set[str]:
    """What lies in a healthy file's folder after a check, which must be what lay there before."""
    before = {each.name: each.stat().st_mtime_ns for each in file.parent.iterdir()}
    found = await of_database(lab, f"sqlite:///{file}")
    assert {each.level for each in found} == {Level.OK}, told(found)
    assert any("will do" in each.found.en for each in found), told(found)
    assert {each.name: each.stat().st_mtime_ns for each in file.parent.iterdir()} == before
    return set(before)


async def test_a_sqlite_file_that_is_not_ours_to_write(clinic: Lab, common: Path) -> None:
    file = common / "uncall.db"
    async with await Store.open(f"sqlite:///{file}", timezone=ZoneInfo("UTC")):
        pass
    for each, mode in ((common, 0o555), (file, 0o444)):
        await asyncio.to_thread(each.chmod, mode)
    with somebody():
        said = only(await of_database(clinic, f"sqlite:///{file}"), Check.RIGHTS)
        assert f"cannot write {file}, {common}" in said
        assert "chown uncall" in said


@contextmanager
def somebody() -> Iterator[None]:
    """Without root's rights, under which everything can be read and written."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


async def test_beside_the_running_service(
    clinic: Lab, served: Callable[[dict[str, Any]], Served], tmp_path: Path
) -> None:
    database = {"url": f"sqlite:///{tmp_path}/uncall.db"}
    settings = healthy(clinic, database=database, fastagi={"enabled": True, "port": free_port()})
    service = served(settings)
    await service.start()
    await service.says("connected to Asterisk")
    found = await examine(Settings.model_validate(settings))
    assert {each.level for each in found} <= {Level.OK, Level.SKIPPED}, told(found)
    said = told(found)
    assert "the running service is connected" in said
    assert said.count("the service runs") == 2, said
    assert service.running, service.log
    assert "another engine" not in service.log
    assert await service.end(signal.SIGTERM) == 0


async def test_the_whole_of_it_in_order(clinic: Lab) -> None:
    found = await examine(_settings(clinic))
    places = [list(Check).index(each.check) for each in found]
    assert places == sorted(places), told(found)
    assert {each.check for each in found} == set(Check) - {Check.SETTINGS, Check.RIGHTS, Check.TABLES}, told(found)
