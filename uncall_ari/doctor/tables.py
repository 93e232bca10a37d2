"""The tables: will those that are there do, that somebody else may have made?"""

import re
from collections.abc import Callable

from sqlalchemy import Connection, Table, text

from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown
from uncall_ari.errors import ConfigError
from uncall_ari.store import migrating, schema
from uncall_ari.store.tables import TASKS, number_table
from uncall_ari.store.talk_tables import call_table

_THERE = {
    "sqlite": "SELECT name, '' FROM sqlite_master WHERE type = 'table'",
    "mysql": "SELECT table_name, engine FROM information_schema.tables "
    "WHERE table_schema = COALESCE(:database, DATABASE()) AND table_type = 'BASE TABLE'",
}
MANY = 3  # columns: an older Uncall lacks fewer
_NUMBERS = re.compile(r"o_task_run_([1-9][0-9]{0,9})").fullmatch


def tables(connection: Connection, calls: str) -> Finding:
    """What is wrong with the tables: all of it. `calls` is the MySQL database of those that CRMs read calls in."""
    there = _there(connection, None)
    wrong = [
        *_mistakes(lambda: schema.check_server(connection)),
        *(each for table in _foreign(connection, there) for each in _lacks(connection, table)),
    ]
    if call_table(calls).name in _there(connection, calls or None):
        wrong += _lacks(connection, call_table(calls))
    slow = [name for name, engine in there.items() if name.startswith("o_") and engine not in ("", "InnoDB", None)]
    wrong += [
        (f"the table {name} is kept by {there[name]}: no transactions", f"run ALTER TABLE {name} ENGINE=InnoDB")
        for name in slow
    ]
    behind = [_behind(connection, migrating.TASKS, "", wrong), _behind(connection, migrating.CALLS, calls, wrong)]
    if wrong:
        problems, remedies = zip(*wrong, strict=True)
        found, remedy = listed(list(problems), 4), "; ".join(shown(each, 400) for each in remedies[:4])
        return error(Check.TABLES, Words(found, found), Words(remedy, remedy))
    if TASKS.name not in there:
        return fine(Check.TABLES, "are made at the start", "将在启动时创建")
    if any(behind):
        return fine(Check.TABLES, "are brought up to date at the start", "将在启动时升级")
    return fine(Check.TABLES, "will do", "可用")


def _foreign(connection: Connection, there: dict[str, str | None]) -> list[Table]:
    """The contract's tables that are there: the tasks', and each task's numbers."""
    found = [TASKS] if TASKS.name in there else []
    numbers = [int(match[1]) for name in there if (match := _NUMBERS(name))]
    return found + [number_table(each, connection.dialect.name) for each in sorted(numbers)]


def _lacks(connection: Connection, table: Table) -> list[tuple[str, str]]:
    """The columns that a table lacks; with many of them, it is another program's."""
    missing = schema.missing_columns(connection, table)
    if len(missing) <= MANY:
        return _mistakes(lambda: schema.check_columns(connection, table))
    names = listed([column.name for column in missing], 4)
    return [
        (
            f"the table {table.fullname} has no columns {names}: it is not Uncall's",
            f"rename that table, or give the engine a database of its own, without a table {table.name}",
        )
    ]


def _behind(connection: Connection, chain: migrating.Chain, database: str, wrong: list[tuple[str, str]]) -> bool:
    """Whether our own tables are older than this program; tables that are newer are wrong."""
    behind = False

    def look() -> None:
        nonlocal behind
        behind = migrating.is_behind(connection, chain, database)

    wrong += _mistakes(look)
    return behind


def _mistakes(look: Callable[[], object]) -> list[tuple[str, str]]:
    """Problem and remedy of the ConfigError that `look` raises, if it does."""
    try:
        look()
    except ConfigError as wrong:
        return [(wrong.problem, wrong.remedy)]
    return []


def _there(connection: Connection, database: str | None) -> dict[str, str | None]:
    """Name and storage engine ('' on SQLite) of the tables that are there."""
    values = {"database": database} if connection.dialect.name == "mysql" else {}
    return {row[0]: row[1] for row in connection.execute(text(_THERE[connection.dialect.name]), values)}
