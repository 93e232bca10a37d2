"""One record for each call: what `uncall_call` keeps, with the recording, the survey's score and the number's row.

These stand in tables of another database (MySQL), in one that somebody else may have made, or in a task's own: so
they are looked up by the calls' ids, each where it has an index, and what is not there is not there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.exc import DBAPIError

from uncall_ari.calls.records import CallLog
from uncall_ari.store.database import is_missing_table
from uncall_ari.store.records import CallRecord, WholeCall
from uncall_ari.store.sql import number_sql
from uncall_ari.store.talk_rows import recording_from
from uncall_ari.store.talk_tables import qualified
from uncall_ari.store.values import integer, words

_AT_ONCE = 500  # ids in one statement
_NUMBERS = "SELECT id, contact, customer_id FROM {numbers} WHERE id IN :ids"


def whole(connection: Connection, records: Sequence[CallRecord], calls_database: str) -> list[WholeCall]:
    """The records with all that is kept elsewhere, in their order."""
    found: list[WholeCall] = []
    for first in range(0, len(records), _AT_ONCE):
        found += _whole(connection, records[first : first + _AT_ONCE], calls_database)
    return found


def _whole(connection: Connection, records: Sequence[CallRecord], database: str) -> list[WholeCall]:
    uids = [record.uid for record in records]
    recordings = _recordings(connection, uids, database)
    scores = dict(_of_calls(connection, database, "uncall_survey", "uid", "score", uids))
    rows = _number_rows(connection, records)
    calls = []
    for record in records:
        contact, customer_id = rows.get((record.task_id, record.number_id), (None, None))
        score = words(scores[record.uid]) if record.uid in scores else None
        customer = None if customer_id is None else integer(customer_id)
        calls.append(WholeCall(record, words(contact), customer, recordings.get(record.uid, ""), score))
    return calls


def _recordings(connection: Connection, uids: Sequence[str], database: str) -> dict[str, str]:
    """File names by the calls' ids: of those that are over, and of those whose record is not written yet."""
    found = {}
    for uid, log in _of_calls(connection, database, "uncall_talk", "uid", "log", uids):
        found[uid] = msgspec.json.decode(words(log), type=CallLog).recording
    for uid, field in _of_calls(connection, database, "cdr", "uniqueid", "userfield", uids):
        if name := recording_from(field):  # a `cdr` that others have made may hold a call twice
            found[uid] = name
    return found


def _of_calls(
    connection: Connection, database: str, table: str, key: str, value: str, uids: Sequence[str]
) -> Iterable[tuple[str, Any]]:
    # ruff: noqa: S608 - constants, and a name that the settings have checked
    statement = text(f"SELECT {key}, {value} FROM {qualified(database, table)} WHERE {key} IN :uids")
    statement = statement.bindparams(bindparam("uids", expanding=True))
    return [(words(row[0]), row[1]) for row in _rows(connection, statement, {"uids": list(uids)})]


def _number_rows(connection: Connection, records: Sequence[CallRecord]) -> dict[tuple[int, int], tuple[Any, Any]]:
    """(contact, customer_id) by (task, row), of rows that are still there."""
    ids = defaultdict(set)
    for record in records:
        ids[record.task_id].add(record.number_id)
    found = {}
    for task_id, wanted in ids.items():
        for row in _rows(connection, number_sql(_NUMBERS, task_id), {"ids": sorted(wanted)}):
            found[task_id, row[0]] = (row[1], row[2])
    return found


def _rows(connection: Connection, statement: TextClause, values: dict[str, Any]) -> list[Any]:
    """The rows; none when there is no such table."""
    try:
        return list(connection.execute(statement, values))
    except DBAPIError as error:
        if is_missing_table(error):
            return []
        raise
