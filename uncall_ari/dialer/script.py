"""From a claimed number and its task's plan: what is to happen in the call, or why it must not be made."""

from uncall_ari.config import Settings
from uncall_ari.dialer.numbers import dial_target, dialable
from uncall_ari.dialer.outcome import Refused
from uncall_ari.dialer.plan import Plan
from uncall_ari.flows.campaign import Script
from uncall_ari.store.records import Claim


def script_for(claim: Claim, plan: Plan, settings: Settings) -> Script | Refused:
    """Return the script of a call; a Refused for a number that this task may never dial."""
    number = dialable(claim.number)
    if number is None:
        return Refused.BAD_NUMBER
    if claim.forbidden:
        return Refused.DO_NOT_CALL
    dialled = plan.trunk.number_rules.dial_string(number)
    if dialled is None:
        return Refused.NOT_ALLOWED
    return Script(
        number=number,
        endpoint=dial_target(plan.trunk.endpoint, dialled),
        ring_seconds=plan.trunk.ring_seconds or settings.dialer.ring_seconds,
        caller_id=plan.caller_id,
        recording=plan.recording,
        menu=plan.menu,
        queue=plan.queue,
        patience=settings.dialer.answer_wait_seconds,
        amd=plan.trunk.amd,
        amd_options=settings.dialer.amd.arguments if plan.trunk.amd else "",
    )


def farewell(claim: Claim, settings: Settings) -> Script:
    """Return the script of a live call whose task is not usable any more: it is ended."""
    return Script(claim.number, endpoint="", ring_seconds=settings.dialer.ring_seconds, caller_id="")
