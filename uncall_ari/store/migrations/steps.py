"""The steps that revisions are made of. Each looks first, and does nothing where it has been done."""

from datetime import datetime
from typing import Any

from alembic.operations import Operations
from sqlalchemy import Column, Connection, DateTime, Index, MetaData, Table, inspect
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.types import TypeEngine

from uncall_ari.store.creating import creations

INNODB: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}


def milliseconds() -> TypeEngine[datetime]:
    """A moment with milliseconds."""
    return DateTime().with_variant(DATETIME(fsp=3), "mysql")


class Steps:
    """Steps on the tables of one database. They are done, or only written down, as Alembic's context has it."""

    def __init__(self, operations: Operations, connection: Connection, database: str) -> None:
        """`connection` is what is looked at; `database` the MySQL database of the tables, "" for its own."""
        self._operations = operations
        self._connection = connection
        self._database = database or None

    def table(self, name: str, *parts: Column[Any] | Index, **options: Any) -> None:
        """Make a table with its keys."""
        table = Table(name, MetaData(schema=self._database), *parts, **(INNODB | options))
        for statement in creations(table, self._connection.dialect.name):
            self._operations.execute(statement)

    def columns(self, table: str, *columns: Column[Any]) -> None:
        """Add columns, each of which is NULL or has a default."""
        inspector = inspect(self._connection)
        there = set()
        if inspector.has_table(table, self._database):
            there = {column["name"].lower() for column in inspector.get_columns(table, self._database)}
        for column in columns:
            if column.name.lower() not in there:
                self._operations.add_column(table, column, schema=self._database)

    def key(self, name: str, table: str, *columns: str) -> None:
        """Add a key to a table that may have many rows."""
        inspector = inspect(self._connection)
        there = set()
        if inspector.has_table(table, self._database):
            there = {index["name"] for index in inspector.get_indexes(table, self._database)}
        if name not in there:
            self._operations.create_index(name, table, list(columns), schema=self._database)

    def run(self, statement: str) -> None:
        """Run a statement that may be run again."""
        self._operations.execute(statement)
