"""Calls, planned attempts, do-not-call numbers and starts, as the first databases have them."""

from sqlalchemy import Column, Index, Integer, String

from uncall_ari.store.migrations.steps import Steps, milliseconds

revision = "0001"
down_revision = None

_BYTEWISE = {"mysql_collate": "utf8mb4_bin"}


def upgrade(steps: Steps) -> None:
    """Make the tables that are missing."""
    steps.table(
        "uncall_call",
        Column("uid", String(20), primary_key=True, comment="channel id of the attempt"),
        Column("task_id", Integer, nullable=False),
        Column("number_id", Integer, nullable=False, comment="id in o_task_run_<task_id>"),
        Column("number", String(32), nullable=False, comment="as it stood in mobile"),
        Column("trunk", String(50), nullable=False),
        Column("attempt", Integer, nullable=False, comment="1 for the first"),
        Column("claimed_at", milliseconds(), nullable=False, comment="UTC, as all times of this table"),
        Column("answered_at", milliseconds()),
        Column("ended_at", milliseconds(), comment="NULL while the call is going on"),
        Column("outcome", Integer, comment="as call_status of the number table"),
        Column("cause", String(32), nullable=False, server_default="", comment="a word: answered, busy, ..."),
        Column("q850", Integer, nullable=False, server_default="0", comment="ISDN cause, 0: none given"),
        Column("sip", Integer, nullable=False, server_default="0", comment="SIP status, 0: none given"),
        Column("billsec", Integer, nullable=False, server_default="0", comment="seconds"),
        Column("extension", String(32), nullable=False, server_default="", comment="who talked"),
        Column("digits", String(64), nullable=False, server_default="", comment="keys that were pressed"),
        Column("amd", String(32), nullable=False, server_default="", comment="answering machine detector"),
        Index("uncall_call_number", "task_id", "number_id"),
        Index("uncall_call_ended", "ended_at"),
        **_BYTEWISE,
    )
    steps.table(
        "uncall_retry",
        Column("task_id", Integer, primary_key=True, autoincrement=False),
        Column("number_id", Integer, primary_key=True, autoincrement=False),
        Column("uid", String(20), nullable=False, comment="of the last attempt"),
        Column("attempts", Integer, nullable=False, comment="made so far"),
        Column("due_at", milliseconds(), nullable=False, comment="UTC; not dialled before"),
        Index("uncall_retry_due", "task_id", "due_at"),
        **_BYTEWISE,
    )
    steps.table(
        "uncall_dnc",
        Column("number", String(32), primary_key=True),
        Column("reason", String(255), nullable=False, server_default=""),
        Column("added_at", milliseconds(), nullable=False, comment="UTC"),
        **_BYTEWISE,
    )
    steps.table(
        "uncall_start",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("started_at", milliseconds(), nullable=False, comment="UTC"),
        Column("node", String(64), nullable=False, server_default=""),
        sqlite_autoincrement=True,
        **_BYTEWISE,
    )
    steps.table("uncall_schema", Column("version", Integer, primary_key=True, autoincrement=False), **_BYTEWISE)
    steps.run("REPLACE INTO uncall_schema (version) VALUES (1)")
