"""A database of the version before is brought up to date, wherever an upgrade broke off, and none of it is lost."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from structlog.testing import capture_logs

from tests.integration.store.conftest import NOON, ZONE, Open, Outside, claim, counters, ended
from tests.integration.store.frozen import NOTES, empty, fill_old, forms, noted, ours, rows
from uncall_ari.errors import ConfigError, StoreUnavailable
from uncall_ari.lab.mariadb import MariaDB
from uncall_ari.lab.waits import until
from uncall_ari.store import Store
from uncall_ari.store.creating import create
from uncall_ari.store.migrating import CALLS, TASKS
from uncall_ari.store.migrations.running import revisions
from uncall_ari.store.records import Outcome
from uncall_ari.store.tables import FIXED
from uncall_ari.store.talk_tables import own_tables

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def bare(database: str) -> Iterator[Outside]:
    """A third party on the test's database, which is empty."""
    with closing(Outside(database)) as outside:
        yield outside


@pytest.fixture
def old(bare: Outside) -> Outside:
    """A third party on a database of the version before."""
    fill_old(bare)
    return bare


async def test_nothing_is_lost_and_nothing_of_the_contracts_is_changed(open_store: Open, old: Outside) -> None:
    before, shapes = rows(old), forms(old)
    await open_store()
    assert rows(old) == before
    after = forms(old)
    assert {table for table in shapes if after[table] != shapes[table]} == {"uncall_call", "uncall_retry"}
    assert noted(old) == [(TASKS.head,), (CALLS.head,)]


async def test_the_program_works_on_what_it_has_taken_over(open_store: Open, old: Outside) -> None:
    store = await open_store()
    kept = await store.call("1700000000.1")
    assert kept is not None
    assert (kept.cause, kept.queue, kept.waited, kept.abandoned, kept.action_id) == ("answered", "", None, False, "")
    (left,) = await store.unsettled()  # the call that went on while the programs changed
    assert left.claim.uid == left.claim.action_id == "1700000000.4"
    await store.settle([ended(left.claim, Outcome.FAILED, cause="lost")])
    claims = await store.claim(1, ["1.1", "1.2", "1.3", "1.4"], trunk="sip/test/", now=LATER)
    assert [(c.number_id, c.attempt) for c in claims] == [(2, 2), (5, 1), (6, 1)]  # the retry, then who is open
    await store.settle([ended(c, queue="7001", abandoned=True, rest_until=LATER) for c in claims])
    assert counters(old, 1) == (6, 6, 4, 0, 2)
    record = await store.call("1.1")
    assert record is not None
    assert (record.queue, record.abandoned) == ("7001", True)
    assert await store.dnc_matches(["13800000009", "13800000001"]) == {"13800000009"}


async def test_a_migrated_database_is_like_a_new_one(open_store: Open, old: Outside) -> None:
    await (await open_store()).close()
    migrated = forms(old)
    empty(old)
    await open_store()
    new = forms(old)
    assert ours(migrated) == ours(new)
    assert set(migrated) - set(new) == {"o_task_run_1"}


async def test_what_the_code_describes_is_what_the_migrations_make(open_store: Open, bare: Outside) -> None:
    await (await open_store()).close()
    made = ours(forms(bare))
    described = [t for t in (*FIXED.sorted_tables, *own_tables("")) if t.name.startswith("uncall_")]
    assert {table.name for table in described} == TASKS.tables | CALLS.tables == set(made) - NOTES
    empty(bare)
    engine = create_engine(bare.url.replace("mysql:", "mysql+pymysql:"))
    with engine.begin() as connection:
        for table in described:
            create(connection, table)
    engine.dispose()
    assert {name: form for name, form in made.items() if name not in NOTES} == forms(bare)


@pytest.mark.parametrize("chain", [TASKS, CALLS], ids=lambda chain: chain.folder)
def test_the_newest_revision_is_the_one_that_a_start_expects(chain: Any) -> None:
    scripts = revisions(chain.folder)
    assert scripts.get_current_head() == chain.head
    assert [script.revision for script in scripts.walk_revisions()][::-1] == [
        f"{number:04}" for number in range(1, int(chain.head) + 1)
    ]


async def test_an_upgrade_that_broke_off_is_done_again(database: str, old: Outside) -> None:
    statements = await Store.upgrade_statements(database, timezone=ZONE)
    before = rows(old)
    async with await Store.open(database, timezone=ZONE):
        whole = forms(old)
    assert await Store.upgrade_statements(database, timezone=ZONE) == []
    assert len(statements) > 10
    changed = "uncall_(call|re)"  # the tables that differ, and those that note the revisions
    for done, last in enumerate(statements, 1):
        if last.startswith("CREATE TABLE IF NOT EXISTS") and "uncall_rest" not in last:
            continue  # it was there already
        empty(old, only=changed)
        fill_old(old, only=changed)
        for statement in statements[:done]:
            old.sql(statement)
        async with await Store.open(database, timezone=ZONE):
            assert forms(old) == whole, f"after {last}"
        assert rows(old) == before, f"after {last}"
        assert noted(old) == [(TASKS.head,), (CALLS.head,)]


async def test_the_statements_alone_are_the_whole_upgrade(database: str, old: Outside) -> None:
    for statement in await Store.upgrade_statements(database, timezone=ZONE):
        old.sql(statement)
    by_hand = ours(forms(old))
    with capture_logs() as logs:
        async with await Store.open(database, timezone=ZONE):
            assert ours(forms(old)) == by_hand
    assert [entry for entry in logs if "up to date" in entry["event"]] == []


async def test_engines_that_start_at_once_do_not_disturb_each_other(open_store: Open, old: Outside) -> None:
    with capture_logs() as logs:
        stores = await asyncio.gather(open_store(), open_store(), open_store())
    assert [entry["tables"] for entry in logs if entry["event"] == "the tables are up to date"] == ["tasks", "calls"]
    for store in stores:
        record = await store.call("1700000000.2")
        assert record is not None
        assert (record.cause, record.queue) == ("busy", "")


async def test_the_second_engine_waits_for_the_first(mariadb_database: str) -> None:
    with closing(Outside(mariadb_database)) as first:
        fill_old(first)
        name = mariadb_database.rpartition("/")[2]
        assert first.sql("SELECT GET_LOCK(?, 0)", f"uncall-ari {name}") == [(1,)]
        before = forms(first)
        second = asyncio.create_task(Store.open(mariadb_database, timezone=ZONE))
        waiting = "SELECT 1 FROM information_schema.processlist WHERE db = ? AND state = 'User lock'"
        await until(lambda: first.sql(waiting, name), "the second engine to wait for the lock", 20)
        assert forms(first) == before
        first.sql("SELECT RELEASE_LOCK(?)", f"uncall-ari {name}")
        async with asyncio.timeout(20), await second:
            assert noted(first) == [(TASKS.head,), (CALLS.head,)]
        assert first.sql("SELECT IS_FREE_LOCK(?)", f"uncall-ari {name}") == [(1,)]


async def test_a_database_that_grew_before_revisions_were_counted(open_store: Open, old: Outside) -> None:
    await (await open_store()).close()
    whole, before = forms(old), rows(old)
    old.sql("DROP TABLE uncall_revision")
    old.sql("DROP TABLE uncall_calls_revision")
    await open_store()
    assert forms(old) == whole
    assert rows(old) == before
    assert noted(old) == [(TASKS.head,), (CALLS.head,)]


async def test_a_table_of_ours_that_is_gone_is_made_again(open_store: Open, old: Outside) -> None:
    await (await open_store()).close()
    whole = forms(old)
    old.sql("DROP TABLE uncall_rest")
    old.sql("DROP TABLE uncall_talk")
    await open_store()
    assert forms(old) == whole


async def test_what_a_newer_program_has_changed_is_refused_and_left_alone(open_store: Open, old: Outside) -> None:
    old.sql("UPDATE uncall_schema SET version = 999")
    before = forms(old)
    with pytest.raises(ConfigError, match=r"version 999, this program works with 1.*newer uncall-ari"):
        await open_store()
    assert forms(old) == before


async def test_what_a_newer_program_has_added_is_no_hindrance(open_store: Open, old: Outside) -> None:
    await (await open_store()).close()
    old.sql("ALTER TABLE uncall_call ADD COLUMN mood VARCHAR(9) NOT NULL DEFAULT ''")
    old.sql("UPDATE uncall_revision SET version_num = '9999'")
    before = forms(old)
    store = await open_store()
    (c,) = await claim(store, 1, 1)
    await store.settle([ended(c)])
    assert forms(old) == before
    assert noted(old) == [("9999",), (CALLS.head,)]


@pytest.mark.parametrize("revision", ["", "2", "'; DROP TABLE x", "00002"])
async def test_a_revision_that_is_none_is_refused_with_a_remedy(open_store: Open, old: Outside, revision: str) -> None:
    await (await open_store()).close()
    whole = forms(old)
    old.sql("UPDATE uncall_revision SET version_num = ?", revision)
    with pytest.raises(ConfigError, match="uncall_revision names the revision") as refusal:
        await open_store()
    old.sql(refusal.value.remedy.removeprefix("Run ").partition(":")[0])
    await open_store()
    assert forms(old) == whole


@pytest.fixture
def humble(mariadb: MariaDB, mariadb_database: str) -> Iterator[str]:
    """The database as an account sees it that may neither change tables nor make keys."""
    name = mariadb_database.rpartition("/")[2]
    host = mariadb_database.rpartition("@")[2]
    mariadb.sql(
        f"CREATE USER '{name}'@'%' IDENTIFIED BY 'secret'; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP ON {name}.* TO '{name}'@'%'"
    )
    yield f"mysql://{name}:secret@{host}"
    mariadb.sql(f"DROP USER '{name}'@'%'")


async def test_an_account_without_the_right_is_told_what_to_run(
    mariadb: MariaDB, mariadb_database: str, humble: str
) -> None:
    with closing(Outside(mariadb_database)) as outside:
        fill_old(outside)
        with pytest.raises(ConfigError, match="the account may not bring the tables up to date") as refusal:
            await Store.open(humble, timezone=ZONE)
        assert "secret" not in str(refusal.value)
        assert str(refusal.value).count("\n") == 0
        todo = refusal.value.remedy.partition("shows it too) ")[2]
        mariadb.sql(f"USE {mariadb_database.rpartition('/')[2]}; {todo}")
        async with await Store.open(humble, timezone=ZONE) as store:
            assert len(await store.recent_calls(1, 9)) == 3
            assert noted(outside) == [(TASKS.head,), (CALLS.head,)]


async def test_each_database_of_calls_has_a_revision_of_its_own(mariadb: MariaDB, mariadb_database: str) -> None:
    name = mariadb_database.rpartition("/")[2]
    calls = [f"{name}_one", f"{name}_two"]
    try:
        for each in calls:
            async with await Store.open(mariadb_database, timezone=ZONE, calls_database=each) as store:
                assert await store.open_talks() == []
            assert mariadb.sql(f"SELECT version_num FROM {each}.uncall_calls_revision").strip() == CALLS.head
        assert mariadb.sql(f"SHOW TABLES IN {name} LIKE 'uncall_calls_revision'") == ""
    finally:
        mariadb.sql("; ".join(f"DROP DATABASE IF EXISTS {each}" for each in calls))


def test_a_start_without_anything_to_do_does_not_load_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, zoneinfo\nfrom uncall_ari.store import Store\n"
        "asyncio.run(Store.open(sys.argv[1], timezone=zoneinfo.ZoneInfo('UTC')))\n"
        "print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path}/x.db"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert first.stdout.endswith("True\n")
    assert second.stdout == "False\n"


async def test_showing_the_statements_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with pytest.raises(StoreUnavailable, match="no such file"):
        await Store.upgrade_statements(f"sqlite:///{path}", timezone=ZONE)
    assert not path.exists()


def migrate(database: str, *options: str) -> list[str]:
    """The lines that `uncall migrate` writes, with settings from the environment alone."""
    settings = {
        "UNCALL_DATABASE__URL": database,
        "UNCALL_DATABASE__CALLS": "",
        "UNCALL_ASTERISK__PASSWORD": "x",
        "UNCALL_DIALER__TIMEZONE": "UTC",
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UNCALL_")} | settings
    command = [sys.executable, "-m", "uncall_ari", "migrate", *options]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if " [info " not in line and '"level"' not in line]


def test_the_command_shows_what_it_would_do_and_does_it(database: str, old: Outside) -> None:
    before = forms(old)
    shown = migrate(database, "--sql")
    assert forms(old) == before
    assert [line for line in shown if not line.endswith(";")] == []
    assert [line for line in shown if line.startswith("ALTER TABLE uncall_call ADD COLUMN queue ")] != []
    assert migrate(database) == ["The tables are up to date."]
    assert noted(old) == [(TASKS.head,), (CALLS.head,)]
    assert migrate(database, "--sql") == []
