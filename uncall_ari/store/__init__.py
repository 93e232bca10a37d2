"""The tables of the contract and our own, on SQLite and on MySQL/MariaDB. `Store` is all that others need."""

from uncall_ari.store.store import Store

__all__ = ["Store"]
