"""Click tasks: numbers that agents look at first and dial themselves (contract section 5, task_type click).

The column `extension` says whose number a row is; rows without one are not distributed yet (`task_undistribute`).
"""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from uncall_ari.store import counters
from uncall_ari.store.counters import Tally
from uncall_ari.store.numbers import CALL, TAKE, clients_own
from uncall_ari.store.records import Claim, Outcome, PreviewNumber
from uncall_ari.store.sql import OPEN_OR_NULL, number_sql
from uncall_ari.store.times import Times
from uncall_ari.store.values import integer, words

# ruff: noqa: S608 - the statements are put together from constants
_ROW = "id, mobile, contact, remark, address, customer_id, call_status, call_uniqueid, action_id, extension"
_MINE = f"SELECT {_ROW} FROM {{numbers}} WHERE extension = :extension AND {OPEN_OR_NULL} ORDER BY id LIMIT 1"
_NOBODYS = (
    f"SELECT {_ROW} FROM {{numbers}} WHERE (extension IS NULL OR extension = 0) AND {OPEN_OR_NULL} "
    "ORDER BY id LIMIT 1{lock_free}"
)
_GIVE = "UPDATE {numbers} SET extension = :extension WHERE id = :id"
_ONE = f"SELECT {_ROW} FROM {{numbers}} WHERE id = :id AND (del = 0 OR del IS NULL){{lock}}"
_ATTEMPTS = text("SELECT MAX(attempt) FROM uncall_call WHERE task_id = :task_id AND number_id = :number_id")
_NO_RETRY = text("DELETE FROM uncall_retry WHERE task_id = :task_id AND number_id = :number_id")
_NOBODYS_COUNT = f"(SELECT COUNT(*) FROM {{numbers}} WHERE (extension IS NULL OR extension = 0) AND {OPEN_OR_NULL})"
_CLICK = "WHERE id = :task_id AND task_type = 'click'"
_MISCOUNTED = f"SELECT 1 FROM o_uncall_task {_CLICK} AND COALESCE(task_undistribute, -1) <> {_NOBODYS_COUNT}"
_COUNT = f"UPDATE o_uncall_task SET task_undistribute = {_NOBODYS_COUNT} {_CLICK}"


def pick(connection: Connection, task_id: int, extension: str) -> PreviewNumber | None:
    """The next number for an agent: his own first, else one that is nobody's, which becomes his; None for none."""
    dialect = connection.dialect.name
    values = {"extension": int(extension)}
    row = connection.execute(number_sql(_MINE, task_id, dialect), values).mappings().first()
    if row is None:
        row = connection.execute(number_sql(_NOBODYS, task_id, dialect)).mappings().first()
        if row is None:
            return None
        connection.execute(number_sql(_GIVE, task_id), values | {"id": row["id"]})
        count_undistributed(connection, task_id)
    return _number(task_id, row)


def claim(
    connection: Connection,
    times: Times,
    task_id: int,
    number_id: int,
    extension: str,
    uid: str,
    trunk: str,
    now: datetime,
) -> Claim | None:
    """Claim this number for a call that its agent has asked for; None when it is not his, or was dialled meanwhile."""
    row = connection.execute(number_sql(_ONE, task_id, connection.dialect.name), {"id": number_id}).mappings().first()
    owner = integer(row["extension"]) if row is not None else -1
    if row is None or owner not in (0, int(extension)):
        return None
    status = integer(row["call_status"])
    if status not in (Outcome.OPEN, Outcome.CALL_BACK, Outcome.FAILED):
        return None
    key = {"task_id": task_id, "number_id": number_id}
    attempt = integer(connection.execute(_ATTEMPTS, key).scalar()) + 1
    action_id = clients_own(row["action_id"], row["call_uniqueid"]) or uid
    if row["call_status"] is None:
        counters.normalise(connection, task_id, number_id)
    TAKE.run(connection, [(Outcome.CALLING.value, times.wall(now), uid, uid, number_id)], task_id)
    connection.execute(number_sql(_GIVE, task_id), {"extension": int(extension), "id": number_id})
    connection.execute(_NO_RETRY, key)
    number = words(row["mobile"])
    CALL.run(connection, [(uid, task_id, number_id, number[:32], trunk[:50], attempt, times.utc(now), action_id)])
    change = Tally()
    change.count(status, -1)
    if change:
        counters.add(connection, task_id, change)
    return Claim(task_id, number_id, number, uid, attempt, now, action_id)


def count_undistributed(connection: Connection, task_id: int) -> None:
    """Write how many open numbers of a click task are nobody's."""
    connection.execute(number_sql(_COUNT, task_id), {"task_id": task_id})


def miscounted(connection: Connection, task_id: int) -> bool:
    """Whether `task_undistribute` of a click task is not true any more."""
    return connection.execute(number_sql(_MISCOUNTED, task_id), {"task_id": task_id}).first() is not None


def _number(task_id: int, row: RowMapping) -> PreviewNumber:
    return PreviewNumber(
        task_id=task_id,
        number_id=row["id"],
        number=words(row["mobile"]),
        contact=words(row["contact"]),
        remark=words(row["remark"]),
        address=words(row["address"]),
        customer_id=row["customer_id"],
    )
