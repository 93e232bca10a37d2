"""Our own tables follow this program: each start looks which revision they are at, and has Alembic run the newer ones.

A database that is up to date costs two short queries, and Alembic is not even imported. One that was made before the
revisions were counted begins with the first of them: what is there already is left as it is.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from uncall_ari.errors import ConfigError, StoreUnavailable
from uncall_ari.store.database import DENIED, error_code
from uncall_ari.store.tables import SCHEMA_VERSION

log = structlog.get_logger(__name__)

# ruff: noqa: S608 - the statements are put together from constants, and a checked name of the settings

UPGRADE_LIMIT = 3600.0  # seconds: a key on a table of many millions takes its time, and half of it is of no use
_PATIENCE = 1800  # seconds that the second of two engines waits for the first

_REVISION = re.compile(r"[0-9]{4}")
_OURS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'uncall_*'",
    "mysql": "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = COALESCE(:database, DATABASE()) AND table_name LIKE 'uncall\\_%'",
}


class Chain(NamedTuple):
    """Revisions that follow each other, and the tables that they make."""

    folder: str  # in migrations/
    versions: str  # the table that notes the revision
    head: str  # the newest revision
    tables: frozenset[str]  # that are there at the newest revision
    setting: str  # that names the database


TASKS = Chain(
    "tasks",
    "uncall_revision",
    "0002",
    frozenset({"uncall_call", "uncall_retry", "uncall_dnc", "uncall_rest", "uncall_start", "uncall_schema"}),
    "database.url",
)
CALLS = Chain("calls", "uncall_calls_revision", "0001", frozenset({"uncall_survey", "uncall_talk"}), "database.calls")


class _Found(NamedTuple):
    """How a chain's tables were found."""

    noted: bool  # the table of the revision is there
    revision: str | None  # to go on from; None: from the start
    behind: bool  # something is to be done


def is_behind(connection: Connection, chain: Chain, database: str = "") -> bool:
    """Whether `upgrade` has something to do. `database` is the MySQL database that the tables stand in, "" for the
    connection's own. Raises ConfigError when a newer program has changed them so that this one cannot work with them.
    """
    return _look(connection, chain, database).behind


def upgrade(connection: Connection, chain: Chain, database: str = "") -> None:
    """Bring the tables of a chain to its newest revision; tables of ours that are missing are made again. One engine
    does it at a time.

    Raises ConfigError as `is_behind` does, and when the account may not do it: it names the statements. Raises
    StoreUnavailable when another engine does not come to an end with it.
    """
    with _alone(connection, database):
        found = _look(connection, chain, database)
        if not found.behind:
            return  # another engine was quicker
        began = time.monotonic()
        log.info("the tables are brought up to date", tables=chain.folder, revision=found.revision)
        try:
            _run(connection, chain, database, found)
        except DBAPIError as error:
            if error_code(error) not in DENIED:
                raise
            raise _not_allowed(connection, chain, database, error) from None
        seconds = round(time.monotonic() - began, 3)
        log.info("the tables are up to date", tables=chain.folder, revision=chain.head, seconds=seconds)


def statements(connection: Connection, chain: Chain, database: str = "") -> list[str]:
    """What `upgrade` would run, from where it is now; nothing when the tables are up to date. Raises ConfigError."""
    found = _look(connection, chain, database)
    if not found.behind:
        return []
    from uncall_ari.store.migrations import running

    made = running.statements(connection, chain.folder, chain.versions, database, found.revision)
    if found.noted and found.revision is None:  # Alembic writes its table down first
        made[0] = f"DELETE FROM {_versions(chain, database)}"
    return made


def _run(connection: Connection, chain: Chain, database: str, found: _Found) -> None:
    from uncall_ari.store.migrations import running

    if found.noted and found.revision is None:
        connection.execute(text(f"DELETE FROM {_versions(chain, database)}"))
    running.upgrade(connection, chain.folder, chain.versions, database)


def _look(connection: Connection, chain: Chain, database: str) -> _Found:
    names = connection.execute(text(_OURS[connection.dialect.name]), {"database": database or None})
    there = {name for (name,) in names}
    if "uncall_schema" in there and "uncall_schema" in chain.tables:
        _check_version(connection)
    if chain.versions not in there:
        return _Found(noted=False, revision=None, behind=True)
    notes = connection.execute(text(f"SELECT version_num FROM {_versions(chain, database)}"))
    revisions = [str(revision) for (revision,) in notes]
    if len(revisions) > 1 or any(_REVISION.fullmatch(each) is None for each in revisions):
        raise ConfigError(
            "settings",
            chain.setting,
            f"the table {chain.versions} names the revision {' and '.join(sorted(revisions))!r}, which is none",
            f"Run DELETE FROM {_versions(chain, database)}: then this program looks at each table anew",
        )
    revision = revisions[0] if revisions else None
    if revision is not None and revision > chain.head:
        log.info("a newer program has added to the tables", tables=chain.folder, revision=revision)
        return _Found(noted=True, revision=revision, behind=False)
    if not chain.tables <= there and revision == chain.head:
        revision = None  # somebody has dropped one
    return _Found(noted=True, revision=revision, behind=revision != chain.head)


def _versions(chain: Chain, database: str) -> str:
    return f"`{database}`.{chain.versions}" if database else chain.versions


def _check_version(connection: Connection) -> None:
    version = connection.execute(text("SELECT MAX(version) FROM uncall_schema")).scalar()
    if version is not None and version > SCHEMA_VERSION:
        raise ConfigError(
            "settings",
            "database.url",
            f"the tables have version {version}, this program works with {SCHEMA_VERSION}",
            "A newer uncall-ari has changed them: use that one, or the backup that was made before it",
        )


def _not_allowed(connection: Connection, chain: Chain, database: str, error: DBAPIError) -> ConfigError:
    todo = "; ".join(statements(connection, chain, database))
    return ConfigError(
        "settings",
        chain.setting,
        f"the account may not bring the tables up to date: {error.orig}",
        f"GRANT ALTER, INDEX to it, or run (`uncall migrate --sql` shows it too) {todo};",
    )


@contextmanager
def _alone(connection: Connection, database: str) -> Iterator[None]:
    """No other engine changes these tables meanwhile. On SQLite the transaction itself keeps them out."""
    if connection.dialect.name != "mysql":
        yield
        return
    name = f"uncall-ari {database or connection.engine.url.database}"[:64]  # all that MySQL takes
    if not _lock(connection, name, 0):
        log.info("another engine brings the tables up to date: this one waits for it")
        if not _lock(connection, name, _PATIENCE):
            raise StoreUnavailable(f"another engine has changed the tables for {_PATIENCE} s: see what holds it up")
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):  # the connection is gone, and the lock with it
            connection.execute(text("DO RELEASE_LOCK(:name)"), {"name": name})


def _lock(connection: Connection, name: str, seconds: int) -> bool:
    taken = text("SELECT GET_LOCK(:name, :seconds)")
    return connection.execute(taken, {"name": name, "seconds": seconds}).scalar() == 1
