"""One attempt at a number, from the claim to what is known of its end."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from uncall_ari.ari import EndedBy, HungUp, Leg, RequestFailed
from uncall_ari.dialer import outcome
from uncall_ari.dialer.outcome import CallEnd, Refused
from uncall_ari.dialer.witness import Ended, Live, NeverDialled, Unknown, Witness
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows import campaign
from uncall_ari.flows.campaign import Script
from uncall_ari.flows.means import CALL, Means
from uncall_ari.flows.story import Story
from uncall_ari.store.records import Claim

log = structlog.get_logger(__name__)

EXISTS = 409  # Asterisk's answer to an id that is live: an earlier request, thought lost, had arrived
PATIENCE_SECONDS = 3600.0  # for Asterisk to come back; asked again after it


class Stage(enum.Enum):
    """Where an attempt stands when we begin with it."""

    CLAIMED = "claimed"  # ours, and not dialled yet
    LIVE = "live"  # dialled by an earlier process, and still there
    DOUBTFUL = "doubtful"  # nobody knows whether it was dialled


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt that is over."""

    end: CallEnd
    at: datetime


class Attempt:
    """Carries one claim through. `run` returns how it ended, or None when the number was never dialled."""

    def __init__(
        self,
        means: Means,
        witness: Witness,
        claim: Claim,
        script: Script,
        story: Story,
        on_answer: Callable[[], None],
    ) -> None:
        self._means, self._witness, self._claim, self._script = means, witness, claim, script
        self._on_answer = on_answer
        self.story = story

    async def run(self, stage: Stage) -> Finished | None:
        """Dial, converse, and find out how it ended, through every loss of the connection on the way."""
        while True:
            if stage is not Stage.DOUBTFUL:
                finished = await self._call(stage)
                if finished is not None:
                    return finished
            match await self._verdict():
                case Live():
                    stage = Stage.LIVE
                case NeverDialled():
                    return None
                case Ended(q850, answered, at):
                    if answered:
                        self.story.answered_at = self.story.answered_at or at
                    return Finished(self._end(q850=q850), at)
                case Unknown():
                    return Finished(self._end(ended_by=outcome.EndedBy.NOBODY_KNOWS), datetime.now(UTC))

    async def _call(self, stage: Stage) -> Finished | None:
        """Make or take over the call, and be with it to its end; None: we do not know how it ended."""
        means, uid = self._means, self._claim.uid
        leg = means.ari.leg(uid)
        try:
            if stage is Stage.CLAIMED:
                await self._place(leg)
            else:
                await means.ari.adopt(leg)
        except RequestFailed as error:
            means.ari.forget(uid)
            if error.status == EXISTS:
                return None
            log.error("Asterisk cannot dial through the trunk", endpoint=self._script.endpoint, reason=error.reason)
            return Finished(self._end(refused=Refused.TRUNK_DOWN), datetime.now(UTC))
        except ConnectionFailed:
            means.ari.forget(uid)
            return None
        try:
            async with leg:
                taken_over = stage is Stage.LIVE
                await campaign.converse(means, self._script, leg, self.story, self._on_answer, taken_over=taken_over)
        except HungUp:
            pass
        except (RequestFailed, ConnectionFailed, TimeoutError) as error:
            log.error("a call was ended: it could not go on", uid=uid, reason=str(error) or "Asterisk fell silent")
        if leg.end is None or leg.end.by is EndedBy.GAP:
            return None
        by_us = leg.end.by is EndedBy.US
        ended_by = outcome.EndedBy.US if by_us else outcome.EndedBy.FAR_SIDE
        return Finished(self._end(ended_by=ended_by, q850=leg.end.q850, sip=leg.end.sip), leg.end.at)

    async def _place(self, leg: Leg) -> None:
        claim = self._claim
        variables = self._witness.variables(self._means.ari, claim.uid)
        variables[CALL] = f"{claim.task_id}/{claim.number_id}/{claim.attempt}"
        await campaign.place(self._means, self._script, leg, variables)

    async def _verdict(self) -> Live | Ended | NeverDialled | Unknown:
        while True:
            try:
                await self._means.ari.connection.wait_up(PATIENCE_SECONDS)
                return await self._witness.verdict(self._means.ari, self._claim)
            except ConnectionFailed as error:
                log.warning("waiting for Asterisk to learn of a call", uid=self._claim.uid, reason=str(error))

    def _end(
        self,
        *,
        refused: Refused | None = None,
        ended_by: outcome.EndedBy = outcome.EndedBy.FAR_SIDE,
        q850: int = 0,
        sip: int = 0,
    ) -> CallEnd:
        story = self.story
        return CallEnd(
            refused=refused,
            answered=story.answered_at is not None,
            job_began=story.began and not story.waits_for_agent,
            call_back_asked=story.wants_call_back,
            ended_by=ended_by,
            q850=q850,
            sip=sip,
            amd=story.amd,
        )
