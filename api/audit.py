"""Carrying out calls for a client, with one line in the log for every call that changes something."""

import time
from collections.abc import Mapping

import structlog
from aiohttp import web
from structlog.contextvars import clear_contextvars

from api.calls import carry_out
from api.context import CALLER, FACADE
from api.methods import Method
from api.outcome import Failure, Outcome

log = structlog.get_logger("api.audit")

_SHOWN = 200  # characters of a value that are logged


async def call(request: web.Request, method: Method, given: Mapping[str, str]) -> Outcome:
    """Carry out `method` with what was sent; see `api.calls.carry_out`."""
    started, facade = time.monotonic(), request.app[FACADE]
    clear_contextvars()  # of the request before, on the same connection
    outcome = await carry_out(method, given, facade.engine, facade.together)
    facade.meters.requests.add(method.name, "failure" if isinstance(outcome, Failure) else "success")
    facade.meters.seconds.take(time.monotonic() - started)
    if method.changes:
        sent = {param.name: given.get(param.name, "")[:_SHOWN] for param in method.params}
        log.info(
            "call",
            who=request.get(CALLER, ""),
            address=request.remote,
            method=method.name,
            sent=sent,
            outcome=outcome.message if isinstance(outcome, Failure) else "success",
            milliseconds=round((time.monotonic() - started) * 1000),
        )
    clear_contextvars()
    return outcome
