"""The task's counters: task_num, task_called, task_success, task_visit, task_fail.

They are changed in the transaction that changes the numbers, so they are true as long as only the engine
writes. What third parties change is found by `recount`.
"""

from dataclasses import astuple, dataclass

from sqlalchemy import Connection, text

from uncall_ari.store.records import Outcome
from uncall_ari.store.sql import number_sql
from uncall_ari.store.values import integer

_ADD = text(
    "UPDATE o_uncall_task SET task_num = COALESCE(task_num, 0) + :numbers, "
    "task_called = COALESCE(task_called, 0) + :called, task_success = COALESCE(task_success, 0) + :success, "
    "task_visit = COALESCE(task_visit, 0) + :call_back, task_fail = COALESCE(task_fail, 0) + :failed "
    "WHERE id = :id"
)
# One statement is one snapshot, so numbers and counters belong together whatever is written meanwhile.
_COUNT = (
    "SELECT t.task_num, t.task_called, t.task_success, t.task_visit, t.task_fail, n.call_status, n.many "
    "FROM o_uncall_task t LEFT JOIN (SELECT call_status, COUNT(*) AS many FROM {numbers} "
    "WHERE del = 0 OR del IS NULL GROUP BY call_status) n ON 1 = 1 WHERE t.id = :id"
)
_LAST_NULL = "SELECT MAX(id) FROM (SELECT id FROM {numbers} WHERE call_status IS NULL ORDER BY id LIMIT 5000) AS some"
_NORMALISE = "UPDATE {numbers} SET call_status = 0 WHERE call_status IS NULL AND id <= :last"


@dataclass(slots=True)
class Tally:
    """How the counters change, or what they are."""

    numbers: int = 0
    called: int = 0
    success: int = 0
    call_back: int = 0
    failed: int = 0

    def count(self, status: int, many: int) -> None:
        """Add that many numbers with this call_status; negative when they leave it. Not `numbers` itself."""
        if status not in (Outcome.SUCCESS, Outcome.CALL_BACK, Outcome.FAILED):
            return
        self.called += many
        self.success += many * (status == Outcome.SUCCESS)
        self.call_back += many * (status == Outcome.CALL_BACK)
        self.failed += many * (status == Outcome.FAILED)

    def __bool__(self) -> bool:
        return any(astuple(self))


def add(connection: Connection, task_id: int, change: Tally) -> bool:
    """Add to the counters. Returns whether there is such a task."""
    values = {
        "numbers": change.numbers,
        "called": change.called,
        "success": change.success,
        "call_back": change.call_back,
        "failed": change.failed,
    }
    return connection.execute(_ADD, values | {"id": task_id}).rowcount > 0


def difference(connection: Connection, task_id: int) -> Tally:
    """What must be added to the counters so that they equal the numbers. Looks at every number of the task.
    Nothing when there is no such task."""
    rows = connection.execute(number_sql(_COUNT, task_id), {"id": task_id}).all()
    change = Tally()
    if rows:
        for row in rows:
            status, many = integer(row[5]), integer(row[6])  # NULL, of an empty table or of the status, is 0
            change.numbers += many
            change.count(status, many)
        change.numbers -= integer(rows[0][0])
        change.called -= integer(rows[0][1])
        change.success -= integer(rows[0][2])
        change.call_back -= integer(rows[0][3])
        change.failed -= integer(rows[0][4])
    return change


def last_null(connection: Connection, task_id: int) -> int | None:
    """The id up to which there are 5000 numbers without a call_status, or all of them; None for none."""
    last: int | None = connection.execute(number_sql(_LAST_NULL, task_id)).scalar()
    return last


def normalise(connection: Connection, task_id: int, last: int) -> None:
    """Give numbers without a call_status, up to this id, the status 0: not called."""
    connection.execute(number_sql(_NORMALISE, task_id), {"last": last})
