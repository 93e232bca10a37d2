"""The methods of outbound tasks: create, fill with numbers, start, stop, delete, list."""

import asyncio
from functools import lru_cache
from operator import attrgetter
from typing import Any

from api.engine import Engine
from api.methods import checks
from api.methods.declaration import Method, Param, Row, Unusable
from uncall_ari.store.records import NewTask, Task, TaskStatus

_TASK_COLUMNS = {  # getAllTask: the contract's name of a column -> ours
    "id": "id",
    "task_name": "name",
    "task_type": "type",
    "create_time": "created_at",
    "create_users": "created_by",
    "task_out_line": "trunk",
    "task_queue": "target",
    "task_status": "status",
    "call_max": "call_max",
    "task_day_start": "day_start",
    "task_day_end": "day_end",
    "task_num": "numbers",
    "task_called": "called",
    "task_success": "success",
    "task_visit": "call_back",
    "task_fail": "failed",
    "task_cortrol_type": "control",
    "task_override": "override",
    "queue_name": "target_name",
    "task_callerid": "caller_id",
}
_columns = attrgetter(*_TASK_COLUMNS.values())
_CREATED = list(_TASK_COLUMNS).index("create_time")
_OVERRIDE = list(_TASK_COLUMNS).index("task_override")


async def _add_task(engine: Engine, **fields: Any) -> list[Row]:
    task = NewTask(**fields)
    if task.recording != "0" and not await asyncio.to_thread(engine.recordings.has, task.recording):
        raise Unusable("recording_files is error")
    return [(f"o_task_run_{await engine.add_task(task)}",)]


async def _add_ivr_task(engine: Engine, **fields: Any) -> list[Row]:
    return await _add_task(engine, type="ivr", **fields)


async def _add_queue_task(engine: Engine, **fields: Any) -> list[Row]:
    return await _add_task(engine, type="queue", **fields)


async def _add_numbers(engine: Engine, task_id: int, numbers: list[str]) -> list[Row]:
    return [(await engine.add_numbers(task_id, numbers),)]


async def _update_task(
    engine: Engine, task_id: int, status: TaskStatus | None, call_max: int | None, override: float | None
) -> list[Row]:
    await engine.update_task(task_id, status, call_max, override)
    return [()]


async def _delete_task(engine: Engine, task_id: int) -> list[Row]:
    await engine.delete_task(task_id)
    return [()]


async def _all_tasks(engine: Engine, task_id: int | None) -> list[Row]:
    tasks = await engine.tasks(task_id)
    if task_id is not None and not tasks:
        raise Unusable("id is error")
    return [_task_row(task) for task in tasks]


@lru_cache(maxsize=1024)  # a task is mostly as it was when it was listed the last time
def _task_row(task: Task) -> Row:
    """The columns as the contract's sample shows them: `2014-01-15 11:55:07`, `1.00`."""
    row = list(_columns(task))
    row[_CREATED] = task.created_at.replace(tzinfo=None).isoformat(" ", "seconds") if task.created_at else ""
    row[_OVERRIDE] = f"{task.override:.2f}"
    return tuple(row)


# The parameters that both kinds of task have, in the order of the contract: first these, then the
# target, then the rest. `into` names the fields of NewTask.
_ORDERED = (
    Param("create_users", "created_by", checks.text(50), required=True, says="extension of who creates it"),
    Param("task_name", "name", checks.text(50), required=True, says="name of the task"),
    Param("task_out_line", "trunk", checks.trunk, required=True, says="a value of getTrunkList"),
)
_CALL_MAX = Param("call_max", "call_max", checks.call_max, required=True, says="calls at once, at most: 1 to 999999")
_CALLER_ID = Param("task_callerid", "caller_id", checks.caller_id, required=True, says="number to present; 0: none")
_WINDOW_AND_RECORDING = (
    Param("start_time", "day_start", checks.start_time, default="09:00", says="no call before, daily"),
    Param("end_time", "day_end", checks.end_time, default="18:00", says="no call after, daily"),
    Param("recording_files", "recording", checks.file_name, default="0", says="recording to play; 0: none"),
)
_ID = Param("id", "task_id", checks.task_id, required=True, says="494 or o_task_run_494")

METHODS = (
    Method(
        "addIvrTask",
        says=("创建语音外呼 IVR 任务", "Create a task whose calls are led to an IVR menu."),
        params=(
            *_ORDERED,
            Param("incoming_ivr_values", "target", checks.ivr, required=True, says="a value of getIncomingIVR"),
            _CALL_MAX,
            _CALLER_ID,
            *_WINDOW_AND_RECORDING,
        ),
        handler=_add_ivr_task,
        fields=("TaskID",),
        messages=(
            "create_users is empty",
            "task_name is empty",
            "task_out_line is empty",
            "incoming_ivr_values is empty",
            "call_max is empty",
            "task_callerid is empty",
        ),
        changes=True,
    ),
    Method(
        "addQueueTask",
        says=("创建智能外呼 Queue 任务", "Create a task whose calls are led to a queue of agents."),
        params=(
            *_ORDERED,
            Param("incoming_queue_values", "target", checks.queue, required=True, says="a value of getIncomingQueues"),
            _CALL_MAX,
            Param(
                "task_cortrol_type",
                "control",
                checks.control,
                required=True,
                says="g plain, i smart, ai smart with an upper limit of the loss rate",
            ),
            Param("task_override", "override", checks.override, required=True, says="calls per free agent"),
            _CALLER_ID,
            *_WINDOW_AND_RECORDING,
        ),
        handler=_add_queue_task,
        fields=("TaskID",),
        messages=(  # task_callerid comes before the two parameters that precede it: the document's order
            "create_users is empty",
            "task_name is empty",
            "task_out_line is empty",
            "incoming_queue_values is empty",
            "call_max is empty",
            "task_callerid is empty",
            "task_cortrol_type is empty",
            "task_cortrol_type is error",
            "task_override is empty",
            "task_override is error",
        ),
        changes=True,
    ),
    Method(
        "addPhoneToTask",
        says=("导入任务号码", "Give a task numbers to call."),
        params=(
            Param("TaskID", "task_id", checks.task_id, required=True, says="o_task_run_494 or 494"),
            Param("Phones", "numbers", checks.phones, required=True, says="up to 2000 numbers, by commas"),
        ),
        handler=_add_numbers,
        fields=("AffectedRows",),
        messages=("TaskID is empty", "Phones is empty", "phone overflow 2000", "databases error"),
        changes=True,
    ),
    Method(
        "updateTask",
        says=("更新(启动、暂停)任务", "Start, pause or stop a task, or change its limits."),
        params=(
            _ID,
            Param(
                "task_status",
                "status",
                checks.unless_zero(checks.status),
                says="ready, run, stop, push (paused) or finish; 0: as it is",
            ),
            Param("call_max", "call_max", checks.unless_zero(checks.call_max), says="calls at once; 0: as it is"),
            Param(
                "task_override",
                "override",
                checks.unless_zero(checks.override),
                says="calls per free agent; 0: as it is",
            ),
        ),
        handler=_update_task,
        messages=("id is empty",),
        changes=True,
    ),
    Method(
        "delTask",
        says=("删除任务", "Delete a task and its numbers."),
        params=(_ID,),
        handler=_delete_task,
        messages=("id is empty",),
        changes=True,
    ),
    Method(
        "getAllTask",
        says=("获取所有任务", "List all tasks, or one."),
        params=(Param("id", "task_id", checks.unless_zero(checks.task_id), default="0", says="a task's id; 0: all"),),
        handler=_all_tasks,
        fields=tuple(_TASK_COLUMNS),
        answers="list",
        shared=True,
    ),
)
