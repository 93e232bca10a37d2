"""A database of the version before queues is taken over: our tables get what they lack, no other is touched."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.integration.store.conftest import NOON, TASK, ZONE, Open, Outside, claim, ended, uids
from uncall_ari.errors import ConfigError
from uncall_ari.lab.mariadb import MariaDB
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome, TaskStatus

# `uncall_call` and its keys as version 0.1 made them; {ms} is the type of a moment.
OLD_CALLS = (
    "CREATE TABLE uncall_call (uid VARCHAR(20) NOT NULL, task_id INTEGER NOT NULL, number_id INTEGER NOT NULL, "
    "number VARCHAR(32) NOT NULL, trunk VARCHAR(50) NOT NULL, attempt INTEGER NOT NULL, claimed_at {ms} NOT NULL, "
    "answered_at {ms}, ended_at {ms}, outcome INTEGER, cause VARCHAR(32) DEFAULT '' NOT NULL, "
    "q850 INTEGER DEFAULT '0' NOT NULL, sip INTEGER DEFAULT '0' NOT NULL, billsec INTEGER DEFAULT '0' NOT NULL, "
    "extension VARCHAR(32) DEFAULT '' NOT NULL, digits VARCHAR(64) DEFAULT '' NOT NULL, "
    "amd VARCHAR(32) DEFAULT '' NOT NULL, PRIMARY KEY (uid)){options}"
)
OLD_KEYS = (
    "CREATE INDEX uncall_call_ended ON uncall_call (ended_at)",
    "CREATE INDEX uncall_call_number ON uncall_call (task_id, number_id)",
)
OLD_ROW = (
    "INSERT INTO uncall_call (uid, task_id, number_id, number, trunk, attempt, claimed_at, ended_at, outcome, cause) "
    "VALUES ('1.7', 1, 1, '138', 'sip/test/', 1, '2026-03-04 04:00:00.000', '2026-03-04 04:00:09.000', 3, 'busy')"
)
COLUMNS = {"queue", "waited_ms", "abandoned", "talk_ms", "action_id"}


def make_old(outside: Outside) -> None:
    """Put the tables of the older version in the place of today's."""
    for table in ("uncall_call", "uncall_rest"):
        outside.sql(f"DROP TABLE {table}")
    on = " ON uncall_retry" if outside.mysql else ""
    outside.sql(f"DROP INDEX uncall_retry_attempts{on}")
    options = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin" if outside.mysql else ""
    outside.sql(OLD_CALLS.format(ms="DATETIME(3)" if outside.mysql else "DATETIME", options=options))
    for statement in (*OLD_KEYS, OLD_ROW):
        outside.sql(statement)


def forms(outside: Outside) -> dict[str, object]:
    """Columns and keys of all tables, by the tables' names."""
    if not outside.mysql:
        rows = outside.sql("SELECT name, tbl_name, type FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        columns = {table: outside.sql("SELECT name FROM pragma_table_info(?)", table) for _, table, _ in rows}
        keys = {table: sorted(n for n, t, kind in rows if t == table and kind == "index") for table in columns}
        return {table: (columns[table], keys[table]) for table in columns}
    tables = [name for (name,) in outside.sql("SHOW TABLES")]
    made = {table: outside.sql(f"SHOW CREATE TABLE {table}")[0][1] for table in tables}
    return {table: re.sub(r" AUTO_INCREMENT=\d+", "", statement) for table, statement in made.items()}


async def test_an_older_database_is_taken_over(open_store: Open, outside: Outside) -> None:
    task_id = await (await open_store()).add_task(TASK)
    today = forms(outside)
    make_old(outside)
    old = forms(outside)
    store = await open_store()
    grown = forms(outside)
    assert {table for table in grown if grown[table] != old.get(table)} == {
        "uncall_call",
        "uncall_retry",
        "uncall_rest",
    }
    if not outside.mysql:
        assert grown == today
    record = await store.call("1.7")
    assert record is not None
    assert (record.cause, record.queue, record.waited, record.abandoned) == ("busy", "", None, False)
    assert (record.talked, record.action_id) == (None, "")
    await store.update_task(task_id, status=TaskStatus.RUN)
    await store.add_numbers(task_id, ["1"])
    (c,) = await claim(store, task_id, 1)
    await store.settle([ended(c, queue="7001", abandoned=True, rest_until=NOON)])
    record = await store.call(c.uid)
    assert record is not None
    assert (record.queue, record.abandoned) == ("7001", True)
    await open_store()
    assert forms(outside) == grown  # and no more


async def test_two_engines_that_start_at_once_do_not_disturb_each_other(open_store: Open, outside: Outside) -> None:
    make_old(outside)
    for store in await asyncio.gather(open_store(), open_store(), open_store()):
        record = await store.call("1.7")
        assert record is not None
        assert record.queue == ""


async def test_every_key_is_there_afterwards(open_store: Open, outside: Outside) -> None:
    make_old(outside)
    await open_store()
    if outside.mysql:
        statement = (
            "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() "
            "AND table_name IN ('uncall_call', 'uncall_retry', 'uncall_rest') AND index_name <> 'PRIMARY'"
        )
    else:
        statement = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'uncall_%'"
    assert {name for (name,) in outside.sql(statement)} == {
        "uncall_call_ended",
        "uncall_call_number",
        "uncall_call_task",
        "uncall_rest_until",
        "uncall_retry_attempts",
        "uncall_retry_due",
    }


async def test_a_call_that_the_older_version_left_open_goes_on(open_store: Open, outside: Outside) -> None:
    store = await open_store()
    task_id = await store.add_task(TASK)
    await store.add_numbers(task_id, ["1"])
    (uid,) = uids(1)
    make_old(outside)
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 4, call_uniqueid = ?, action_id = ?", uid, uid)
    outside.sql(OLD_ROW.replace("1.7", uid).replace("(1, 1,", f"({task_id}, 1,"))
    outside.sql("UPDATE uncall_call SET ended_at = NULL, outcome = NULL, task_id = ? WHERE uid = ?", task_id, uid)
    store = await open_store()
    (left,) = await store.unsettled()
    assert (left.claim.uid, left.claim.action_id) == (uid, uid)
    await store.settle([ended(left.claim, Outcome.FAILED, cause="lost")])
    assert outside.sql(f"SELECT call_status FROM o_task_run_{task_id}") == [(3,)]


async def test_a_newer_versions_tables_are_not_grown(open_store: Open, outside: Outside) -> None:
    make_old(outside)
    outside.sql("UPDATE uncall_schema SET version = 999")
    before = forms(outside)
    with pytest.raises(ConfigError, match="version 999"):
        await open_store()
    assert forms(outside) == before


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


async def test_an_account_without_the_right_is_told_what_to_run(mariadb_database: str, humble: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE):
        pass
    with closing(Outside(mariadb_database)) as outside:
        make_old(outside)
        left = set(COLUMNS)
        while left:
            with pytest.raises(ConfigError, match="uncall_call has no column") as refusal:
                await Store.open(humble, timezone=ZONE)
            outside.sql(refusal.value.remedy.removeprefix("run "))
            left.remove(refusal.value.problem.rpartition(" ")[2])
        async with await Store.open(humble, timezone=ZONE) as store:  # without the keys it is only slower
            assert await store.recent_calls(1, 9) != []
