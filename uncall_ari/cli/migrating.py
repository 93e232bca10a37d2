"""`uncall migrate`: brings our own tables up to date without an engine, or shows the statements that would do it."""

import asyncio
import sys

from uncall_ari.config import Settings
from uncall_ari.store import Store


def run(settings: Settings, *, only_show: bool) -> None:
    """Do what `uncall serve` does with the tables at its start; or write what is to be done for our own tables, as
    SQL, to standard output. Raises ConfigError, StoreUnavailable."""
    if only_show:
        for statement in asyncio.run(_statements(settings)):
            sys.stdout.write(f"{statement};\n")
    else:
        asyncio.run(_upgrade(settings))
        sys.stdout.write("The tables are up to date.\n")


async def _statements(settings: Settings) -> list[str]:
    url, calls = settings.database.url.get_secret_value(), settings.database.calls
    return await Store.upgrade_statements(url, timezone=settings.dialer.timezone, calls_database=calls)


async def _upgrade(settings: Settings) -> None:
    url, calls = settings.database.url.get_secret_value(), settings.database.calls
    async with await Store.open(url, timezone=settings.dialer.timezone, calls_database=calls):
        pass
