"""The rows of `o_uncall_task`. Third parties write them too, so whatever stands there becomes a Task."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from uncall_ari.store import schema
from uncall_ari.store.records import NewTask, Task, TaskStatus
from uncall_ari.store.tables import TASKS, number_table_name
from uncall_ari.store.times import Times
from uncall_ari.store.values import INT_MAX, integer, number, words

_MAX_RATE = 99_999_999.0  # float(10,2)

_COLUMNS = (
    "id, task_name, task_type, create_time, create_users, task_out_line, task_queue, task_status, call_max, "
    "task_day_start, task_day_end, task_run_id, task_num, task_called, task_success, task_visit, task_fail, "
    "task_cortrol_type, task_override, task_loss_ceiling, queue_name, task_callerid, is_run, recording_files"
)
# ids that number tables can be named after; anything else cannot be a task that is dialled
_USABLE = "id > 0 AND id <= 2147483647"

# ruff: noqa: S608 - the statements are put together from constants
_ADD = text(
    "INSERT INTO o_uncall_task (task_name, task_type, create_time, create_users, task_out_line, task_queue, "
    "task_status, call_max, task_day_start, task_day_end, task_cortrol_type, task_override, "
    "task_loss_ceiling, queue_name, task_callerid, recording_files) VALUES (:task_name, :task_type, "
    ":create_time, :create_users, :task_out_line, :task_queue, 'ready', :call_max, :task_day_start, "
    ":task_day_end, :task_cortrol_type, :task_override, :task_loss_ceiling, :queue_name, :task_callerid, "
    ":recording_files)"
)
_ALL = text(f"SELECT {_COLUMNS} FROM o_uncall_task ORDER BY id")
_ONE = text(f"SELECT {_COLUMNS} FROM o_uncall_task WHERE id = :id")
_POLL = text(
    f"SELECT {_COLUMNS} FROM o_uncall_task WHERE {_USABLE} AND (task_status = 'run' OR is_run = 1 "
    "OR (is_run <> 0 AND task_status <> 'finish') OR id > :seen OR task_run_id IS NULL OR task_run_id = '') "
    "ORDER BY id"
)
_TAKE_IN_HAND = text(
    "UPDATE o_uncall_task SET is_run = 1 WHERE task_status = 'run' AND (is_run IS NULL OR is_run <> 1)"
)
_PUT_DOWN = text(
    "UPDATE o_uncall_task SET is_run = 0 "
    "WHERE (task_status <> 'run' AND is_run = 1) OR (task_status <> 'finish' AND is_run > 1)"
)
_DELETE = text("DELETE FROM o_uncall_task WHERE id = :id")
_DELETE_RETRIES = text("DELETE FROM uncall_retry WHERE task_id = :id")


def add(connection: Connection, times: Times, new: NewTask, now: datetime) -> int:
    """Insert a task with status ready and make its number table. Returns the task's id.

    On MySQL the making of a table commits: after a crash in between, the row stands without a table until
    `schema.ensure_number_tables`. Text that describes is cut to its column, as the vendor's MySQL did it;
    raises ValueError for a value that means something and does not fit.
    """
    row = _row(new) | {"create_time": times.stamp(now)}
    task_id = int(connection.execute(_ADD, row).lastrowid)
    schema.create_number_table(connection, task_id)
    schema.name_table(connection, task_id)
    return task_id


def update(
    connection: Connection,
    task_id: int,
    status: TaskStatus | None,
    call_max: int | None,
    override: float | None,
) -> bool:
    """Write what is not None. `is_run` is 0 afterwards (1 for run): what a client orders is not the engine's
    own finish. Returns whether there is such a task; raises ValueError for a number that cannot be stored."""
    values: dict[str, Any] = {}
    if call_max is not None:
        values["call_max"] = _call_max(call_max)
    if override is not None:
        values["task_override"] = _rate(override)
    if status is not None:
        values |= {"task_status": status.value, "is_run": int(status is TaskStatus.RUN)}
    if not values:
        return bool(get(connection, task_id))
    sets = ", ".join(f"{name} = :{name}" for name in values)
    statement = text(f"UPDATE o_uncall_task SET {sets} WHERE id = :id")
    return connection.execute(statement, values | {"id": task_id}).rowcount > 0


def delete(connection: Connection, task_id: int) -> bool:
    """Delete the row, its retries and its number table; what was called stays in `uncall_call`.

    Returns whether there was anything. On MySQL a crash can leave the table without its row: deleting the
    same id again removes it.
    """
    found = connection.execute(_DELETE, {"id": task_id}).rowcount > 0
    connection.execute(_DELETE_RETRIES, {"id": task_id})
    return schema.drop_number_table(connection, task_id) or found


def get(connection: Connection, task_id: int | None) -> list[tuple[Any, ...]]:
    """The row with this id, or all rows in the order of their ids. For `task_from`."""
    result = connection.execute(_ALL) if task_id is None else connection.execute(_ONE, {"id": task_id})
    return [tuple(row) for row in result]


def poll(connection: Connection, seen: int) -> list[tuple[Any, ...]]:
    """The rows that want something: running ones, those whose `is_run` is wrong, those without a number
    table, and those with an id above `seen`."""
    return [tuple(row) for row in connection.execute(_POLL, {"seen": seen})]


def usable(task_id: int) -> bool:
    """Whether this can be the id of a task with a number table."""
    return 0 < task_id <= INT_MAX


def is_run_wrong(task: Task) -> bool:
    """Whether `is_run` does not say what the status says: 1 for run; 2 only with the engine's own finish."""
    if task.status == TaskStatus.RUN:
        return task.is_run != 1
    return task.is_run == 1 or (task.is_run > 1 and task.status != TaskStatus.FINISH)


def set_is_run(connection: Connection) -> None:
    """Bring `is_run` in line with the status after a third party has set one."""
    connection.execute(_TAKE_IN_HAND)
    connection.execute(_PUT_DOWN)


@lru_cache(maxsize=1024)  # a row is mostly as it was when it was read the last time
def task_from(times: Times, row: tuple[Any, ...]) -> Task:
    """A Task from a row of `get` or `poll`, whatever stands in it."""
    task_id = integer(row[0])
    noted = words(row[11])
    return Task(
        id=task_id,
        name=words(row[1]),
        type=words(row[2]),
        created_at=times.from_stamp(row[3]),
        created_by=words(row[4]),
        trunk=words(row[5]),
        target=words(row[6]),
        status=words(row[7]).strip().lower(),
        call_max=integer(row[8]),
        day_start=words(row[9]),
        day_end=words(row[10]),
        number_table=noted if usable(task_id) and noted == number_table_name(task_id) else "",
        numbers=integer(row[12]),
        called=integer(row[13]),
        success=integer(row[14]),
        call_back=integer(row[15]),
        failed=integer(row[16]),
        control=words(row[17]),
        override=number(row[18]),
        loss_ceiling=words(row[19]),
        target_name=words(row[20]),
        caller_id=words(row[21]),
        is_run=integer(row[22]),
        recording=words(row[23]),
    )


def _row(new: NewTask) -> dict[str, Any]:
    meaning = {
        "task_type": new.type,
        "task_out_line": new.trunk,
        "task_queue": new.target,
        "task_day_start": new.day_start,
        "task_day_end": new.day_end,
        "task_cortrol_type": new.control,
        "task_loss_ceiling": new.loss_ceiling,
        "task_callerid": new.caller_id,
        "recording_files": new.recording,
    }
    for name, value in meaning.items():
        if len(value) > _width(name):
            raise ValueError(f"{name} is longer than {_width(name)} characters")
    describing = {"task_name": new.name, "create_users": new.created_by, "queue_name": new.target_name}
    cut = {name: value[: _width(name)] for name, value in describing.items()}
    return meaning | cut | {"call_max": _call_max(new.call_max), "task_override": _rate(new.override)}


def _width(name: str) -> int:
    length: int = TASKS.columns[name].type.length  # type: ignore[attr-defined]  # all are String
    return length


def _call_max(value: int) -> int:
    if not 0 <= value <= INT_MAX:
        raise ValueError(f"call_max cannot be {value}")
    return value


def _rate(value: float) -> float:
    if not 0 <= value <= _MAX_RATE:
        raise ValueError(f"task_override cannot be {value}")
    return round(value, 2)  # as MySQL's float(10,2) keeps it
