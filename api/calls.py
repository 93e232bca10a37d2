"""Carrying out one call of a web method: check, do, and tell every failure in the method's own shape."""

import asyncio
from collections.abc import Mapping

from api.engine import Engine
from api.incidents import incident
from api.methods import Method, Unusable
from api.methods.declaration import Refusal
from api.outcome import Failure, Outcome, Success
from api.together import Together
from uncall_ari.errors import CommandRefused, ConnectionFailed, NoSuchTask, StoreUnavailable

ENGINE_SECONDS = 30  # PHP's default_socket_timeout is 60: answer in shape before the client gives up


async def carry_out(
    method: Method, given: Mapping[str, str], engine: Engine, together: Together | None = None
) -> Outcome:
    """Call `method` with the parameters as a client sent them. Bad input and a failing engine are Failures.

    `<result>` of a failure: contract section 3 keeps 1 whatever is wrong with the request; a server
    behind us that is away makes it 0 (section 1), and so does every failure of section 2. A failure
    that nobody foresaw is told in the same shape, with the id under which the log has it.
    """
    refused = 1 if method.root == "unallcc" else 0
    try:
        values = method.values(given, engine)
        async with asyncio.timeout(ENGINE_SECONDS):
            if method.shared and together is not None:
                return await together.answer((method.name, *values.values()), lambda: method.handler(engine, **values))
            return Success(await method.handler(engine, **values))
    except Unusable as unusable:
        return Failure(unusable.message, refused)
    except NoSuchTask:
        return Failure(f"{next(each.name for each in method.params if each.into == 'task_id')} is error", refused)
    except CommandRefused as refusal:
        return _told(method.refusals.get(refusal.why) or Refusal(refusal.why.value))
    except (StoreUnavailable, TimeoutError):
        if method.root == "uncall":
            return _told(method.away)
        # Only lists answer 0: the document shows `databases error` with 1 for the other methods.
        return Failure("databases error", 0 if method.answers == "list" else refused)
    except ConnectionFailed:
        return _told(method.away)
    except Exception as error:
        return Failure(incident(error, method.name), 0)


def _told(refusal: Refusal) -> Failure:
    return Failure(refusal.message, refusal.result, refusal.response)
