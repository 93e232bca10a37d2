"""Tasks: what clients order, what third parties write with SQL, and who may finish what."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.integration.store.conftest import (
    NOON,
    TASK,
    ZONE,
    Open,
    Outside,
    claim,
    ended,
    running_task,
)
from uncall_ari.errors import NoSuchTask
from uncall_ari.lab.waits import until
from uncall_ari.store import Store
from uncall_ari.store.records import Outcome, TaskStatus

INJECTIONS = [
    "'; DROP TABLE o_uncall_task; --",
    "\\' OR 1=1 -- ",
    '") OR ("" = "',
    "%s %(x)s :id ? {numbers} {lock}",
    "\0",
]


async def task_row(outside: Outside, task_id: int) -> tuple[object, ...]:
    (row,) = outside.sql("SELECT task_status, is_run FROM o_uncall_task WHERE id = ?", task_id)
    return row


async def test_a_task_is_what_was_ordered(store: Store) -> None:
    new = replace(TASK, type="queue", target="8001", target_name="sales", control="i", override=1.256, loss_ceiling="3")
    before = datetime.now(ZONE) - timedelta(seconds=2)
    task_id = await store.add_task(replace(new, caller_id="02012345678", recording="hello.wav", day_end="21:30"))
    (task,) = await store.tasks(task_id)
    assert task.created_at is not None
    assert before < task.created_at < datetime.now(ZONE) + timedelta(seconds=2)
    assert task.created_at.tzinfo == ZONE
    assert replace(task, created_at=None) == replace(
        task,
        created_at=None,
        id=task_id,
        name="spring",
        type="queue",
        created_by="801",
        trunk="sip/test/",
        target="8001",
        status="ready",
        call_max=10,
        day_start="09:00",
        day_end="21:30",
        number_table=f"o_task_run_{task_id}",
        numbers=0,
        called=0,
        success=0,
        call_back=0,
        failed=0,
        control="i",
        override=1.26,
        loss_ceiling="3",
        target_name="sales",
        caller_id="02012345678",
        is_run=0,
        recording="hello.wav",
    )


async def test_create_time_is_local_time_for_third_parties(store: Store, outside: Outside) -> None:
    task_id = await store.add_task(TASK)
    if outside.mysql:
        outside.sql("SET time_zone = '+08:00'")
    ((written,),) = outside.sql("SELECT create_time FROM o_uncall_task WHERE id = ?", task_id)
    written = written if isinstance(written, datetime) else datetime.fromisoformat(written)
    assert abs(written.replace(tzinfo=ZONE) - datetime.now(ZONE)) < timedelta(seconds=5)


@pytest.mark.parametrize("text", INJECTIONS)
async def test_values_are_only_values(store: Store, outside: Outside, text: str) -> None:
    task_id = await store.add_task(replace(TASK, name=text, created_by=text))
    (task,) = await store.tasks(task_id)
    assert (task.name, task.created_by) == (text, text)
    assert await store.add_numbers(task_id, [text[:16]]) == 1
    (claimed,) = await claim(store, task_id, 1)
    assert claimed.number == text[:16]
    await store.settle([ended(claimed, cause=text, keys=text, amd=text)])
    record = await store.call(claimed.uid)
    assert record is not None
    assert (record.cause, record.keys, record.amd) == (text[:32], text, text[:32])
    assert await store.call(text) is None
    await store.dnc_add([text[:32]], text)
    assert await store.dnc_matches([text[:32], "1"]) == {text[:32]}
    assert len(await store.tasks()) == 1


async def test_describing_text_is_cut_and_meaning_text_refused(store: Store) -> None:
    task_id = await store.add_task(replace(TASK, name="名" * 60, created_by="x" * 60, target_name="q" * 60))
    (task,) = await store.tasks(task_id)
    assert (task.name, task.created_by, task.target_name) == ("名" * 50, "x" * 50, "q" * 25)
    with pytest.raises(ValueError, match="task_out_line is longer than 50"):
        await store.add_task(replace(TASK, trunk="x" * 51))
    assert len(await store.tasks()) == 1


@pytest.mark.parametrize("call_max", [-1, 2**31])
async def test_numbers_out_of_range_are_refused(store: Store, call_max: int) -> None:
    task_id = await store.add_task(TASK)
    with pytest.raises(ValueError, match="call_max"):
        await store.update_task(task_id, call_max=call_max)
    with pytest.raises(ValueError, match="task_override"):
        await store.update_task(task_id, override=float("nan"))
    with pytest.raises(ValueError, match="call_max"):
        await store.add_task(replace(TASK, call_max=call_max))


async def test_update_changes_what_is_given_and_no_more(store: Store) -> None:
    one, other = await store.add_task(TASK), await store.add_task(TASK)
    assert await store.update_task(one, call_max=33)
    assert await store.update_task(one, override=2.5)
    assert await store.update_task(one, status=TaskStatus.PAUSE)
    assert await store.update_task(one)
    assert await store.update_task(one, call_max=33)  # the same again is no failure
    first, second = await store.tasks()
    assert (first.id, first.call_max, first.override, first.status) == (one, 33, 2.5, "push")
    assert (second.id, second.call_max, second.override, second.status) == (other, 10, 1.0, "ready")
    assert not await store.update_task(other + 1, call_max=3)
    assert not await store.update_task(other + 1)


async def test_delete_takes_numbers_and_retries_and_keeps_calls(store: Store, outside: Outside) -> None:
    task_id, kept = await running_task(store, "1", "2"), await running_task(store, "3")
    first, second = await claim(store, task_id, 2)
    await store.settle([ended(first, Outcome.FAILED, retry_at=NOON)])
    assert await store.delete_task(task_id)
    assert outside.sql("SELECT * FROM uncall_retry") == []
    assert [task.id for task in await store.tasks()] == [kept]
    with pytest.raises(NoSuchTask):
        await store.add_numbers(task_id, ["4"])
    with pytest.raises(NoSuchTask):
        await store.recount(task_id)
    with pytest.raises(NoSuchTask):
        await claim(store, task_id, 1)
    await store.settle([ended(second)])  # a call that was still going on
    assert [record.uid for record in await store.calls(task_id, since=NOON, until=NOON + timedelta(1))] == [
        first.uid,
        second.uid,
    ]
    assert not await store.delete_task(task_id)
    assert not await store.delete_task(2**40)


async def test_deleting_again_removes_what_a_crash_left(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    outside.sql("DELETE FROM o_uncall_task WHERE id = ?", task_id)  # the table stands alone
    assert await store.delete_task(task_id)
    assert not await store.delete_task(task_id)


@pytest.mark.parametrize("task_id", [0, -5, 2**31, 2**63])
async def test_ids_that_cannot_be(store: Store, task_id: int) -> None:
    with pytest.raises(NoSuchTask):
        await store.add_numbers(task_id, ["1"])
    assert await store.tasks(task_id) == []
    assert not await store.update_task(task_id, status=TaskStatus.RUN)
    assert not await store.delete_task(task_id)


async def test_a_task_that_third_parties_insert_gets_its_table_and_runs(store: Store, outside: Outside) -> None:
    assert await store.running() == []
    outside.sql("INSERT INTO o_uncall_task (task_name, task_status) VALUES ('by SQL', 'ready')")
    ((task_id,),) = outside.sql("SELECT id FROM o_uncall_task")
    assert await store.running() == []
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile) VALUES ('13800000001')")
    outside.sql("UPDATE o_uncall_task SET task_status = 'run' WHERE id = ?", task_id)
    (task,) = await store.running()
    assert (task.id, task.number_table, task.is_run) == (task_id, f"o_task_run_{task_id}", 1)
    assert outside.sql("SELECT task_run_id, is_run FROM o_uncall_task") == [(f"o_task_run_{task_id}", 1)]
    assert outside.sql(f"SELECT task_id FROM o_task_run_{task_id}") == [(task_id,)]
    assert [each.number for each in await claim(store, task_id, 5)] == ["13800000001"]


@pytest.mark.parametrize(
    "noted", [None, "", "o_task_run_", "o_task_run_99999", "users; DROP TABLE users", "O_TASK_RUN_X"]
)
async def test_a_name_of_a_number_table_is_never_believed(store: Store, outside: Outside, noted: str | None) -> None:
    task_id = await running_task(store, "1")
    outside.sql("UPDATE o_uncall_task SET task_run_id = ?", noted)
    (task,) = await store.tasks(task_id)
    assert task.number_table == ""
    assert await store.ensure_number_tables() == [task_id]
    assert await store.ensure_number_tables() == []
    (task,) = await store.tasks(task_id)
    assert task.number_table == f"o_task_run_{task_id}"
    assert len(await claim(store, task_id, 5)) == 1


async def test_a_number_table_that_is_gone_is_made_again(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    outside.sql(f"DROP TABLE o_task_run_{task_id}")
    assert await claim(store, task_id, 1) == []
    outside.sql(f"DROP TABLE o_task_run_{task_id}")
    assert await store.add_numbers(task_id, ["2"]) == 1
    assert [each.number for each in await claim(store, task_id, 5)] == ["2"]


async def test_a_crash_while_a_task_is_added_is_repaired_at_the_next_start(
    store: Store, open_store: Open, outside: Outside
) -> None:
    outside.sql("INSERT INTO o_uncall_task (task_name, task_status) VALUES ('half', 'ready')")
    again = await open_store()
    (task,) = await again.tasks()
    assert task.number_table == f"o_task_run_{task.id}"
    assert await again.add_numbers(task.id, ["1"]) == 1
    assert await store.add_numbers(task.id, ["2"]) == 1


async def test_a_row_of_nothing_but_null_becomes_a_task(store: Store, outside: Outside) -> None:
    names = [
        "task_name", "task_type", "create_time", "create_users", "task_out_line", "task_queue", "task_mark",
        "task_day_start", "task_day_end", "task_run_id", "task_num", "task_undistribute", "task_called",
        "task_success", "task_visit", "task_fail", "context", "task_cortrol_type", "task_override",
        "task_loss_ceiling", "queue_name", "task_callerid", "is_run", "recording_files",
    ]  # fmt: skip
    values = ", ".join(["NULL"] * len(names))
    outside.sql(f"INSERT INTO o_uncall_task (task_status, {', '.join(names)}) VALUES ('run', {values})")
    (task,) = await store.running()
    assert (task.name, task.created_at, task.numbers, task.override, task.caller_id) == ("", None, 0, 0.0, "")
    assert await store.add_numbers(task.id, ["1"]) == 1
    (claimed,) = await claim(store, task.id, 5)
    await store.settle([ended(claimed)])
    await store.recount(task.id)
    (task,) = await store.tasks(task.id)
    assert (task.numbers, task.called, task.success) == (1, 1, 1)


async def test_values_of_any_kind_become_a_task(store: Store, outside: Outside) -> None:
    if outside.mysql:
        outside.sql("SET sql_mode = ''")
    task_id = await store.add_task(TASK)
    outside.sql(
        "UPDATE o_uncall_task SET call_max = 'ten', task_num = 'x', task_override = 'much', create_time = 'soon', "
        "task_day_start = '25:99', task_loss_ceiling = '-', task_callerid = '  ', is_run = 77, task_status = 'sideways'"
    )
    (task,) = await store.tasks(task_id)
    assert (task.call_max, task.numbers, task.override, task.created_at) == (0, 0, 0.0, None)
    assert (task.day_start, task.status, task.caller_id) == ("25:99", "sideways", "  ")
    assert await store.running() == []
    if not outside.mysql:  # where a column takes anything
        outside.sql(
            "UPDATE o_uncall_task SET task_name = X'ff00', call_max = 1e300, task_num = 9e99, task_fail = 'Inf'"
        )
        (task,) = await store.tasks(task_id)
        assert (task.name, task.failed) == ("\ufffd\0", 0)


async def test_status_is_read_without_regard_to_case(store: Store, outside: Outside) -> None:
    task_id = await store.add_task(TASK)
    outside.sql("UPDATE o_uncall_task SET task_status = 'RUN'")
    (task,) = await store.running()
    assert (task.id, task.status) == (task_id, TaskStatus.RUN)


async def test_is_run_follows_what_third_parties_set(store: Store, outside: Outside) -> None:
    task_id = await store.add_task(TASK)
    for status, is_run in [("run", 1), ("stop", 0), ("run", 1), ("finish", 0), ("run", 1), ("push", 0), ("ready", 0)]:
        outside.sql("UPDATE o_uncall_task SET task_status = ?", status)
        assert [task.id for task in await store.running()] == ([task_id] if status == "run" else [])
        assert await task_row(outside, task_id) == (status, is_run)


async def test_the_engine_finishes_and_new_numbers_reopen(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    assert not await store.finish_task(task_id)
    (claimed,) = await claim(store, task_id, 1)
    assert not await store.finish_task(task_id)  # its call is under way
    await store.settle([ended(claimed)])
    assert await store.finish_task(task_id)
    assert await task_row(outside, task_id) == ("finish", 2)
    assert await store.running() == []
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile, call_status, del) VALUES ('2', NULL, NULL)")
    (task,) = await until(store.running, "the task to run again")
    assert task.id == task_id
    assert await task_row(outside, task_id) == ("run", 1)


async def test_add_numbers_reopens_at_once(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    assert await store.finish_task(task_id)
    assert await store.add_numbers(task_id, []) == 0
    assert await task_row(outside, task_id) == ("finish", 2)
    assert await store.add_numbers(task_id, ["1"]) == 1
    assert await task_row(outside, task_id) == ("run", 1)


async def test_a_task_with_a_retry_to_come_is_not_finished(store: Store, outside: Outside) -> None:
    task_id = await running_task(store, "1")
    (claimed,) = await claim(store, task_id, 1)
    await store.settle([ended(claimed, Outcome.FAILED, retry_at=NOON + timedelta(hours=1))])
    assert not await store.finish_task(task_id)
    outside.sql(f"UPDATE o_task_run_{task_id} SET call_status = 5")  # somebody takes the number out
    assert await store.finish_task(task_id)


@pytest.mark.parametrize("status", ["finish", "stop"])
async def test_what_others_end_stays_ended(store: Store, outside: Outside, status: str) -> None:
    by_client, by_sql = await running_task(store), await running_task(store)
    await store.running()
    await store.update_task(by_client, status=TaskStatus(status))
    outside.sql("UPDATE o_uncall_task SET task_status = ? WHERE id = ?", status, by_sql)
    await store.running()
    for task_id in (by_client, by_sql):
        assert not await store.finish_task(task_id)
        await store.add_numbers(task_id, ["1"])
        outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile) VALUES ('2')")
    assert await store.reopen_tasks() == []
    assert await store.running() == []
    assert [task.status for task in await store.tasks()] == [status, status]


async def test_a_stop_after_the_engines_finish_stays(store: Store, outside: Outside) -> None:
    task_id = await running_task(store)
    await store.finish_task(task_id)
    outside.sql("UPDATE o_uncall_task SET task_status = 'stop'")
    await store.running()
    outside.sql("UPDATE o_uncall_task SET task_status = 'finish'")
    await store.add_numbers(task_id, ["1"])
    assert await store.reopen_tasks() == []
    assert await task_row(outside, task_id) == ("finish", 0)


async def test_hundreds_of_finished_tasks_are_gone_through_in_turns(
    store: Store, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uncall_ari.store.task_store.FINISHED_AT_ONCE", 20)
    tasks = [await running_task(store) for _ in range(45)]
    for task_id in tasks:
        assert await store.finish_task(task_id)
    for task_id in (tasks[3], tasks[44]):
        outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile) VALUES ('1')")
    outside.sql(f"INSERT INTO o_task_run_{tasks[5]} (mobile, del) VALUES ('1', 1)")
    outside.sql(f"INSERT INTO o_task_run_{tasks[6]} (mobile, call_status) VALUES ('1', 3)")
    found = await until(store.reopen_tasks, "the task in the first turn")
    found += await until(store.reopen_tasks, "the task in the third turn")
    assert found == [tasks[3], tasks[44]]


async def test_a_finished_task_without_its_table_hides_no_other(store: Store, outside: Outside) -> None:
    lost, other = await running_task(store), await running_task(store)
    for task_id in (lost, other):
        await store.finish_task(task_id)
    outside.sql(f"DROP TABLE o_task_run_{lost}")
    outside.sql(f"INSERT INTO o_task_run_{other} (mobile) VALUES ('1')")
    assert await until(store.reopen_tasks, "the task that has its table") == [other]
