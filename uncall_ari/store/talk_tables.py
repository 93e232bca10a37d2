"""The tables of calls that CRMs read (`asteriskcdrdb`, contract section 2), and our own survey scores.

On MySQL they stand in a database of their own, when the settings name one; on SQLite in the one file. The
contract's columns come first, as Asterisk's own `cdr` has them; ours follow.
"""

import re
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, DateTime, Index, Integer, MetaData, String, Table, Text, text
from sqlalchemy.dialects.mysql import VARCHAR
from sqlalchemy.exc import DBAPIError

from uncall_ari.errors import ConfigError
from uncall_ari.store import schema
from uncall_ari.store.creating import create
from uncall_ari.store.database import DENIED, error_code

_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
_NAME = re.compile(r"[A-Za-z0-9_]{0,64}")


def check_name(database: str) -> None:
    """Raise ConfigError for what cannot be the name of a database: it goes into statements."""
    if _NAME.fullmatch(database) is None:
        raise ConfigError(
            "settings", "database.calls", "is no name of a database", "Write up to 64 letters, digits and _"
        )


def qualified(database: str, table: str) -> str:
    """A table's name in statements; `database` is the MySQL database that it stands in, "" for the
    connection's own."""
    return f"`{database}`.{table}" if database else table


def day_table_name(day: date) -> str:
    """`cdro_2014_1_15`: no zeros in front."""
    return f"cdro_{day.year}_{day.month}_{day.day}"


def call_table(database: str, name: str = "cdr") -> Table:
    """The table of all calls, or under another name that of a day's."""
    exact = String(64).with_variant(VARCHAR(64, collation="utf8mb4_bin"), "mysql")
    return Table(
        name,
        MetaData(schema=database or None),
        Column("calldate", DateTime, nullable=False, comment="local time"),
        _text("clid", 80),
        _text("src", 80),
        _text("dst", 80),
        _text("dcontext", 80),
        _text("channel", 80),
        _text("dstchannel", 80),
        _text("lastapp", 80),
        _text("lastdata", 80),
        _number("duration", 0, comment="seconds"),
        _number("billsec", 0, comment="seconds"),
        _text("disposition", 45),
        _number("amaflags", 3),
        _text("accountcode", 20),
        Column("uniqueid", String(32), primary_key=True),
        _text("calltype", 20, comment="outcall or standard"),
        Column("addtime", DateTime, comment="local time"),
        _text("userfield", 255, comment="audio:FILE"),
        Column("action_id", exact, nullable=False, server_default="", comment="of the click"),
        _text("extension", 32, comment="the agent's"),
        _text("direction", 10, comment="callin or callout"),
        *(Index(f"{name}_{column}", column) for column in ("calldate", "src", "dst", "action_id")),
        **_OPTIONS,
    )


def _other_tables(database: str) -> list[Table]:
    metadata = MetaData(schema=database or None)
    pop = Table(
        "pop",
        metadata,
        Column("activation", DateTime, comment="local time"),
        Column("calla", String(35), comment="caller"),
        Column("callb", String(35), comment="callee"),
        Column("uid", String(30)),
        Column("Stats", Integer, server_default="0", comment="0 not popped, 1 popped"),
        Column("action", Integer, server_default="0"),
        Column("pjid", String(30), server_default=""),
        Column("extension", String(32), server_default="", comment="whose screen"),
        Column("id", Integer, primary_key=True, autoincrement=True),
        *(Index(f"pop_{column}", column) for column in ("activation", "calla", "callb", "uid", "extension")),
        **_OPTIONS,
    )
    campaign = Table(
        "cdr_task",
        metadata,
        Column("calldate", DateTime, nullable=False, comment="local time"),
        _text("clid", 80),
        _text("src", 80),
        _text("dst", 80),
        _text("dcontext", 80),
        _number("duration", 0, comment="seconds"),
        _number("billsec", 0, comment="seconds"),
        _text("disposition", 45),
        Column("uniqueid", String(32), primary_key=True),
        _text("task_run_tables", 50, comment="o_task_run_N"),
        _number("outbound", 1),
        Index("cdr_task_calldate", "calldate"),
        **_OPTIONS,
    )
    return [pop, campaign]


def own_tables(database: str) -> list[Table]:
    """Ours as they are now; `migrations/calls` makes them."""
    metadata = MetaData(schema=database or None)
    survey = Table(
        "uncall_survey",
        metadata,
        Column("uid", String(32), primary_key=True),
        _text("extension", 32),
        _text("score", 8, comment="the key, empty for none"),
        Column("at", DateTime, nullable=False, comment="local time"),
        **_OPTIONS,
    )
    talk = Table(
        "uncall_talk",
        metadata,
        Column("uid", String(32), primary_key=True),
        Column("log", Text, nullable=False, comment="JSON: what is to be kept of a call that goes on"),
        **_OPTIONS,
    )
    return [survey, talk]


def prepare_talks(connection: Connection, database: str) -> None:
    """Make the database and those of its tables that are missing and not ours alone, and check those that are there.

    Raises ConfigError when the account may not make them, or a table lacks a column.
    """
    check_name(database)
    try:
        if database:
            _make_database(connection, database)
        for table in (call_table(database), *_other_tables(database)):
            create(connection, table)
            schema.check_columns(connection, table)
    except DBAPIError as error:
        if error_code(error) not in DENIED:
            raise
        name = database or connection.engine.url.database
        raise ConfigError(
            "settings",
            "database.calls",
            f"the account may not make the database {name}, or a table in it: {error.orig}",
            f"Run CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4; GRANT SELECT, INSERT, UPDATE, DELETE, "
            f'CREATE ON {name}.* TO the account. Or write calls = "" to have these tables beside those of the tasks',
        ) from None


def _make_database(connection: Connection, database: str) -> None:
    there = text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name")
    if connection.execute(there, {"name": database}).first() is None:
        connection.exec_driver_sql(f"CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4")


def _text(name: str, length: int, comment: str | None = None) -> Column[str]:
    return Column(name, String(length), nullable=False, server_default="", comment=comment)


def _number(name: str, default: int, comment: str | None = None) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=str(default), comment=comment)
