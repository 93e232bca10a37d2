"""The tables that CRMs read: pops, records of calls, the calls of campaigns; in a database of their own on MariaDB."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.store.conftest import NOON, ZONE, Outside, claim, ended, number_rows, running_task
from uncall_ari.calls.records import CallLog, Direction, Pop, SurveyScore
from uncall_ari.errors import ConfigError, StoreUnavailable
from uncall_ari.lab.mariadb import MariaDB
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome

# contract section 2
CDR = (
    "calldate, clid, src, dst, dcontext, channel, dstchannel, lastapp, lastdata, duration, billsec, disposition, "
    "amaflags, accountcode, uniqueid, calltype, addtime, userfield"
)
POP = "activation, calla, callb, uid, Stats, action, pjid"
CDR_TASK = "calldate, clid, src, dst, dcontext, duration, billsec, disposition, uniqueid, task_run_tables, outbound"
TALK = CallLog(
    uid="1700000000.1",
    action_id="Order-1",
    caller="801",
    callee="13800000001",
    extension="801",
    direction=Direction.OUT,
    outbound=True,
    context="click",
    channel="PJSIP/801-00000001",
    other_channel="PJSIP/carrier-00000002",
    started_at=NOON,
    answered_at=NOON + timedelta(seconds=7),
    ended_at=NOON + timedelta(seconds=40),
    disposition="ANSWERED",
    recording="20260304-801.wav",
)


def calls_name(database: str) -> str:
    """The name of the calls' database that belongs to a test's database; "" on SQLite."""
    return f"{urlsplit(database).path[1:]}_calls" if database.startswith("mysql") else ""


@pytest.fixture
def calls_database(database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    name = calls_name(database)
    yield name
    if name:
        mariadb: MariaDB = request.getfixturevalue("mariadb")
        mariadb.sql(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture
async def store(database: str, calls_database: str) -> AsyncIterator[Store]:
    """The test's store, whose calls are in a database of their own."""
    async with await Store.open(database, timezone=ZONE, calls_database=calls_database) as store:
        yield store


@pytest.fixture
def crm(store: Store, database: str, calls_database: str) -> Iterator[Outside]:
    """A third party that looks into the database of calls."""
    url = f"{database.rpartition('/')[0]}/{calls_database}" if calls_database else database
    with closing(Outside(url)) as outside:
        yield outside


def rows(crm: Outside, table: str, columns: str) -> list[dict[str, str]]:
    """All rows, with texts for values, as PHP gets them."""
    found = crm.sql(f"SELECT {columns} FROM {table}")
    return [dict(zip(columns.split(", "), map(str, row), strict=True)) for row in found]


async def test_the_contracts_columns_come_first(store: Store, crm: Outside) -> None:
    await store.log_call(TALK)
    for table, columns in {"cdr": CDR, "cdro_2026_3_4": CDR, "pop": POP, "cdr_task": CDR_TASK}.items():
        with closing(crm._connection.cursor()) as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            assert ", ".join(each[0] for each in cursor.description).startswith(columns)


async def test_types_are_those_of_asterisk(mariadb_database: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE) as store:
        await store.log_call(TALK)
    with closing(Outside(mariadb_database)) as outside:
        found = {row[0]: row[1] for row in outside.sql("SHOW COLUMNS FROM cdro_2026_3_4")}
        pop = [row[1] for row in outside.sql("SHOW COLUMNS FROM pop")]
    wide, whole = "varchar(80)", "int(11)"
    head = ["datetime", *[wide] * 8, whole, whole, "varchar(45)", whole, "varchar(20)", "varchar(32)"]
    assert [found[column] for column in CDR.split(", ")] == [*head, "varchar(20)", "datetime", "varchar(255)"]
    assert pop[:7] == ["datetime", *["varchar(35)"] * 2, "varchar(30)", whole, whole, "varchar(30)"]


async def test_a_record_stands_in_cdr_and_in_its_day(store: Store, crm: Outside) -> None:
    before = datetime.now(ZONE).replace(microsecond=0, tzinfo=None)
    await store.log_call(TALK)
    (row,) = rows(crm, "cdr", CDR)
    assert rows(crm, "cdro_2026_3_4", CDR) == [row]
    assert before <= datetime.fromisoformat(row.pop("addtime")) <= datetime.now(ZONE).replace(tzinfo=None)
    assert row == {
        "calldate": "2026-03-04 12:00:00",
        "clid": '"" <801>',
        "src": "801",
        "dst": "13800000001",
        "dcontext": "click",
        "channel": "PJSIP/801-00000001",
        "dstchannel": "PJSIP/carrier-00000002",
        "lastapp": "Stasis",
        "lastdata": "",
        "duration": "40",
        "billsec": "33",
        "disposition": "ANSWERED",
        "amaflags": "3",
        "accountcode": "",
        "uniqueid": "1700000000.1",
        "calltype": "outcall",
        "userfield": "audio:20260304-801.wav",
    }


async def test_a_day_begins_at_local_midnight(store: Store, crm: Outside) -> None:
    midnight = datetime(2026, 3, 4, 16, 0, 0, tzinfo=UTC)
    for uid, moment in {"1.1": midnight - timedelta(seconds=1), "1.2": midnight, "1.3": NOON}.items():
        await store.log_call(replace(TALK, uid=uid, started_at=moment))
    assert [row["uniqueid"] for row in rows(crm, "cdro_2026_3_4", CDR)] == ["1.1", "1.3"]
    assert [row["uniqueid"] for row in rows(crm, "cdro_2026_3_5", CDR)] == ["1.2"]


async def test_a_record_that_is_written_again_changes_nothing(store: Store, crm: Outside) -> None:
    await store.log_call(TALK)
    written = rows(crm, "cdr", CDR)
    await store.log_call(replace(TALK, ended_at=NOON + timedelta(hours=1), started_at=NOON + timedelta(days=1)))
    assert rows(crm, "cdr", CDR) == rows(crm, "cdro_2026_3_4", CDR) == written
    assert rows(crm, "cdro_2026_3_5", CDR) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"answered_at": None, "disposition": "NO ANSWER", "recording": "", "other_channel": ""},
        {"outbound": False, "direction": Direction.IN, "context": "from-trunk"},
        {"outbound": False, "direction": Direction.OUT, "context": "internal"},
    ],
)
async def test_a_record_is_read_as_it_was_written(store: Store, changes: dict[str, Any]) -> None:
    talk = replace(TALK, **changes)
    await store.log_call(talk)
    assert await store.call_log("Order-1") == talk
    assert await store.recording_of(talk.uid) == (talk.recording or None)


async def test_the_latest_call_of_an_order_is_found_by_its_exact_id(store: Store) -> None:
    await store.log_call(replace(TALK, uid="1.2", started_at=NOON + timedelta(seconds=1)))
    await store.log_call(TALK)
    await store.log_call(replace(TALK, uid="1.3", action_id="", started_at=NOON + timedelta(seconds=2)))
    found = await store.call_log("Order-1")
    assert found is not None
    assert found.uid == "1.2"
    assert [await store.call_log(other) for other in ("order-1", "", "Order-2", "' OR 1=1 -- ")] == [None] * 4
    assert await store.recording_of("nobody") is None


async def test_a_recording_may_come_later(store: Store, crm: Outside) -> None:
    await store.log_call(replace(TALK, recording=""))
    assert await store.recording_of(TALK.uid) is None
    await store.set_recording(TALK.uid, "late.wav")
    assert await store.recording_of(TALK.uid) == "late.wav"
    (row,) = rows(crm, "cdro_2026_3_4", CDR)
    assert row["userfield"] == "audio:late.wav"
    crm.sql("DROP TABLE cdro_2026_3_4")
    await store.set_recording(TALK.uid, "later.wav")
    assert await store.recording_of(TALK.uid) == "later.wav"
    await store.set_recording("nobody", "x.wav")


async def test_who_talked_with_a_customer_is_known_during_the_talk_and_after(store: Store) -> None:
    assert await store.agent_of(TALK.uid) == ""
    await store.talk_begun(TALK)
    assert await store.agent_of(TALK.uid) == TALK.extension
    await store.log_call(TALK)
    await store.talk_done(TALK.uid)
    assert await store.agent_of(TALK.uid) == TALK.extension
    await store.log_call(replace(TALK, uid="1.9", disposition="NO ANSWER"))
    assert await store.agent_of("1.9") == ""


@pytest.mark.parametrize("text", ["9" * 100, "李" * 100, "'; DROP TABLE cdr; -- %s :x ?" * 9, "a\0b\ud800c"])
async def test_no_value_is_an_error(store: Store, crm: Outside, text: str) -> None:
    talk = replace(
        TALK, uid=text, action_id=text, caller=text, callee=text, extension=text, context=text, channel=text,
        other_channel=text, disposition=text, recording=text,
    )  # fmt: skip
    await store.log_call(talk)
    await store.log_call(talk)
    (row,) = rows(crm, "cdr", CDR)
    clean = text.replace("\0", "?").replace("\ud800", "?")
    assert (row["src"], row["dst"], row["uniqueid"]) == (clean[:80], clean[:80], clean[:32])
    assert row["clid"].startswith('"" <')
    assert row["clid"].endswith(">")
    assert await store.call_log(text) is not None
    assert await store.recording_of(text) == clean[: 255 - len("audio:")]
    await store.set_recording(text, "x.wav")
    assert await store.recording_of(text) == "x.wav"
    await store.pop(Pop(text, text, text, text, Direction.IN, NOON))
    await store.popped(text, text)
    (pop,) = rows(crm, "pop", POP)
    assert (pop["calla"], pop["uid"], pop["Stats"]) == (clean[:35], clean[:30], "1")
    await store.survey(SurveyScore(text, text, text, NOON))
    assert crm.sql("SELECT uid, score FROM uncall_survey") == [(clean[:32], clean[:8])]


async def test_a_call_that_ends_before_it_began_has_no_seconds(store: Store, crm: Outside) -> None:
    await store.log_call(replace(TALK, ended_at=NOON - timedelta(seconds=5)))
    (row,) = rows(crm, "cdr", CDR)
    assert (row["duration"], row["billsec"]) == ("0", "0")


async def test_pops(store: Store, crm: Outside) -> None:
    pop = Pop("801", "13800000001", "02160000000", "1.1", Direction.IN, NOON)
    await store.pop(pop)
    await store.pop(pop)  # after a lost answer
    await store.pop(replace(pop, extension="802", at=NOON + timedelta(seconds=9)))
    await store.popped("1.1", "801")
    first, second = rows(crm, "pop", f"{POP}, extension")
    assert first == {
        "activation": "2026-03-04 12:00:00",
        "calla": "13800000001",
        "callb": "02160000000",
        "uid": "1.1",
        "Stats": "1",
        "action": "0",
        "pjid": "",
        "extension": "801",
    }
    assert (second["activation"], second["Stats"], second["extension"]) == ("2026-03-04 12:00:09", "0", "802")


async def test_the_first_score_of_a_call_stays(store: Store, crm: Outside) -> None:
    await store.survey(SurveyScore("1.1", "801", "5", NOON))
    await store.survey(SurveyScore("1.1", "801", "1", NOON))
    await store.survey(SurveyScore("1.2", "801", "", NOON))
    found = crm.sql("SELECT uid, extension, score, at FROM uncall_survey ORDER BY uid")
    assert [tuple(map(str, row)) for row in found] == [
        ("1.1", "801", "5", "2026-03-04 12:00:00"),
        ("1.2", "801", "", "2026-03-04 12:00:00"),
    ]


async def test_a_days_table_that_somebody_drops_is_made_again(store: Store, crm: Outside) -> None:
    await store.log_call(TALK)
    crm.sql("DROP TABLE cdro_2026_3_4")
    with pytest.raises(StoreUnavailable):
        await store.log_call(replace(TALK, uid="1.2"))
    assert len(rows(crm, "cdr", CDR)) == 1  # both or none
    await store.log_call(replace(TALK, uid="1.2"))
    assert [row["uniqueid"] for row in rows(crm, "cdro_2026_3_4", CDR)] == ["1.2"]
    assert len(rows(crm, "cdr", CDR)) == 2


async def test_each_dialled_attempt_of_a_campaign_stands_in_cdr_task(store: Store, crm: Outside, database: str) -> None:
    task_id = await running_task(store, "13800000001", "2", "3", "4", "5", "6", "7")
    with closing(Outside(database)) as outside:
        outside.sql("UPDATE o_uncall_task SET task_callerid = '02160000000' WHERE id = ?", task_id)
        claims = await claim(store, task_id, 7)
        end = NOON + timedelta(seconds=30)
        await store.settle([], [(claims[5].uid, NOON + timedelta(seconds=20))])
        batch = [
            ended(claims[0], answered_at=NOON + timedelta(seconds=10), billsec=20, ended_at=end),
            ended(claims[1], Outcome.FAILED, cause="busy", q850=17, retry_at=end),
            ended(claims[2], Outcome.FAILED, cause="no-answer"),
            ended(claims[3], Outcome.IGNORED, cause="do-not-call"),
            ended(claims[4], Outcome.FAILED, cause="trunk-down"),
            ended(claims[5], Outcome.CALL_BACK, cause="lost", ended_at=end),
            ended(claims[6], Outcome.FAILED, cause="congestion", sip=503),
        ]
        await store.settle(batch)
        await store.settle(batch)
        retries = outside.sql("SELECT uid, attempts FROM uncall_retry")
    assert retries == [(claims[1].uid, 1)]
    written = {row["uniqueid"]: row for row in rows(crm, "cdr_task", CDR_TASK)}
    assert {uid: row["disposition"] for uid, row in written.items()} == {
        claims[0].uid: "ANSWERED",
        claims[1].uid: "BUSY",
        claims[2].uid: "NO ANSWER",
        claims[5].uid: "ANSWERED",
        claims[6].uid: "FAILED",
    }
    assert written[claims[0].uid] == {
        "calldate": "2026-03-04 12:00:00",
        "clid": '"" <02160000000>',
        "src": "02160000000",
        "dst": "13800000001",
        "dcontext": "ext-did",
        "duration": "30",
        "billsec": "20",
        "disposition": "ANSWERED",
        "uniqueid": claims[0].uid,
        "task_run_tables": f"o_task_run_{task_id}",
        "outbound": "1",
    }


async def test_campaigns_go_on_when_cdr_task_is_gone(store: Store, crm: Outside, database: str) -> None:
    task_id = await running_task(store, "1")
    (one,) = await claim(store, task_id, 1)
    crm.sql("DROP TABLE cdr_task")
    await store.settle([ended(one)])
    with closing(Outside(database)) as outside:
        assert number_rows(outside, task_id) == [(1, Outcome.SUCCESS, one.uid)]


async def test_a_missing_column_is_named_with_its_remedy(
    store: Store, crm: Outside, database: str, calls_database: str
) -> None:
    await store.log_call(TALK)
    crm.sql("ALTER TABLE cdr DROP COLUMN lastdata")
    with pytest.raises(ConfigError, match="cdr has no column lastdata") as refusal:
        await Store.open(database, timezone=ZONE, calls_database=calls_database)
    crm.sql(refusal.value.remedy.removeprefix("run "))
    async with await Store.open(database, timezone=ZONE, calls_database=calls_database) as again:
        assert await again.call_log("Order-1") == TALK


async def test_without_rights_the_grant_is_named_and_is_enough(mariadb: MariaDB, mariadb_database: str) -> None:
    tasks = urlsplit(mariadb_database).path[1:]
    calls, account = f"calls_of_{tasks}", f"limited_{tasks}@'%'"
    mariadb.sql(f"CREATE USER {account} IDENTIFIED BY 'pw'; GRANT ALL ON {tasks}.* TO {account}")
    url = f"mysql://limited_{tasks}:pw@{mariadb_database.rpartition('@')[2]}"
    try:
        with pytest.raises(ConfigError) as refusal:
            await Store.open(url, timezone=ZONE, calls_database=calls)
        assert refusal.value.key == "database.calls"
        statements = refusal.value.remedy.removeprefix("Run ").partition(". Or")[0]
        mariadb.sql(statements.replace("the account", account))
        async with await Store.open(url, timezone=ZONE, calls_database=calls) as store:
            await store.log_call(TALK)
            await store.log_call(replace(TALK, uid="1.2", started_at=NOON + timedelta(days=1)))
            assert await store.recording_of(TALK.uid) == TALK.recording
    finally:
        mariadb.sql(f"DROP USER {account}; DROP DATABASE IF EXISTS {calls}")


@pytest.mark.parametrize("name", ["a.b", "a`b", "x" * 65, "呼"])
async def test_what_is_no_name_of_a_database_is_refused(mariadb_database: str, name: str) -> None:
    with pytest.raises(ConfigError, match=r"database\.calls"):
        await Store.open(mariadb_database, timezone=ZONE, calls_database=name)


async def test_beside_the_tasks_when_no_database_is_named(mariadb_database: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE) as store:
        await store.log_call(TALK)
        with closing(Outside(mariadb_database)) as outside:
            assert len(outside.sql("SELECT * FROM cdro_2026_3_4")) == 1


async def test_a_call_that_goes_on_is_remembered_until_it_is_done(store: Store) -> None:
    await store.talk_begun(TALK)
    await store.talk_begun(replace(TALK, caller="another"))  # the first note stays
    other = replace(TALK, uid="1700000000.2", answered_at=None, caller='a"\n客户')
    await store.talk_begun(other)
    assert sorted(await store.open_talks(), key=lambda log: log.uid) == [TALK, other]
    await store.talk_done(TALK.uid)
    await store.talk_done(TALK.uid)
    assert await store.open_talks() == [other]
