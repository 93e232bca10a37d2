"""Collects the facts for "why not now": from the tables as they are at this moment, and from what the dialler knows."""

import asyncio
from datetime import datetime, timedelta

from uncall_ari.config import Settings
from uncall_ari.dialer.facts import AgentFacts, Facts, NumberFacts, TrunkFacts
from uncall_ari.dialer.lines import Lines
from uncall_ari.dialer.numbers import dialable, first_known, spellings
from uncall_ari.dialer.outcome import Refused
from uncall_ari.dialer.paces import Paces
from uncall_ari.dialer.plan import Plan, UnusableTask, plan
from uncall_ari.errors import NoSuchTask, StoreUnavailable
from uncall_ari.flows.means import Means
from uncall_ari.store import Store
from uncall_ari.store.records import Task


class Inquiry:
    """Looks, and changes nothing."""

    def __init__(self, store: Store, lines: Lines, paces: Paces) -> None:
        self._store = store
        self._lines = lines
        self._paces = paces

    async def facts(self, settings: Settings, means: Means, task_id: int, number: str | None, *, ending: bool) -> Facts:
        """All that decides about the task, and about its `number` when one is given. Never fails: a database that is
        away is a fact."""
        now = datetime.now(settings.dialer.timezone)
        connection = means.ari.connection
        asterisk_away = "" if connection.up else connection.problem
        try:
            found = await self._store.tasks(task_id)
            if not found:
                return Facts(now, task_id, asterisk_away=asterisk_away, ending=ending)
            supply = await self._store.supply(task_id, now)
            planned = _plan(found[0], settings, means)
            asked = await self._number(task_id, number, planned, settings, now) if number is not None else None
        except StoreUnavailable:
            return Facts(now, task_id, database_away=True, asterisk_away=asterisk_away, ending=ending)
        except NoSuchTask:  # deleted meanwhile
            return Facts(now, task_id, asterisk_away=asterisk_away, ending=ending)
        usable = planned if isinstance(planned, Plan) else None
        return Facts(
            now,
            task_id,
            asterisk_away=asterisk_away,
            ending=ending,
            task=found[0],
            unusable="" if usable else str(planned),
            by_agents=usable.by_agents if usable else False,
            window=(usable.day_start, usable.day_end) if usable else None,
            calls=self._lines.calls_of(task_id),
            call_max=usable.call_max if usable else 0,
            trunk=self._trunk(usable, now) if usable else None,
            agents=self._agents(usable, settings, now) if usable and usable.queue else None,
            supply=supply,
            number=asked,
        )

    def _trunk(self, plan: Plan, now: datetime) -> TrunkFacts:
        loop_now = asyncio.get_running_loop().time()
        line = self._lines.line(plan.trunk, loop_now)
        rests = line.rests_until - loop_now
        return TrunkFacts(
            plan.trunk.value,
            line.channels.used,
            line.channels.limit,
            now + timedelta(seconds=rests) if rests > 0 else None,
            plan.trunk.calls_per_second,
            line.wait(loop_now),
            plan.trunk.allow,
        )

    def _agents(self, plan: Plan, settings: Settings, now: datetime) -> AgentFacts:
        hall = self._paces.hall
        states = tuple(hall.state(each.extension) for each in settings.queue[plan.queue].members)
        staffed = hall.desk.staffed(plan.queue, hall.now)
        # As if there were room for one call: what the trunk and call_max allow is told for itself.
        reason = self._paces.reason(plan, max(1, self._lines.room(plan)))
        budget = self._paces.budget(plan.task_id)
        if budget is None:
            return AgentFacts(plan.queue, states, staffed, reason)
        ringing = self._paces.ringing(plan.task_id)
        day = now.date().toordinal()
        today, month = budget.of_day(day), budget.month(day)
        return AgentFacts(plan.queue, states, staffed, reason, budget.ceiling, today, month, ringing)

    async def _number(
        self, task_id: int, asked: str, planned: Plan | str, settings: Settings, now: datetime
    ) -> NumberFacts:
        standing = await self._store.standing(task_id, asked, dialable(asked) or asked, now)
        stored = standing.number if standing else asked
        cleaned = dialable(stored)
        refused = []
        if cleaned is None:
            refused.append(Refused.BAD_NUMBER)
        elif await self._store.dnc_matches(spellings([stored])):
            refused.append(Refused.DO_NOT_CALL)
        if cleaned and isinstance(planned, Plan) and planned.trunk.number_rules.dial_string(cleaned) is None:
            refused.append(Refused.NOT_ALLOWED)
        rests = await self._store.resting(spellings([stored]), now) if settings.dialer.abandoned_rest_hours else {}
        return NumberFacts(asked, standing, tuple(refused), first_known(stored, rests))


def _plan(task: Task, settings: Settings, means: Means) -> Plan | str:
    """The task's plan, or what is wrong with its row."""
    try:
        return plan(task, settings, means.recordings.sound)
    except UnusableTask as problem:
        return str(problem)
