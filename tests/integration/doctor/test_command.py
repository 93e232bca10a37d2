"""`uncall check`: all of it together, its exit status and languages, and that it leaves nothing behind."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.campaigns import write_settings
from tests.integration.doctor.clinic import checked, healthy, nothing_left, only, settings_of, told
from tests.integration.served import Served
from uncall_ari.cli.checking import look
from uncall_ari.config import Settings
from uncall_ari.doctor import Check, Level, examine
from uncall_ari.doctor.probe import probe
from uncall_ari.doctor.questions import questions
from uncall_ari.lab import Lab
from uncall_ari.lab.ports import free_port


async def test_all_is_well_and_nothing_is_changed(clinic: Lab, tmp_path: Path) -> None:
    settings = healthy(clinic, media={"sounds": str(clinic.sounds)})
    status, output = await checked(tmp_path, settings)
    assert (status, "All is well." in output) == (0, True), output
    await nothing_left(clinic)
    assert not (clinic.folder / "none.db").exists()


async def test_a_check_leaves_nothing_however_often(clinic: Lab) -> None:
    for _ in range(12):
        async with questions(settings_of(clinic).asterisk) as ask, probe(ask, "uncall") as p:
            await p.variable("EPOCH")
        await nothing_left(clinic)  # nobody's application ends in between: Asterisk would forget older ones with it


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
    found = await examine(settings_of(clinic))
    places = [list(Check).index(each.check) for each in found]
    assert places == sorted(places), told(found)
    assert {each.check for each in found} == set(Check) - {Check.SETTINGS, Check.RIGHTS, Check.TABLES}, told(found)
