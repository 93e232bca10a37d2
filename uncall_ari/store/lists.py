"""What our own lists say of claimed numbers, never to be called or not now: told with the claim, in its transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from uncall_ari.dialer.numbers import first_known, spellings
from uncall_ari.store import dnc, rests
from uncall_ari.store.records import Claim
from uncall_ari.store.times import Times


def looked_up(connection: Connection, times: Times, claims: Sequence[Claim], now: datetime) -> list[Claim]:
    """The claims, with what stands in the lists in either spelling of a number."""
    forms = spellings(claim.number for claim in claims)
    forbidden = dict.fromkeys(dnc.matches(connection, forms), True)
    resting = rests.resting(connection, times, forms, now)
    if not forbidden and not resting:
        return list(claims)
    return [
        replace(
            claim,
            forbidden=first_known(claim.number, forbidden) is not None,
            rests_until=first_known(claim.number, resting),
        )
        for claim in claims
    ]
