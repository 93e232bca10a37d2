"""How statements are made: for a number table, and for many rows at once. Values are always bound."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from sqlalchemy import Connection, TextClause, bindparam, text

from uncall_ari.store.tables import number_table_name

# What is open to be dialled. Third parties leave NULL in call_status and del: it counts as 0. The plain form
# is the one that walks the key on call_status; rows with NULL are set to 0 first (numbers.normalise).
OPEN = "call_status = 0 AND (del = 0 OR del IS NULL)"
OPEN_OR_NULL = "(call_status = 0 OR call_status IS NULL) AND (del = 0 OR del IS NULL)"

NO_TASK = 1  # for statements in which no number table occurs


@lru_cache(maxsize=4096)
def number_sql(template: str, task_id: int, dialect: str = "") -> TextClause:
    """A statement on one task's number table, which the template calls {numbers}.

    With a dialect given: {lock} keeps the rows of a SELECT for this transaction, {lock_free} does and passes
    over those that another transaction holds. SQLite needs neither: its writing transactions come one after
    the other. A parameter `:ids` is a list.
    """
    locks = (" FOR UPDATE", " FOR UPDATE SKIP LOCKED") if dialect == "mysql" else ("", "")
    made = template.replace("{numbers}", number_table_name(task_id))
    statement = text(made.replace("{lock_free}", locks[1]).replace("{lock}", locks[0]))
    return statement.bindparams(bindparam("ids", expanding=True)) if ":ids" in made else statement


class RowsUpdate:
    """UPDATE of many rows, each found by its key, each with its own values.

    On SQLite the statement runs once for each row, inside one call of the driver. On MySQL, where each
    statement is a round trip, all rows go as one JSON document into one statement; STRAIGHT_JOIN makes the
    server go from the document to the table by its primary key, and lock no other row.
    """

    def __init__(
        self,
        table: str,
        key: tuple[str, str],
        columns: Mapping[str, str],
        *,
        keep: Collection[str] = (),
        also: str = "",
        where: str,
    ) -> None:
        """`table` may be {numbers}; `key` and `columns` are names with MySQL types; a column in `keep` is not
        overwritten with NULL; `also` is further SET text and `where` the guard, the same for all rows."""
        names = [key[0], *columns]
        sets = ", ".join(
            f"{name} = COALESCE(:{name}, {name})" if name in keep else f"{name} = :{name}" for name in columns
        )
        tail = f", {also}" if also else ""
        # ruff: noqa: S608 - all parts are constants of this package
        self._one = f"UPDATE {table} SET {sets}{tail} WHERE {key[0]} = :{key[0]} AND {where}"
        types = [key[1], *columns.values()]
        document = ", ".join(f"v{i} {kind} PATH '$[{i}]'" for i, kind in enumerate(types))
        joined = ", ".join(
            f"n.{name} = COALESCE(j.v{i}, n.{name})" if name in keep else f"n.{name} = j.v{i}"
            for i, name in enumerate(names)
            if i
        )
        self._all = (
            f"UPDATE JSON_TABLE(:rows, '$[*]' COLUMNS ({document})) AS j STRAIGHT_JOIN {table} AS n "
            f"FORCE INDEX (PRIMARY) ON n.{key[0]} = j.v0 SET {joined}{tail} WHERE {where}"
        )
        self._names = names

    def run(
        self,
        connection: Connection,
        rows: Sequence[Sequence[object]],
        task_id: int = NO_TASK,
        common: Mapping[str, object] = MappingProxyType({}),
    ) -> int:
        """Update; each row is (key, value, …), `common` the parameters of `also` and `where`.

        Returns how many rows passed the guard.
        """
        if not rows:
            return 0
        if connection.dialect.name == "mysql":
            document = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
            return connection.execute(number_sql(self._all, task_id), {"rows": document, **common}).rowcount
        named = [dict(zip(self._names, row, strict=True), **common) for row in rows]
        return connection.execute(number_sql(self._one, task_id), named).rowcount
