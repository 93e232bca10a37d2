"""How statements are made: for a number table, and for many rows at once. Values are always bound."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, TextClause, bindparam, text

from uncall_ari.store.tables import number_table_name

# What is open to be dialled. Third parties leave NULL in call_status and del: it counts as 0. The plain form
# is the one that walks the key on call_status; rows with NULL are set to 0 first (counters.normalise).
OPEN = "call_status = 0 AND (del = 0 OR del IS NULL)"
OPEN_OR_NULL = "(call_status = 0 OR call_status IS NULL) AND (del = 0 OR del IS NULL)"
# A number whose first attempt is postponed is open, and comes as a retry. Asked as a value, because MariaDB may
# answer an EXISTS by reading all retries of the task.
NOT_POSTPONED = (
    " AND COALESCE((SELECT r.attempts FROM uncall_retry r "
    "WHERE r.task_id = :task_id AND r.number_id = {numbers}.id), 1) > 0"
)

_MYSQL_ONLY = {
    "{lock}": " FOR UPDATE",
    "{lock_free}": " FOR UPDATE SKIP LOCKED",
    "{by_status}": " IGNORE INDEX (PRIMARY)",
}
NO_TASK = 1  # for statements in which no number table occurs


@lru_cache(maxsize=4096)
def number_sql(template: str, task_id: int, dialect: str = "") -> TextClause:
    """A statement on one task's number table, which the template calls {numbers}.

    `dialect` is needed for a template with one of these: {lock} keeps the rows of a SELECT for this
    transaction, {lock_free} does and passes over those that another transaction holds, {by_status} after a
    table's name makes MySQL walk the key on call_status even when old statistics speak for the rows' own order.
    SQLite needs none of them: its writing transactions come one after the other, and it walks the key. A
    parameter `:ids` is a list.
    """
    made = template.replace("{numbers}", number_table_name(task_id))
    for mark, mysql in _MYSQL_ONLY.items():
        made = made.replace(mark, mysql if dialect == "mysql" else "")
    statement = text(made)
    return statement.bindparams(bindparam("ids", expanding=True)) if ":ids" in made else statement


class RowsInsert:
    """INSERT (or REPLACE) of many rows. The driver makes one statement of them on MySQL, and on SQLite one call."""

    def __init__(self, verb: str, table: str, columns: Sequence[str]) -> None:
        """`table` may be {numbers}."""
        head = f"{verb} INTO {table} ({', '.join(columns)}) VALUES "
        self._sqlite = f"{head}({', '.join('?' * len(columns))})"
        self._mysql = f"{head}({', '.join(['%s'] * len(columns))})"

    def run(self, connection: Connection, rows: Sequence[tuple[object, ...]], task_id: int = NO_TASK) -> None:
        """Write the rows, each in the order of the columns."""
        if rows:
            template = self._mysql if connection.dialect.name == "mysql" else self._sqlite
            connection.exec_driver_sql(_named(template, task_id), list(rows))


class RowsUpdate:
    """UPDATE of many rows, each found by its key, each with its own values.

    On SQLite the statement runs once for each row, inside one call of the driver. On MySQL, where each
    statement is a round trip, all rows go as one JSON document into one statement; STRAIGHT_JOIN makes the
    server go from the document to the table by its primary key, and lock no other row.
    """

    def __init__(
        self,
        table: str,
        columns: Mapping[str, str],
        key: tuple[str, str],
        *,
        keep: Collection[str] = (),
        where: str,
    ) -> None:
        """`table` may be {numbers}; `columns` and `key` are names with MySQL types; a column in `keep` is not
        overwritten with NULL; `where` is the guard, the same for all rows."""
        # ruff: noqa: S608 - all parts are constants of this package
        sets = ", ".join(f"{c} = COALESCE(?, {c})" if c in keep else f"{c} = ?" for c in columns)
        self._sqlite = f"UPDATE {table} SET {sets} WHERE {key[0]} = ? AND {where}"
        types = [*columns.values(), key[1]]
        document = ", ".join(f"v{i} {kind} PATH '$[{i}]'" for i, kind in enumerate(types))
        sets = ", ".join(
            f"n.{c} = COALESCE(j.v{i}, n.{c})" if c in keep else f"n.{c} = j.v{i}" for i, c in enumerate(columns)
        )
        self._mysql = (
            f"UPDATE JSON_TABLE(%s, '$[*]' COLUMNS ({document})) AS j STRAIGHT_JOIN {table} AS n "
            f"FORCE INDEX (PRIMARY) ON n.{key[0]} = j.v{len(columns)} SET {sets} WHERE {where}"
        )

    def run(self, connection: Connection, rows: Sequence[tuple[object, ...]], task_id: int = NO_TASK) -> int:
        """Update; each row is (value, …, key). Returns how many rows passed the guard."""
        if not rows:
            return 0
        if connection.dialect.name == "mysql":
            document = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
            return connection.exec_driver_sql(_named(self._mysql, task_id), (document,)).rowcount
        return connection.exec_driver_sql(_named(self._sqlite, task_id), list(rows)).rowcount


@lru_cache(maxsize=4096)
def _named(template: str, task_id: int) -> str:
    return template.replace("{numbers}", number_table_name(task_id))


# Not an upsert: REPLACE means the same on both databases.
RETRY = RowsInsert("REPLACE", "uncall_retry", ["task_id", "number_id", "uid", "attempts", "due_at"])
