"""CREATE TABLE with its keys, the same from one description on SQLite and MySQL."""

from sqlalchemy import Connection, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlalchemy.sql.compiler import DDLCompiler


class _CreateWithKeys(CreateTable):
    """CREATE TABLE with its keys inside, for MySQL: a crash between two statements leaves no table half made, and
    the account needs no right to make keys."""

    inherit_cache = False


@compiles(_CreateWithKeys, "mysql")
def _create_with_keys(element: _CreateWithKeys, compiler: DDLCompiler, **options: object) -> str:
    made = str(compiler.visit_create_table(element))  # type: ignore[no-untyped-call]
    indexes = sorted(element.element.indexes, key=lambda index: str(index.name))
    keys = [f"KEY {index.name} ({', '.join(c.name for c in index.columns)})" for index in indexes]
    head, engine, options_text = made.rpartition("\n)ENGINE")
    return f"{head},\n\t{', '.join(keys)}{engine}{options_text}" if keys else made


def creations(table: Table, dialect: str) -> list[ExecutableDDLElement]:
    """The statements that make a table with its keys if it is not there."""
    made: list[ExecutableDDLElement] = [_CreateWithKeys(table, if_not_exists=True)]
    if dialect != "mysql":
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        made += [CreateIndex(index, if_not_exists=True) for index in indexes]
    return made


def create(connection: Connection, table: Table) -> None:
    """Make a table with its keys if it is not there."""
    for statement in creations(table, connection.dialect.name):
        connection.execute(statement)
