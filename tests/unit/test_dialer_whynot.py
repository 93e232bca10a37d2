"""Why not now, as a table: each fact that keeps a task or a number from being dialled, and what is told of it."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from uncall_ari.dialer.facts import AgentFacts, Facts, NumberFacts, TrunkFacts
from uncall_ari.dialer.obstacle import Code, Obstacle
from uncall_ari.dialer.outcome import Refused
from uncall_ari.dialer.whynot import obstacles
from uncall_ari.pacing import Reason, Why
from uncall_ari.queues import State
from uncall_ari.store.records import Outcome, Standing, Supply, Task

PAGE = Path(__file__).resolve().parents[2] / "docs" / "why-not-now.md"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 14, 13, tzinfo=ZONE)
TASK = Task(
    id=494,
    name="spring",
    type="queue",
    created_at=None,
    created_by="801",
    trunk="sip/test/",
    target="600",
    status="run",
    call_max=5,
    day_start="09:00",
    day_end="18:00",
    number_table="o_task_run_494",
    numbers=3,
    called=0,
    success=0,
    call_back=0,
    failed=0,
    control="g",
    override=1.0,
    loss_ceiling="0",
    target_name="0",
    caller_id="0",
    is_run=1,
    recording="0",
)
TRUNK = TrunkFacts("sip/test/", 3, 30, None, 10.0, 0.0, ("1[3-9]XXXXXXXXX",))
AGENTS = AgentFacts("600", (State.FREE, State.TALKING), 2, Reason(Why.CALLS, 1), ringing=3)
SUPPLY = Supply(open=3, due=0, later=0, next_due=None, calling=0)
FREE = Facts(
    NOW, 494, task=TASK, window=(time(9), time(18)), calls=1, call_max=5, trunk=TRUNK, agents=AGENTS, supply=SUPPLY
)
OPEN = Standing(7, "13800138000", Outcome.OPEN, False, False, None, 0, "", None)
ASKED = NumberFacts("13800138000", OPEN)
SOON, TOMORROW = NOW + timedelta(minutes=5), NOW + timedelta(days=1)


def facts(**changes: Any) -> Facts:
    return replace(FREE, **changes)


def paced(why: Why, calls: int = 0, **more: Any) -> Facts:
    return facts(agents=replace(AGENTS, reason=Reason(why, calls), **more))


def asked(refused: tuple[Refused, ...] = (), rests_until: datetime | None = None, **changes: Any) -> Facts:
    return facts(number=NumberFacts("13800138000", replace(OPEN, **changes), refused, rests_until))


CASES: list[tuple[Facts, Code, str, datetime | None]] = [
    (facts(task=None, database_away=True), Code.DATABASE_AWAY, "not reached", None),
    (Facts(NOW, 494), Code.NO_SUCH_TASK, "no task 494", None),
    (facts(ending=True), Code.ENDING, "starts no more calls", None),
    (facts(asterisk_away="connection refused"), Code.ASTERISK_AWAY, "connection refused", None),
    (facts(task=replace(TASK, status="ready")), Code.NOT_RUNNING, "not been started", None),
    (facts(task=replace(TASK, status="push")), Code.NOT_RUNNING, "paused (push): set its status to run", None),
    (facts(task=replace(TASK, status="stop")), Code.NOT_RUNNING, "stopped", None),
    (facts(task=replace(TASK, status="finish", is_run=2)), Code.NOT_RUNNING, "add numbers", None),
    (facts(task=replace(TASK, status="finish", is_run=0)), Code.NOT_RUNNING, "set to finish", None),
    (facts(task=replace(TASK, status="\x1b[2J")), Code.NOT_RUNNING, "'?[2J'", None),
    (facts(unusable="call_max is 0"), Code.UNUSABLE, "call_max is 0", None),
    (facts(by_agents=True), Code.BY_AGENTS, "agents look at its numbers", None),
    (
        facts(window=(time(9), time(12))),
        Code.WINDOW_CLOSED,
        "09:00 to 12:00, and it is 14:13 (Asia/Shanghai): it opens at 2026-03-05 09:00:00",
        datetime(2026, 3, 5, 9, tzinfo=ZONE),
    ),
    (facts(window=(time(20), time(0))), Code.WINDOW_CLOSED, "20:00 to 24:00", datetime(2026, 3, 4, 20, tzinfo=ZONE)),
    (facts(trunk=replace(TRUNK, rests_until=SOON)), Code.TRUNK_RESTING, "rests until 14:18:00", SOON),
    (facts(trunk=replace(TRUNK, used=30)), Code.TRUNK_FULL, "30 of 30 channels", None),
    (
        facts(trunk=replace(TRUNK, calls_per_second=0.2, wait=3.5)),
        Code.TRUNK_RATE,
        "0.2 calls a second: the next in 3.5",
        NOW + timedelta(seconds=3.5),
    ),
    (facts(calls=5), Code.CALL_MAX, "5 of 5", None),
    (
        paced(Why.NO_AGENTS, states=(State.OUT, State.OUT, State.AWAY)),
        Code.NO_AGENTS,
        "3 members: 2 signed out, 1",
        None,
    ),
    (facts(agents=replace(AGENTS, reason=None, staffed=0)), Code.NO_AGENTS, "nobody of queue 600 works", None),
    (paced(Why.AGENTS_BUSY, states=(State.TALKING, State.WRAP_UP)), Code.AGENTS_BUSY, "1 talking, 1 in wrap-up", None),
    (paced(Why.IN_FLIGHT), Code.IN_FLIGHT, "the calls that ring (3) are enough", None),
    (paced(Why.LEARNING), Code.LEARNING, "one for each free agent", None),
    (
        paced(Why.BUDGET_DAY, today=(300, 12)),
        Code.BUDGET_DAY,
        "of 300 people who answered today, 12 had no agent in time (4.0%; at most 3.0%)",
        datetime(2026, 3, 5, tzinfo=ZONE),
    ),
    (
        paced(Why.BUDGET_30_DAYS, month=(100, 30)),
        Code.BUDGET_30_DAYS,
        "of 100 people who answered in 30 days, 30",
        None,
    ),
    (facts(supply=Supply(0, 0, 0, None, 2)), Code.NO_NUMBERS, "2 are in calls", None),
    (facts(supply=Supply(0, 0, 12, SOON, 0)), Code.RETRY_LATER, "(12): the first at 14:18:00", SOON),
    (facts(number=NumberFacts("1\x07", None)), Code.NUMBER_UNKNOWN, "task 494 has no number 1?", None),
    (asked(deleted=True), Code.NUMBER_DELETED, "set del to 0", None),
    (asked(status=Outcome.CALLING, in_call=True), Code.NUMBER_IN_CALL, "is being called", None),
    (asked(status=Outcome.CALLING), Code.NUMBER_STRANDED, "no call of ours", None),
    (
        asked(status=Outcome.SUCCESS, cause="answered", ended_at=NOW),
        Code.NUMBER_DONE,
        "success (1), called until 14:13:00 with the result answered",
        None,
    ),
    (asked(status=Outcome.FAILED), Code.NUMBER_DONE, "failed (3), and no other attempt", None),
    (asked(status=9), Code.NUMBER_DONE, "an unknown status (9)", None),
    (asked(status=Outcome.IGNORED, cause="do-not-call", ended_at=NOW), Code.NUMBER_IGNORED, "result do-not-call", None),
    (asked((Refused.BAD_NUMBER,)), Code.BAD_NUMBER, "2 to 16 digits", None),
    (asked((Refused.DO_NOT_CALL,)), Code.DO_NOT_CALL, "do-not-call list", None),
    (asked((Refused.NOT_ALLOWED,)), Code.NOT_ALLOWED, "allows 1[3-9]XXXXXXXXX", None),
    (asked(rests_until=TOMORROW), Code.ABANDONED_REST, "no task calls before 2026-03-05 14:13:00", TOMORROW),
    (asked(due_at=SOON, rests_until=TOMORROW), Code.ABANDONED_REST, "before 2026-03-05 14:13:00", TOMORROW),
    (asked(due_at=TOMORROW, rests_until=SOON), Code.ABANDONED_REST, "before 2026-03-05 14:13:00", TOMORROW),
    (
        asked(status=Outcome.FAILED, due_at=SOON, cause="busy"),
        Code.RETRY_LATER,
        "after busy, and not before 14:18",
        SOON,
    ),
    (asked(before=12), Code.WAITS_ITS_TURN, "numbers before it: 12", None),
    (asked(before=10_000), Code.WAITS_ITS_TURN, "10,000+", None),
]


@pytest.mark.parametrize(("seen", "code", "says", "until"), CASES, ids=lambda each: each if type(each) is Code else "")
def test_each_obstacle(seen: Facts, code: Code, says: str, until: datetime | None) -> None:
    (told,) = obstacles(seen)
    assert (told.code, told.until) == (code, until)
    assert says in told.says[1]
    assert re.search("[\u4e00-\u9fff]", told.says[0])
    assert all(each.isprintable() for each in told.says)


def test_each_code_has_a_case_and_a_row_in_the_page() -> None:
    assert {code for _, code, *_ in CASES} == set(Code)
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [code.value for code in Code]


@pytest.mark.parametrize(
    "seen",
    [
        FREE,
        facts(number=ASKED),
        facts(agents=None),
        facts(agents=replace(AGENTS, reason=None)),
        facts(window=(time(9), time(9))),
        facts(window=(time(22), time(15))),
        facts(trunk=replace(TRUNK, rests_until=NOW, wait=0.1, used=29)),
        facts(calls=4),
        facts(supply=Supply(0, 1, 0, None, 0)),
        paced(Why.IN_FLIGHT, calls=1),
        paced(Why.BUDGET_DAY, calls=1),
        paced(Why.NO_ROOM),  # call-max and the trunk tell that
        asked(status=Outcome.FAILED, due_at=NOW),
        asked(due_at=NOW),
        asked(rests_until=NOW),
        facts(number=ASKED, supply=Supply(0, 0, 0, None, 9)),  # the number tells more than the supply
    ],
    ids=str,
)
def test_nothing_is_in_the_way(seen: Facts) -> None:
    assert obstacles(seen) == []


def test_all_are_told_the_most_basic_first() -> None:
    seen = facts(
        ending=True,
        asterisk_away="away",
        task=replace(TASK, status="push"),
        window=(time(9), time(12)),
        trunk=replace(TRUNK, rests_until=SOON, used=30, wait=1.0),
        calls=9,
        agents=replace(AGENTS, reason=Reason(Why.NO_AGENTS)),
        number=NumberFacts(
            "1",
            replace(OPEN, deleted=True, status=Outcome.IGNORED),
            (Refused.BAD_NUMBER, Refused.DO_NOT_CALL, Refused.NOT_ALLOWED),
            SOON,
        ),
    )
    codes = [each.code for each in obstacles(seen)]
    assert len(codes) == 15
    assert codes == sorted(codes, key=list(Code).index)


def test_of_a_number_in_a_call_only_that_is_told() -> None:
    standing = replace(OPEN, status=Outcome.CALLING, in_call=True)
    seen = facts(calls=5, number=NumberFacts("1", standing, (Refused.DO_NOT_CALL,), SOON))
    assert [each.code for each in obstacles(seen)] == [Code.NUMBER_IN_CALL]


def test_nobody_waits_for_his_turn_where_agents_choose() -> None:
    seen = replace(asked(before=12), by_agents=True)
    assert [each.code for each in obstacles(seen)] == [Code.BY_AGENTS]


def test_the_moment_is_one_of_the_windows_zone() -> None:
    (told,) = obstacles(facts(supply=Supply(0, 0, 1, SOON.astimezone(ZoneInfo("UTC")), 0)))
    assert isinstance(told, Obstacle)
    assert told.until
    assert told.until.isoformat() == "2026-03-04T14:18:00+08:00"
