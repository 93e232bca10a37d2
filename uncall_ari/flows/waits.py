"""Waiting for whatever comes first."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from uncall_ari.ari import HungUp
from uncall_ari.calls.talk import Talk, What
from uncall_ari.errors import WhyNot


async def first_of(**waits: Coroutine[Any, Any, object]) -> set[str]:
    """Run all `waits`, return the names of those that have ended first, and give up the others.

    A hang-up ends a wait too. Raises what else a wait has raised.
    """
    tasks = {asyncio.ensure_future(wait): name for name, wait in waits.items()}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, HungUp):
            raise error
    return {tasks[task] for task in done}


async def hang_up_ordered(talk: Talk) -> None:
    """Wait for the command to hang up, while one party is alone; other commands are refused meanwhile."""
    while True:
        await talk.ordered()
        order = talk.take()
        if order is None:
            continue
        if order.what is What.HANG_UP:
            order.done()
            return
        order.refuse(WhyNot.NO_SUCH_CHANNEL if order.what is What.RESTORE else WhyNot.NOT_IN_BRIDGE)
