"""A task without open numbers is finished by the engine, and runs again when numbers come.

`is_run` tells whose finish it is: 2 is the engine's, and only that one is undone by new numbers.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from uncall_ari.store.sql import OPEN_OR_NULL, number_sql
from uncall_ari.store.tables import number_table_name

# ruff: noqa: S608 - the statements are put together from constants and from `number_table_name`
_ANY_OPEN = f"SELECT 1 FROM {{numbers}}{{by_status}} WHERE {OPEN_OR_NULL} LIMIT 1"
_FINISH = (
    "UPDATE o_uncall_task SET task_status = 'finish', is_run = 2 WHERE id = :id AND task_status = 'run' "
    "AND NOT EXISTS (SELECT 1 FROM uncall_call WHERE task_id = :id AND ended_at IS NULL) "
    "AND NOT EXISTS (SELECT 1 FROM uncall_retry r JOIN {numbers} n ON n.id = r.number_id "
    "AND n.call_uniqueid = r.uid AND n.call_status IN (2, 3) AND (n.del = 0 OR n.del IS NULL) "
    "WHERE r.task_id = :id)"
)
_FINISHED = text(
    "SELECT id FROM o_uncall_task WHERE task_status = 'finish' AND is_run = 2 AND id > :after ORDER BY id LIMIT :most"
)
_REOPEN = text(
    "UPDATE o_uncall_task SET task_status = 'run', is_run = 1 WHERE id = :id AND task_status = 'finish' AND is_run = 2"
)


def finish(connection: Connection, task_id: int) -> bool:
    """Finish a running task that has no open number, no call under way and no retry to come.

    Returns whether it did. A number that somebody inserts at this very moment is found by `open_among`.
    """
    if connection.execute(number_sql(_ANY_OPEN, task_id, connection.dialect.name)).first():
        return False
    return connection.execute(number_sql(_FINISH, task_id), {"id": task_id}).rowcount > 0


def finished(connection: Connection, after: int, most: int) -> list[int]:
    """Up to `most` ids above `after` of tasks that the engine itself has finished."""
    return [row[0] for row in connection.execute(_FINISHED, {"after": after, "most": most})]


def open_among(connection: Connection, task_ids: Sequence[int]) -> list[int]:
    """Which of these tasks have open numbers: one statement, a look-up in a key for each task."""
    if not task_ids:
        return []
    looks = [
        f"SELECT * FROM (SELECT {int(task_id)} AS id FROM {number_table_name(task_id)} "
        f"WHERE {OPEN_OR_NULL} LIMIT 1) AS t{int(task_id)}"
        for task_id in task_ids
    ]
    # Not text(): its cache of compiled statements would fill with these.
    return [row[0] for row in connection.exec_driver_sql(" UNION ALL ".join(looks))]


def reopen(connection: Connection, task_ids: Sequence[int]) -> list[int]:
    """Let those tasks run again that are still finished by the engine. Returns their ids."""
    return [i for i in task_ids if connection.execute(_REOPEN, {"id": i}).rowcount > 0]
