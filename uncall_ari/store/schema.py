"""The contract's tables: making them, and looking whether those that are there will do."""

from typing import Any

import structlog
from sqlalchemy import Column, Connection, Table, text
from sqlalchemy.schema import CreateColumn

from uncall_ari.errors import ConfigError
from uncall_ari.store.creating import create
from uncall_ari.store.tables import CALLS, TASKS, number_table, number_table_name

log = structlog.get_logger(__name__)

OLDEST_SERVER = {"MariaDB": (10, 6), "MySQL": (8, 0)}

# name and storage engine ('' on SQLite) of the tables that are there
_TABLES = {
    "sqlite": "SELECT name, '' FROM sqlite_master WHERE type = 'table'",
    "mysql": "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()",
}
_COLUMNS = {
    "sqlite": "SELECT name FROM pragma_table_info(:name)",
    "mysql": "SELECT column_name FROM information_schema.columns "
    "WHERE table_schema = COALESCE(:database, DATABASE()) AND table_name = :name",
}
# Compared in the database, because the answer is nearly always that there is none.
_NEED_TABLES = {
    "sqlite": "SELECT 1 FROM o_uncall_task WHERE id > 0 AND id < 2147483648 "
    "AND (task_run_id IS NULL OR task_run_id <> 'o_task_run_' || id "
    "OR 'o_task_run_' || id NOT IN (SELECT name FROM sqlite_master WHERE type = 'table')) LIMIT 1",
    # DISTINCT makes MySQL list the tables once, and not once for each task.
    "mysql": "SELECT 1 FROM o_uncall_task t LEFT JOIN (SELECT DISTINCT CONVERT(table_name USING utf8mb4) AS name "
    "FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'o\\_task\\_run\\_%') n "
    "ON n.name = CONCAT('o_task_run_', t.id) "
    "WHERE n.name IS NULL OR t.task_run_id IS NULL OR t.task_run_id <> n.name LIMIT 1",
}


def check_server(connection: Connection) -> None:
    """Raise ConfigError when the server is too old: JSON_TABLE and SKIP LOCKED are needed."""
    dialect = connection.dialect
    if dialect.name != "mysql":
        return
    kind = "MariaDB" if getattr(dialect, "is_mariadb", False) else "MySQL"
    found = getattr(dialect, "server_version_info", None) or (0,)
    if found < OLDEST_SERVER[kind]:
        wanted = ".".join(map(str, OLDEST_SERVER[kind]))
        raise _mistake(f"{kind} {'.'.join(map(str, found))} is too old", f"use {kind} {wanted} or newer")


def prepare(connection: Connection) -> None:
    """Create the contract's table of tasks if it is missing, and check those of its tables that are there.

    Raises ConfigError when a table lacks a column or is not transactional.
    """
    there = _tables(connection)
    if TASKS.name in there:
        check_columns(connection, TASKS)
    else:
        create(connection, TASKS)
    for name, engine in there.items():
        if name.startswith("o_") and engine not in ("", "InnoDB", None):
            raise _mistake(
                f"the table {name} is kept by {engine}, which knows no transactions",
                f"run ALTER TABLE {name} ENGINE=InnoDB",
            )


def check_to_read(connection: Connection) -> None:
    """Raise ConfigError when the tables that reports read are not there or lack a column. Changes nothing."""
    there = _tables(connection)
    for table in (TASKS, CALLS):
        if table.name not in there:
            raise _mistake(f"there is no table {table.name}", "Start `uncall serve` once on this database: it makes it")
        if missing := missing_columns(connection, table):
            raise _mistake(
                f"the table {table.name} has no column {missing[0].name}",
                "Start this version's `uncall serve` once on this database: it adds what is missing",
            )


def need_number_tables(connection: Connection) -> bool:
    """Whether `ensure_number_tables` has something to do."""
    return connection.execute(text(_NEED_TABLES[connection.dialect.name])).first() is not None


def ensure_number_tables(connection: Connection) -> list[int]:
    """Give each task its number table, and put the table's name into `task_run_id`.

    For tasks that third parties insert, and after a crash while a task was being added. Returns the ids of
    the tasks that were repaired.
    """
    there = _tables(connection)
    repaired = []
    tasks = text("SELECT id, task_run_id FROM o_uncall_task WHERE id > 0 AND id < 2147483648")
    for task_id, noted in connection.execute(tasks).all():
        name = number_table_name(task_id)
        if name not in there:
            create(connection, number_table(task_id, connection.dialect.name))
        elif noted == name:
            continue
        if noted != name:
            name_table(connection, task_id)
        log.info("number table put right", task_id=task_id, made=name not in there, was=noted)
        repaired.append(task_id)
    return repaired


def create_number_table(connection: Connection, task_id: int) -> None:
    """Make the number table of a task if it is not there."""
    create(connection, number_table(task_id, connection.dialect.name))


def drop_number_table(connection: Connection, task_id: int) -> bool:
    """Remove the number table of a task. Returns whether there was one."""
    name = number_table_name(task_id)
    if name not in _tables(connection):
        return False
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    return True


def name_table(connection: Connection, task_id: int) -> None:
    """Write the number table's name into the task's row."""
    statement = text("UPDATE o_uncall_task SET task_run_id = :name WHERE id = :id")
    connection.execute(statement, {"name": number_table_name(task_id), "id": task_id})


def check_columns(connection: Connection, table: Table) -> None:
    """Raise ConfigError, with the statement that adds it, when a table that is there lacks a column."""
    for column in missing_columns(connection, table):
        made = " ".join(str(CreateColumn(column).compile(dialect=connection.dialect)).split())
        raise ConfigError(
            "settings",
            "database.calls" if table.schema else "database.url",
            f"the table {table.fullname} has no column {column.name}",
            f"run ALTER TABLE {table.fullname} ADD COLUMN {made}",
        )


def missing_columns(connection: Connection, table: Table) -> list[Column[Any]]:
    """The columns that a table that is there lacks, in their order."""
    found = connection.execute(text(_COLUMNS[connection.dialect.name]), {"name": table.name, "database": table.schema})
    names = {name.lower() for (name,) in found}
    return [column for column in table.columns if column.name.lower() not in names]


def _tables(connection: Connection) -> dict[str, str | None]:
    rows = connection.execute(text(_TABLES[connection.dialect.name]))
    return {row[0]: row[1] for row in rows}


def _mistake(problem: str, remedy: str) -> ConfigError:
    return ConfigError("settings", "database.url", problem, remedy)
