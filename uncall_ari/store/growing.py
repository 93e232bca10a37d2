"""Tables of ours that an older version has made get what they lack, at the start. The contract's are left alone.

A column is added only when it is NULL or has a default, so that rows that are there, and a program of the older
version, go on as before. A new index is a matter of speed: when it cannot be made the engine runs without it.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import Column, Connection, Index, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn, CreateIndex

from uncall_ari.errors import ConfigError
from uncall_ari.store.database import error_code

log = structlog.get_logger(__name__)

_DENIED = 1142  # MySQL: no right to such a statement on this table
_COLUMN_IS_THERE, _INDEX_IS_THERE = 1060, 1061  # MySQL: another engine that starts now was quicker

_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = :table",
    "mysql": "SELECT DISTINCT index_name FROM information_schema.statistics "
    "WHERE table_schema = DATABASE() AND table_name = :table",
}


def add_columns(connection: Connection, table: Table, columns: Iterable[Column[Any]]) -> None:
    """Add columns that a table of ours lacks. Raises ConfigError for one that cannot be filled by itself, and when
    the account may not change the table."""
    for column in columns:
        if not (column.nullable or column.server_default is not None):
            raise lacks(connection, table, column)
        try:
            connection.exec_driver_sql(_add(connection, table, column))
        except DBAPIError as error:
            if error_code(error) == _DENIED:
                raise lacks(connection, table, column) from None
            if error_code(error) != _COLUMN_IS_THERE:
                raise
        log.info("a table of ours has a new column", table=table.name, column=column.name)


def add_indexes(connection: Connection, tables: Iterable[Table]) -> None:
    """Make the indexes that tables of ours lack; one that the account may not make is told in the log."""
    for table in tables:
        there = {name for (name,) in connection.execute(text(_INDEXES[connection.dialect.name]), {"table": table.name})}
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            if index.name not in there:
                _make(connection, index)


def lacks(connection: Connection, table: Table, column: Column[Any]) -> ConfigError:
    """The error for a table without this column, with the statement that adds it."""
    return ConfigError(
        "settings",
        "database.calls" if table.schema else "database.url",
        f"the table {table.fullname} has no column {column.name}",
        f"run {_add(connection, table, column)}",
    )


def _add(connection: Connection, table: Table, column: Column[Any]) -> str:
    made = " ".join(str(CreateColumn(column).compile(dialect=connection.dialect)).split())
    return f"ALTER TABLE {table.fullname} ADD COLUMN {made}"


def _make(connection: Connection, index: Index) -> None:
    statement = " ".join(str(CreateIndex(index).compile(dialect=connection.dialect)).split())
    try:
        connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if error_code(error) == _DENIED:
            log.warning("reports are slow without an index that the account may not make", run=statement)
        elif error_code(error) != _INDEX_IS_THERE:
            raise
    else:
        log.info("a table of ours has a new index", index=index.name)
