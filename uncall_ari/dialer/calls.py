"""The attempts that are under way: begun, carried through, settled; and those that a crash left open, taken up.

What makes a number never dialled twice and never lost: the claim is in the database before Asterisk is asked; the
channel's id is the claim's; the end is written once; and what a crash leaves open is settled by what Asterisk itself
remembers (`witness`).
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from uncall_ari.ari import HungUp, RequestFailed
from uncall_ari.calls.ongoing import Call, Kind
from uncall_ari.calls.talk import Party
from uncall_ari.config import Settings
from uncall_ari.dialer.attempt import Attempt, Finished, Stage
from uncall_ari.dialer.left_open import left_story, waited_of
from uncall_ari.dialer.lines import TICK_SECONDS, Lines
from uncall_ari.dialer.numbers import dialable
from uncall_ari.dialer.outcome import CallEnd, EndedBy, Refused, ending
from uncall_ari.dialer.paces import Paces
from uncall_ari.dialer.plan import Plan
from uncall_ari.dialer.retry import retry_at
from uncall_ari.dialer.script import farewell, script_for
from uncall_ari.dialer.settler import Settler
from uncall_ari.dialer.witness import Witness
from uncall_ari.errors import CommandRefused, ConnectionFailed, StoreUnavailable, WhyNot
from uncall_ari.flows.campaign import Script
from uncall_ari.flows.means import Means
from uncall_ari.flows.preview import agent_answers
from uncall_ari.flows.story import Story
from uncall_ari.logs import about
from uncall_ari.metrics.meters import Counter
from uncall_ari.store import Store
from uncall_ari.store.records import Claim, Outcome, Settlement

log = structlog.get_logger(__name__)

LOTS = 3  # in which the calls of a tick are dialled; more: quicker reactions, more CPU (all sides wake up more often)
AWAY_SECONDS = 1.0  # between two attempts while the database is away
WORDS = {each: each.name.lower().replace("_", "-") for each in Outcome}  # for the figures


class Calls:
    """Every attempt between its claim and its settlement."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        means: Means,
        lines: Lines,
        witness: Witness,
        paces: Paces,
        runs: Callable[[int], bool],
    ) -> None:
        """`runs` tells whether a task may place calls at this moment."""
        self.settings, self.means = settings, means
        self._runs = runs
        self._store = store
        self._lines = lines
        self._witness = witness
        self._paces = paces
        self._open: set[str] = set()  # uids that are claimed and not settled in the database
        self._tasks: set[asyncio.Task[None]] = set()
        self.settler = Settler(store, self._is_settled)
        self.refused = Counter()  # cause: numbers that were settled without a call
        self.abandoned = Counter()  # queue: answered calls that no agent had in time

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, plan: Plan, claims: list[Claim]) -> None:
        """Dial freshly claimed numbers, or settle them at once when they must not be dialled.

        In a few lots, until the next claims come: what is dialled at once is answered at once, and then each waits for
        the others.
        """
        self._open.update(claim.uid for claim in claims)
        for place, claim in enumerate(claims):
            script = self._script(claim, plan)
            if script is not None:
                story, after = Story(), place * LOTS // len(claims) / LOTS * TICK_SECONDS
                self._paces.dialled(plan, claim.uid, story, script.patience)
                self._start(claim, script, plan.trunk.value, story, Stage.CLAIMED, after)

    def preview(self, plan: Plan, claim: Claim, extension: str, leg: str) -> None:
        """Dial a number that its agent has asked for; `leg` is the id for his, which his phone is reserved for.

        Raises CommandRefused NOT_DIALABLE, and the number is settled then or rests.
        """
        self._open.add(claim.uid)
        script = self._script(claim, plan)
        if script is None:
            raise CommandRefused(WhyNot.NOT_DIALABLE)
        self._spawn(self._previewed(claim, script, plan.trunk.value, extension, leg), claim)

    async def take_up(self, plans: dict[int, Plan]) -> None:
        """Take up the attempts that are open in the database and unknown here: after a crash, or when the answer
        to a claim was lost. Raises StoreUnavailable."""
        left = [each for each in await self._store.unsettled() if each.claim.uid not in self._open]
        if left:
            log.warning("calls were left open: they are taken over or settled", calls=len(left))
        self._witness.keep_only(self._open | {each.claim.uid for each in left})
        for each in left:
            plan = plans.get(each.claim.task_id)
            script = script_for(each.claim, plan, self.settings) if plan else None
            if not isinstance(script, Script):
                script = farewell(each.claim, self.settings)
            story = left_story(each, plan, await self._store.agent_of(each.claim.uid) if each.answered_at else "")
            self._open.add(each.claim.uid)
            self._start(each.claim, script, each.trunk, story, Stage.DOUBTFUL)

    async def end(self, seconds: float) -> None:
        """Give the calls up to `seconds`, leave those that go on to the next process, write all results."""
        if self._tasks and seconds > 0:
            log.info("waiting for calls to end", calls=len(self._tasks), seconds=seconds)
            await asyncio.wait(self._tasks, timeout=seconds)
        self.means.ari.leaving = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not await self.settler.drain(seconds=10.0):
            log.error("results could not be written; the next start settles them", waiting=self.settler.waiting)

    def _start(self, claim: Claim, script: Script, trunk: str, story: Story, stage: Stage, after: float = 0.0) -> None:
        """Carry a call through, beginning `after` so many seconds."""
        self._lines.started(claim.uid, trunk, claim.task_id)
        self._spawn(self._carry_through(claim, script, trunk, story, stage, after), claim)

    async def _previewed(self, claim: Claim, script: Script, trunk: str, extension: str, leg: str) -> None:
        """Ring the agent, then carry the call through; an agent who does not answer leaves the number open."""
        means, began = self.means, False
        try:
            async with means.ari.leg(leg) as agent:
                if await agent_answers(means, agent, extension, claim.number, claim.uid):
                    began = True
                    self._lines.started(claim.uid, trunk, claim.task_id)
                    with_agent = replace(script, agent=Party(extension, agent, is_extension=True))
                    await self._carry_through(claim, with_agent, trunk, Story(), Stage.CLAIMED)
        except (HungUp, RequestFailed, ConnectionFailed) as error:
            log.info("an agent has left before his call", uid=claim.uid, reason=str(error))
        finally:
            means.board.release(extension, leg)
        if not began:
            await self._give_back(claim)

    async def _carry_through(
        self, claim: Claim, script: Script, trunk: str, story: Story, stage: Stage, after: float = 0.0
    ) -> None:
        ongoing, again = self.means.board.ongoing, stage is not Stage.CLAIMED
        number, who = claim.number, script.agent.number if script.agent else ""
        ongoing.begin(Call(claim.uid, Kind.CAMPAIGN, number, who, trunk, claim.task_id, taken_over=again))

        def on_answer() -> None:
            ongoing.answered(claim.uid)
            self.settler.answered(claim.uid, story.answered_at or datetime.now(UTC))

        attempt = Attempt(self.means, self._witness, claim, script, story, on_answer)
        try:
            if after:
                await asyncio.sleep(after)
            stopped = stage is Stage.CLAIMED and not self._runs(claim.task_id)  # since it was claimed
            finished = None if stopped else await attempt.run(stage)
        except Exception:
            log.exception("a call failed by a mistake of ours", uid=claim.uid)
            lost = CallEnd(answered=story.answered_at is not None, ended_by=EndedBy.NOBODY_KNOWS)
            finished = Finished(lost, datetime.now(UTC))
        finally:
            self._lines.ended(claim.uid, trunk, claim.task_id)
        if finished is not None and finished.end.refused is Refused.TRUNK_DOWN:
            self._lines.rest(trunk, asyncio.get_running_loop().time())
            finished = None  # nobody was dialled: the number waits for the trunk
        self._paces.over(claim.task_id, claim.uid, story, script.patience, dialled=finished is not None)
        if finished is None:
            ongoing.end(claim.uid, "not-dialled", "open")
            await self._give_back(claim)
        else:
            self._settle(claim, story, finished, script.patience)

    def _script(self, claim: Claim, plan: Plan) -> Script | None:
        """What is to happen in the call; None when there must be none: the number rests on, or is settled."""
        if claim.rests_until is not None and self.settings.dialer.abandoned_rest_hours:
            self._spawn(self._give_back(claim, claim.rests_until), claim)
            return None
        script = script_for(claim, plan, self.settings)
        if isinstance(script, Refused):
            self._settle(claim, Story(), Finished(CallEnd(refused=script), datetime.now(UTC)))
            return None
        return script

    async def _give_back(self, claim: Claim, until: datetime | None = None) -> None:
        """The number was claimed and never dialled: it is open again, at once or at the moment `until`."""
        while True:
            try:
                if until is None:
                    await self._store.release([claim])
                else:
                    await self._store.postpone([(claim, until)])
            except StoreUnavailable:
                await asyncio.sleep(AWAY_SECONDS)
                continue
            self._forget(claim.uid)
            return

    def _settle(self, claim: Claim, story: Story, finished: Finished, patience: float = 0.0) -> None:
        result, cause = ending(finished.end)
        answered = story.answered_at
        talked = round((finished.at - answered).total_seconds()) if answered else 0
        waited = waited_of(story, finished.at)
        abandoned = waited is not None and waited >= patience
        self.means.board.ongoing.end(claim.uid, cause, WORDS[result])
        if finished.end.refused is not None:
            self.refused.add(cause)
        if abandoned:
            self.abandoned.add(story.queue)
        rest = timedelta(hours=self.settings.dialer.abandoned_rest_hours)
        self.settler.settle(
            Settlement(
                task_id=claim.task_id,
                number_id=claim.number_id,
                uid=claim.uid,
                outcome=result,
                cause=cause,
                ended_at=finished.at,
                q850=finished.end.q850,
                sip=finished.end.sip,
                answered_at=answered,
                billsec=max(0, talked),
                extension=story.extension,
                keys=" ".join(story.keys),
                amd=story.amd,
                queue=story.queue,
                waited=waited,
                abandoned=abandoned,
                talked=story.talked,
                dialled=dialable(claim.number) or "",
                rest_until=finished.at + rest if abandoned and rest else None,
                retry_at=retry_at(cause, claim.attempt, self.settings.dialer.retry, finished.at),
            )
        )

    def _is_settled(self, result: Settlement) -> None:
        self._forget(result.uid)

    def _forget(self, uid: str) -> None:
        self._open.discard(uid)
        self._witness.settled(uid)

    def _spawn(self, work: Coroutine[object, object, None], claim: Claim) -> None:
        context = about(uid=claim.uid, task=claim.task_id, number_id=claim.number_id)
        task = asyncio.create_task(work, name=f"call {claim.uid}", context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
