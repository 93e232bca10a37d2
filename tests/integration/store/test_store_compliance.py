"""Reports: what is counted, on which day, and what they read."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.store.conftest import NOON, ZONE, Outside, claim, ended, running_task, uids
from uncall_ari.calls.records import CallLog, Direction, SurveyScore
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome

DAY = date(2026, 3, 4)
LIVE: dict[str, Any] = {"queue": "7001", "answered": True}
ABANDONED = LIVE | {"abandoned": 1}


def dialled(outside: Outside, at: datetime, task_id: int = 1, many: int = 1, **more: Any) -> None:
    """Write calls that are over, dialled at this moment."""
    moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.000")
    values: dict[str, Any] = {
        "task_id": task_id,
        "number_id": 1,
        "number": "138",
        "trunk": "t",
        "attempt": 1,
        "claimed_at": moment,
        "ended_at": moment,
        "outcome": 1,
        "cause": "answered",
    }
    values["answered_at"] = moment if more.pop("answered", False) else None
    values |= more
    for uid in uids(many):
        slots = ", ".join("?" * (len(values) + 1))
        outside.sql(f"INSERT INTO uncall_call (uid, {', '.join(values)}) VALUES ({slots})", uid, *values.values())


async def test_what_is_counted(store: Store, outside: Outside) -> None:
    dialled(outside, NOON, many=3, cause="busy", outcome=3)
    dialled(outside, NOON, many=2, answered=True, amd="MACHINE", cause="machine", outcome=3, queue="7001")
    dialled(outside, NOON, many=4, **LIVE, amd="HUMAN")
    dialled(outside, NOON, many=1, **ABANDONED, outcome=2)
    dialled(outside, NOON, many=5, answered=True)  # gone before the queue, or of a menu
    dialled(outside, NOON, outcome=5, cause="do-not-call")  # not sent out, as the next two
    dialled(outside, NOON, outcome=0, cause="stranded")
    dialled(outside, NOON, outcome=3, cause="trunk-down")
    dialled(outside, NOON, outcome=3, cause="trunk-down", sip=401)
    dialled(outside, NOON, outcome=None, ended_at=None, **LIVE)  # goes on
    for task_id in (None, 1):
        (day,) = await store.compliance(DAY, DAY, task_id)
        assert (day.task_id, day.day) == (1, DAY)
        counts = (day.dialled, day.answered, day.machines, day.live_answers, day.abandoned)
        assert counts == (16, 12, 2, 5, 1)
        assert (day.live_30, day.abandoned_30, day.rate, day.rate_30) == (5, 1, 0.2, 0.2)
    assert await store.compliance(DAY, DAY, 2) == []


async def test_days_are_local_and_sums_reach_back_30_days(store: Store, outside: Outside) -> None:
    midnight = datetime(2026, 3, 4, tzinfo=ZONE)
    second = timedelta(seconds=1)
    dialled(outside, midnight - second, many=2, **ABANDONED)
    dialled(outside, midnight, many=3, **LIVE)
    dialled(outside, midnight + timedelta(days=1) - second, many=4, **LIVE)
    dialled(outside, midnight + timedelta(days=1), many=5, **LIVE)
    dialled(outside, midnight - timedelta(days=29), many=6, **ABANDONED)  # the first of the 30 days
    dialled(outside, midnight - timedelta(days=29) - second, many=7, **ABANDONED)
    dialled(outside, NOON, task_id=2)
    days = await store.compliance(DAY, DAY)
    assert [(d.task_id, d.live_answers, d.abandoned, d.live_30, d.abandoned_30) for d in days] == [
        (1, 7, 0, 15, 8),
        (2, 0, 0, 0, 0),
    ]
    assert (days[0].rate, days[0].rate_30, days[1].rate, days[1].rate_30) == (0.0, 8 / 15, None, None)
    days = await store.compliance(DAY - timedelta(days=1), DAY + timedelta(days=1), 1)
    assert [(d.day.day, d.live_answers, d.live_30, d.abandoned_30) for d in days] == [
        (3, 2, 15, 15),
        (4, 7, 15, 8),
        (5, 5, 14, 2),
    ]


async def test_abandon_history(store: Store, outside: Outside) -> None:
    dialled(outside, NOON, many=3, **LIVE)
    dialled(outside, NOON, many=2, **ABANDONED)
    dialled(outside, NOON - timedelta(days=29), **ABANDONED)
    dialled(outside, NOON - timedelta(days=30), **ABANDONED)
    dialled(outside, NOON, task_id=2, **ABANDONED)
    assert await store.abandon_history(1, NOON) == [(DAY - timedelta(days=29), 1, 1), (DAY, 5, 2)]
    assert await store.abandon_history(1, NOON, days=1) == [(DAY, 5, 2)]
    assert await store.abandon_history(3, NOON) == []
    late = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)  # midnight in Shanghai: the next day has begun
    assert await store.abandon_history(1, late, days=1) == []


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "America/Havana", "Australia/Lord_Howe"])
async def test_every_second_of_a_year_with_changing_clocks_has_its_day(
    database: str, outside: Outside, zone: str
) -> None:
    local = ZoneInfo(zone)
    expected: dict[date, int] = {}
    begin = datetime(2026, 1, 1, tzinfo=local).astimezone(UTC)
    moments = [begin + timedelta(hours=7 * i) for i in range(1240)]
    changes = [m for i in range(8760) if _offset(local, m := begin + timedelta(hours=i)) != _offset(local, m + HOUR)]
    moments += [m + timedelta(minutes=15 * i) for m in changes for i in range(-110, 110)]
    for moment in moments:
        day = moment.astimezone(local).date()
        expected[day] = expected.get(day, 0) + 1
    rows = [
        f"('1.{i}', 1, 1, '1', 't', 1, '{m:%Y-%m-%d %H:%M:%S}.000', '{m:%Y-%m-%d %H:%M:%S}.000', 1)"
        for i, m in enumerate(moments)
    ]
    outside.sql(
        "INSERT INTO uncall_call (uid, task_id, number_id, number, trunk, attempt, claimed_at, ended_at, outcome) "
        f"VALUES {', '.join(rows)}"
    )
    async with await Store.open_to_read(database, timezone=local) as there:
        days = await there.compliance(date(2025, 12, 30), date(2027, 1, 3))
    assert {day.day: day.dialled for day in days} == expected


HOUR = timedelta(hours=1)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


async def test_recent_calls_come_newest_last(store: Store) -> None:
    task_id = await running_task(store, *"12345")
    for i in range(4):
        (c,) = await claim(store, task_id, 1, NOON + timedelta(minutes=i))
        answer = NOON + timedelta(minutes=i, seconds=8) if i else None
        outcome = Outcome.SUCCESS if i else Outcome.IGNORED
        more: dict[str, Any] = {"cause": f"cause {i}", "amd": "HUMAN", "ended_at": NOON + timedelta(minutes=9)}
        await store.settle([ended(c, outcome, answered_at=answer, waited=0.5, talked=30.25, **more)])
    await claim(store, task_id, 1, NOON + timedelta(minutes=8))  # goes on
    found = await store.recent_calls(task_id, 2)
    assert [call.cause for call in found] == ["cause 2", "cause 3"]
    last = found[-1]
    assert (last.claimed_at, last.answered_at) == (NOON + timedelta(minutes=3), NOON + timedelta(minutes=3, seconds=8))
    assert (last.ended_at, last.waited, last.talked, last.amd) == (NOON + timedelta(minutes=9), 0.5, 30.25, "HUMAN")
    assert [call.cause for call in await store.recent_calls(task_id, 99)] == ["cause 1", "cause 2", "cause 3"]
    assert await store.recent_calls(task_id + 1, 9) == []


LOG = CallLog(
    uid="",
    action_id="",
    caller="10086",
    callee="1",
    extension="801",
    direction=Direction.OUT,
    outbound=True,
    context="click",
    channel="a",
    other_channel="b",
    started_at=NOON,
    answered_at=NOON,
    ended_at=NOON + timedelta(seconds=9),
    disposition="ANSWERED",
    recording="801-1-20260304-120000-1.1.WAV",
)


async def test_a_whole_record_has_what_stands_elsewhere(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1", "2", "3", "4")
    outside.sql(f"UPDATE o_task_run_{task_id} SET contact = '李雷', customer_id = 7, action_id = 'CRM-7' WHERE id = 1")
    kept, open_talk, bare, other = await claim(store, task_id, 4)
    await store.log_call(replace(LOG, uid=kept.uid))
    await store.talk_begun(replace(LOG, uid=open_talk.uid, recording="open.WAV"))
    await store.survey(SurveyScore(kept.uid, "801", "1", NOON))
    await store.survey(SurveyScore(open_talk.uid, "801", "", NOON))
    outside.sql(f"DELETE FROM o_task_run_{task_id} WHERE id = 3")
    values: dict[str, Any] = {
        "extension": "801",
        "amd": "HUMAN",
        "sip": 200,
        "q850": 16,
        "queue": "7001",
        "waited": 1.5,
        "talked": 9.0,
    }
    await store.settle([ended(c, **values) for c in (kept, open_talk, bare)])
    found = await store.call_records(None, NOON, NOON + timedelta(seconds=1))
    assert [(w.record.uid, w.contact, w.customer_id, w.recording, w.score) for w in found] == [
        (kept.uid, "李雷", 7, LOG.recording, "1"),
        (open_talk.uid, "", None, "open.WAV", ""),
        (bare.uid, "", None, "", None),
    ]
    assert found[0].record == await store.call(kept.uid)
    assert found[0].record.action_id == "CRM-7"
    assert await store.call_record(kept.uid) == found[0]
    assert await store.call_records(task_id, NOON, NOON + timedelta(seconds=1), most=2) == found[:2]
    assert await store.call_records(task_id + 1, NOON, NOON + timedelta(seconds=1)) == []
    assert await store.call_records(None, NOON - timedelta(seconds=1), NOON) == []
    assert await store.call_record("9.9") is None
    going_on = await store.call_record(other.uid)
    assert going_on is not None
    assert going_on.record.ended_at is None


async def test_the_statement_of_the_page_gives_the_same(store: Store, outside: Outside) -> None:
    page = (Path(__file__).parents[3] / "docs" / "database.md").read_text("utf-8")
    (statement,) = re.findall(r"```sql\n(SELECT c\.uid, c\.action_id.*?);\n```", page, re.DOTALL)
    task_id = await running_task(store, "1", "2")
    kept, bare = await claim(store, task_id, 2)
    await store.log_call(replace(LOG, uid=kept.uid))
    await store.survey(SurveyScore(kept.uid, "801", "2", NOON))
    await store.settle([ended(kept, queue="7001", waited=1.5, talked=9.0, extension="801", sip=200), ended(bare)])
    rows = outside.sql(statement.replace("asteriskcdrdb.", "").replace("495", str(task_id)))
    assert rows == [
        (kept.uid, kept.uid, "1", "801", "7001", 1500, 9000, 0, "", 200, 0, "answered", 1, None, LOG.recording, "2"),
        (bare.uid, bare.uid, "2", "", "", None, None, 0, "", 0, 0, "answered", 1, None, None, None),
    ]


async def test_records_do_without_what_others_have_dropped(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, *(str(i) for i in range(1100)))
    claims = await claim(store, task_id, 1100)
    await store.settle([ended(c) for c in claims])
    await store.log_call(replace(LOG, uid=claims[-1].uid))
    outside.sql("DROP TABLE uncall_survey")
    outside.sql(f"DROP TABLE o_task_run_{task_id}")
    outside.sql("DELETE FROM o_uncall_task WHERE id = ?", task_id)
    found = await store.call_records(task_id, NOON, NOON + timedelta(seconds=1), most=5000)
    assert [w.record.uid for w in found] == [c.uid for c in claims]
    assert [w.recording for w in found if w.recording] == [LOG.recording]
