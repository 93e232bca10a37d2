"""A failure that nobody foresaw: the log gets all of it, the client an id to tell."""

import secrets

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

log = structlog.get_logger("api")


def incident(error: Exception, where: str) -> str:
    """Log `error` with its stack trace; the sentence for the client, with the id that the log has."""
    number = secrets.token_hex(4)
    log.error("unforeseen failure", incident=number, where=where[:200], exc_info=error)
    return f"internal error, incident {number}"


@web.middleware
async def no_stack_traces(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an unforeseen failure with 500 and its id; HTTP's own errors pass."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:
        return web.Response(status=500, text=incident(error, request.path) + "\n")
