"""The tables of the calls of people, which CRMs read (`asteriskcdrdb`, contract section 2), and our own survey scores.

On MySQL they stand in a database of their own, when the settings name one; on SQLite in the one file.
"""

from typing import Any

from sqlalchemy import Column, Connection, DateTime, Index, Integer, MetaData, String, Table, text

from uncall_ari.errors import ConfigError

_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}


def talk_tables(database: str) -> MetaData:
    """The tables; `database` is the MySQL database that they stand in, "" for the connection's own."""
    metadata = MetaData(schema=database or None)
    Table(
        "pop",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("activation", DateTime, comment="local time"),
        Column("calla", String(35), comment="caller"),
        Column("callb", String(35), comment="callee"),
        Column("uid", String(30)),
        Column("Stats", Integer, server_default="0", comment="0 not popped, 1 popped"),
        Column("action", Integer, server_default="0"),
        Column("pjid", String(30), server_default=""),
        Column("extension", String(32), server_default="", comment="whose screen"),
        Index("pop_uid", "uid"),
        Index("pop_calla", "calla"),
        Index("pop_callb", "callb"),
        **_OPTIONS,
    )
    Table(
        "cdr",
        metadata,
        Column("calldate", DateTime, nullable=False, comment="local time"),
        Column("clid", String(80), nullable=False, server_default=""),
        Column("src", String(80), nullable=False, server_default=""),
        Column("dst", String(80), nullable=False, server_default=""),
        Column("dcontext", String(80), nullable=False, server_default=""),
        Column("channel", String(80), nullable=False, server_default=""),
        Column("dstchannel", String(80), nullable=False, server_default=""),
        Column("lastapp", String(80), nullable=False, server_default="Stasis"),
        Column("lastdata", String(80), nullable=False, server_default=""),
        Column("duration", Integer, nullable=False, server_default="0", comment="seconds"),
        Column("billsec", Integer, nullable=False, server_default="0", comment="seconds"),
        Column("disposition", String(45), nullable=False, server_default=""),
        Column("amaflags", Integer, nullable=False, server_default="3"),
        Column("accountcode", String(20), nullable=False, server_default=""),
        Column("uniqueid", String(32), primary_key=True),
        Column("calltype", String(20), nullable=False, server_default="", comment="outcall or standard"),
        Column("addtime", DateTime, comment="local time"),
        Column("userfield", String(255), nullable=False, server_default="", comment="audio:FILE"),
        Column("action_id", String(64), nullable=False, server_default="", comment="of the click"),
        Column("extension", String(32), nullable=False, server_default="", comment="the agent's"),
        Index("cdr_calldate", "calldate"),
        Index("cdr_src", "src"),
        Index("cdr_dst", "dst"),
        Index("cdr_action_id", "action_id"),
        **_OPTIONS,
    )
    Table(
        "uncall_survey",
        metadata,
        Column("uid", String(32), primary_key=True),
        Column("extension", String(32), nullable=False, server_default=""),
        Column("score", String(8), nullable=False, server_default="", comment="the key, empty for none"),
        Column("at", DateTime, nullable=False, comment="local time"),
        **_OPTIONS,
    )
    return metadata


def prepare_talks(connection: Connection, database: str) -> None:
    """Make the tables that are missing. Raises ConfigError when the account may not make their database."""
    if database and connection.dialect.name == "mysql":
        there = text("SELECT 1 FROM information_schema.schemata WHERE schema_name = :name")
        if connection.execute(there, {"name": database}).first() is None:
            raise ConfigError(
                "settings",
                "database.calls",
                f"there is no database {database}, or the account may not see it",
                f"Run CREATE DATABASE {database} CHARACTER SET utf8mb4 and GRANT ALL ON {database}.* to the account, "
                'or write calls = "" to have these tables beside those of the tasks',
            )
    talk_tables(database).create_all(connection)
