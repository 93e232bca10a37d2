"""What a call's record says of its queue, numbers that rest, and attempts that are postponed."""

from sqlalchemy import Column, Index, Integer, String

from uncall_ari.store.migrations.steps import Steps, milliseconds

revision = "0002"
down_revision = "0001"


def upgrade(steps: Steps) -> None:
    """Add the columns, the keys and the table."""
    steps.columns(
        "uncall_call",
        Column("queue", String(50), nullable=False, server_default="", comment="that the customer waited in"),
        Column("waited_ms", Integer, comment="from joining it to the agent, or to the end; NULL: never in a queue"),
        Column("abandoned", Integer, nullable=False, server_default="0", comment="1: a person, and no agent in time"),
        Column("talk_ms", Integer, comment="with an agent; NULL: with none"),
        Column("action_id", String(64), nullable=False, server_default="", comment="the client's, or the uid"),
    )
    steps.key("uncall_call_task", "uncall_call", "task_id", "claimed_at")
    steps.key("uncall_retry_attempts", "uncall_retry", "task_id", "attempts")
    steps.table(
        "uncall_rest",
        Column("number", String(32), primary_key=True),
        Column("until_at", milliseconds(), nullable=False, comment="UTC; not dialled before"),
        Column("reason", String(32), nullable=False, server_default="", comment="a cause word"),
        Index("uncall_rest_until", "until_at"),
        mysql_collate="utf8mb4_bin",
    )
