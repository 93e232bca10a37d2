"""`uncall check`: the database, on MariaDB and on SQLite."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.doctor.clinic import only, settings_of, told
from uncall_ari.doctor import Check, Finding, Level
from uncall_ari.doctor.database import database
from uncall_ari.lab import Lab
from uncall_ari.lab.mariadb import MariaDB
from uncall_ari.lab.ports import free_port
from uncall_ari.store import Store

NOBODY = 65534


async def of_database(lab: Lab, url: str, **changes: Any) -> list[Finding]:
    return await database(settings_of(lab, database={"url": url, **changes}))


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
