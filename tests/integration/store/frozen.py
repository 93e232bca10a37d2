"""A database of the version before, and what it is compared by.

`upgrades/before_alembic.*.sql` is a database as the program made and filled it that knew no revisions yet.
"""

import re
from pathlib import Path
from typing import Any

from tests.integration.store.conftest import Outside
from uncall_ari.store.migrating import CALLS, TASKS

FROZEN = Path(__file__).parent / "upgrades"
NOTES = {TASKS.versions, CALLS.versions}  # Alembic's own tables

Forms = dict[str, object]


def fill_old(outside: Outside, *, only: str = "") -> None:
    """Put the frozen database into an empty one, or only the tables whose names begin so."""
    script = (FROZEN / f"before_alembic.{'mysql' if outside.mysql else 'sqlite'}.sql").read_text("utf-8")
    for statement in re.sub(r"^--.*\n", "", script).split(";\n"):
        if statement.strip() and re.search(rf"(TABLE|INTO|ON) [`\"]?{only}", statement):
            outside.sql(statement)


def empty(outside: Outside, *, only: str = "") -> None:
    """Drop every table, or only those whose names begin so."""
    for table in tables(outside):
        if re.match(only, table):
            outside.sql(f"DROP TABLE {table}")


def tables(outside: Outside) -> list[str]:
    names = "SHOW TABLES" if outside.mysql else "SELECT name FROM sqlite_master WHERE type = 'table'"
    return [name for (name,) in outside.sql(names) if not name.startswith("sqlite_")]


def forms(outside: Outside) -> Forms:
    """Columns with their types and defaults, and keys, of all tables, by the tables' names."""
    if outside.mysql:
        made = {table: outside.sql(f"SHOW CREATE TABLE {table}")[0][1] for table in tables(outside)}
        return {table: in_lines(statement) for table, statement in made.items()}
    keys = outside.sql("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name")
    return {
        table: (
            outside.sql('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', table),
            [key[1:] for key in keys if key[0] == table],
        )
        for table in tables(outside)
    }


def in_lines(statement: str) -> tuple[list[str], list[str]]:
    """The columns and options as they stand, and the keys, whose order means nothing."""
    lines = [line.strip(" ,") for line in re.sub(r" AUTO_INCREMENT=\d+", "", statement).splitlines()]
    return [line for line in lines if not line.startswith("KEY ")], sorted(x for x in lines if x.startswith("KEY "))


def ours(found: Forms) -> Forms:
    return {table: form for table, form in found.items() if table.startswith("uncall_")}


def rows(outside: Outside) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the tables that the version before has, with its columns."""
    columns = {
        "o_uncall_task": "*",
        "o_task_run_1": "*",
        "uncall_call": "uid, task_id, number_id, number, trunk, attempt, claimed_at, answered_at, ended_at, outcome, "
        "cause, q850, sip, billsec, extension, digits, amd",
        "uncall_retry": "*",
        "uncall_dnc": "*",
        "uncall_start": "*",
        "uncall_schema": "*",
    }
    return {table: outside.sql(f"SELECT {names} FROM {table} ORDER BY 1") for table, names in columns.items()}


def noted(outside: Outside) -> list[tuple[Any, ...]]:
    return outside.sql("SELECT version_num FROM uncall_revision") + outside.sql(
        "SELECT version_num FROM uncall_calls_revision"
    )
