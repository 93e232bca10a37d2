"""Alembic, without its environment: no ini file, and no context that the whole process shares (two stores may be
opened at once). Imported only when there is something to do: the import takes longer than a start."""

import io
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from uncall_ari.store.migrations.steps import Steps

_HERE = Path(__file__).parent


@cache
def revisions(folder: str) -> ScriptDirectory:
    """The revisions of one of the folders here."""
    return ScriptDirectory(str(_HERE / folder), version_locations=[str(_HERE / folder)])


def upgrade(connection: Connection, folder: str, versions: str, database: str) -> None:
    """Bring the tables to the newest revision; `versions` is the table that notes it. Raises what the database
    raises; what was done until then stays done on MySQL, and nothing of it on SQLite."""
    context = MigrationContext.configure(connection, opts=_options(folder, versions, database))
    _run(context, connection, database)


def statements(connection: Connection, folder: str, versions: str, database: str, since: str | None) -> list[str]:
    """What `upgrade` would run from the revision `since` on. Changes nothing."""
    written = io.StringIO()
    options = _options(folder, versions, database)
    options |= {"as_sql": True, "starting_rev": since, "output_buffer": written, "literal_binds": True}
    _run(MigrationContext.configure(dialect=connection.dialect, opts=options), connection, database)
    parts = (" ".join(part.split()) for part in written.getvalue().split("\n\n"))
    return [part.removesuffix(";") for part in parts if part and not part.startswith("--")]


def _run(context: MigrationContext, connection: Connection, database: str) -> None:
    context.run_migrations(steps=Steps(Operations(context), connection, database))


def _options(folder: str, versions: str, database: str) -> dict[str, Any]:
    def newer(heads: Collection[str], context: MigrationContext) -> list[RevisionStep]:
        scripts = revisions(folder)
        found = list(scripts.iterate_revisions("head", tuple(heads) or "base"))
        return [MigrationStep.upgrade_from_script(scripts.revision_map, script) for script in reversed(found)]

    return {
        "fn": newer,
        "script": revisions(folder),
        "version_table": versions,
        "version_table_schema": database or None,
    }
