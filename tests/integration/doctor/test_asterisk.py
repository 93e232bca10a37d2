"""`uncall check`: Asterisk itself: its interfaces and accounts, version, modules, events, clock, other engines."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from api.app import make_app
from api.serve import serving
from tests.conftest import TRUNK
from tests.facade_engine import FacadeEngine
from tests.integration.conftest import ari_of
from tests.integration.doctor.clinic import changed, healthy, ill, only, settings_of, told
from uncall_ari.config import Settings, WebSettings
from uncall_ari.doctor import Check, Level
from uncall_ari.doctor.run import of_asterisk
from uncall_ari.lab import Lab
from uncall_ari.lab.ports import free_port


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
        said = only(await of_asterisk(settings_of(clinic)), Check.ASTERISK)
    assert "no ARI at" in said
    assert "enabled = yes" in said


async def test_a_missing_module(clinic: Lab) -> None:
    clinic.asterisk.cli("module unload app_amd.so")
    try:
        trunk = {"value": "sip/test/", "endpoint": TRUNK, "allow": ["X."], "amd": True}
        said = await ill(clinic, Check.MODULES, trunk=[trunk])
        assert "the answering-machine detector: app_amd" in said
        assert "module load app_amd.so" in said
        assert not [each for each in await of_asterisk(settings_of(clinic)) if each.level is Level.ERROR], (
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
