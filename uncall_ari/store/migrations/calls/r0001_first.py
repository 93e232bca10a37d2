"""Scores of the survey, and the logs of calls that go on."""

from sqlalchemy import Column, DateTime, String, Text

from uncall_ari.store.migrations.steps import Steps

revision = "0001"
down_revision = None


def upgrade(steps: Steps) -> None:
    """Make the tables that are missing."""
    steps.table(
        "uncall_survey",
        Column("uid", String(32), primary_key=True),
        Column("extension", String(32), nullable=False, server_default=""),
        Column("score", String(8), nullable=False, server_default="", comment="the key, empty for none"),
        Column("at", DateTime, nullable=False, comment="local time"),
    )
    steps.table(
        "uncall_talk",
        Column("uid", String(32), primary_key=True),
        Column("log", Text, nullable=False, comment="JSON: what is to be kept of a call that goes on"),
    )
