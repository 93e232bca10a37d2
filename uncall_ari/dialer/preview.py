"""Preview dialling: an agent looks at a number of a click task, and it is dialled when he asks for it."""

from datetime import UTC, datetime

from uncall_ari.ari import IdMaker
from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.dialer.calls import Calls
from uncall_ari.dialer.lines import Lines
from uncall_ari.dialer.plan import Plan
from uncall_ari.dialer.watch import Watch
from uncall_ari.errors import CommandRefused, NoSuchTask, WhyNot
from uncall_ari.store import Store
from uncall_ari.store.records import PreviewNumber

LARGEST = 2**31 - 1


class Previews:
    """The click tasks that run. All raise StoreUnavailable, and ConnectionFailed when Asterisk is not reached."""

    def __init__(self, store: Store, watch: Watch, calls: Calls, lines: Lines, ids: IdMaker) -> None:
        self._store, self._watch, self._calls, self._lines, self._ids = store, watch, calls, lines, ids

    async def next(self, task_id: int, extension: str) -> PreviewNumber | None:
        """The next number for this agent, which is his from now on; None when there is none.

        Raises NoSuchTask for a task that is no click task, does not run, or whose day is over, CommandRefused NO_AGENT
        for who is no extension, or one whose number the column `extension`, an int(10), cannot hold: whoever asks under
        made-up numbers would take all numbers away from the agents.
        """
        self._plan(task_id)
        if int(extension) > LARGEST or not await self._calls.means.extensions.exists(extension):
            raise CommandRefused(WhyNot.NO_AGENT)
        return await self._store.pick(task_id, extension)

    async def dial(self, task_id: int, number_id: int, extension: str) -> str:
        """Ring the agent, then the number, and connect them; returns the call's uid. What comes of it is settled as
        for any other number.

        Raises NoSuchTask as `next`, and CommandRefused: RINGING or UNAVAILABLE for the agent, NOT_HIS for a number
        that is another agent's or was dialled meanwhile, NOT_DIALABLE for one that must not be dialled, NO_ROOM.
        """
        plan, board = self._plan(task_id), self._calls.means.board
        if int(extension) > LARGEST:
            raise CommandRefused(WhyNot.UNAVAILABLE)
        uid, leg = self._ids.new(), self._ids.new()
        board.reserve(extension, leg)
        try:
            if await self._calls.means.extensions.status(extension) is not ExtensionStatus.IDLE:
                raise CommandRefused(WhyNot.UNAVAILABLE)
            if not self._lines.room(plan) or not self._lines.channels_free(plan.trunk):
                raise CommandRefused(WhyNot.NO_ROOM)
            claim = await self._store.claim_number(
                task_id, number_id, extension, uid, trunk=plan.trunk.value, now=datetime.now(UTC)
            )
            if claim is None:
                raise CommandRefused(WhyNot.NOT_HIS)
            self._calls.preview(plan, claim, extension, leg)
        except BaseException:
            board.release(extension, leg)
            raise
        return uid

    def _plan(self, task_id: int) -> Plan:
        plan = next((each for each in self._watch.open_plans() if each.task_id == task_id), None)
        if plan is None or not plan.by_agents:
            raise NoSuchTask(task_id)
        return plan
