"""How our own tables came to be: revisions, which Alembic runs one after the other.

`tasks` has those of the tables beside the tasks, `calls` those of the tables beside `pop` and `cdr`, which may stand
in another database. The tables of the contract are not ours to change: no revision touches them.

A revision is never changed once it is released. A new one is a file with the next number, whose `upgrade` is written
with `Steps`; `Chain.head` in `migrating.py` and the descriptions in `tables.py` or `talk_tables.py` follow it (a test
compares them). MySQL commits each DDL statement by itself, so an upgrade may break off anywhere and is then run again
from the revision's start: every step does nothing where it has been done. New columns are NULL or have a default, so
that a program of the version before goes on working; a revision that it could not work with raises the number in
`uncall_schema`, and `tables.SCHEMA_VERSION`: then it refuses.
"""
