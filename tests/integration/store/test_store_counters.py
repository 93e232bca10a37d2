"""Whatever happens to numbers, in whatever order, the counters say what a count of the rows says."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.store.conftest import NOON, Outside, claim, counters, ended, running_task
from uncall_ari.store import Store
from uncall_ari.store.records import Claim, Outcome

OUTCOMES = [Outcome.OPEN, Outcome.SUCCESS, Outcome.CALL_BACK, Outcome.FAILED, Outcome.IGNORED]
EDITS = [
    "UPDATE {t} SET call_status = 0 WHERE id % 3 = {k}",
    "UPDATE {t} SET call_status = NULL WHERE id % 4 = {k}",
    "UPDATE {t} SET call_status = 1 WHERE id % 5 = {k}",
    "UPDATE {t} SET del = 1 WHERE id % 4 = {k}",
    "UPDATE {t} SET del = NULL WHERE id % 3 = {k}",
    "DELETE FROM {t} WHERE id % 6 = {k}",
    "INSERT INTO {t} (mobile) VALUES ('5')",
    "INSERT INTO {t} (mobile, call_status) VALUES ('6', 3)",
]

actions = st.one_of(
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("settle"), st.sampled_from(OUTCOMES), st.booleans(), st.integers(1, 3)),
    st.tuples(st.just("settle again"), st.sampled_from(OUTCOMES)),
    st.tuples(st.just("release"), st.integers(1, 2)),
    st.tuples(st.just("add"), st.integers(0, 3)),
    st.tuples(st.just("edit"), st.sampled_from(EDITS), st.integers(0, 3)),
    st.tuples(st.just("later"), st.just(0)),
)


@dataclass
class Dialling:
    """What a test knows of one task."""

    store: Store
    outside: Outside
    task_id: int
    now: timedelta = timedelta(0)
    open: list[Claim] = field(default_factory=list)
    over: list[Claim] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)

    async def act(self, kind: str, *what: Any) -> None:
        """Do one of the actions."""
        if kind == "claim":
            claims = await claim(self.store, self.task_id, what[0], NOON + self.now)
            assert not self.uids & {c.uid for c in claims}
            self.uids |= {c.uid for c in claims}
            self.open += claims
        elif kind == "settle":
            outcome, again, many = what
            due = NOON + self.now + timedelta(minutes=1) if again else None
            batch, self.open = self.open[:many], self.open[many:]
            await self.store.settle([ended(c, outcome, retry_at=due) for c in batch])
            self.over += batch
        elif kind == "settle again":
            await self.store.settle([ended(c, what[0]) for c in self.over])
        elif kind == "release":
            batch, self.open = self.open[: what[0]], self.open[what[0] :]
            await self.store.release(batch + self.over[:1])
        elif kind == "add":
            await self.store.add_numbers(self.task_id, ["7"] * what[0])
        elif kind == "later":
            self.now += timedelta(minutes=2)
        elif kind == "edit":
            self.outside.sql(what[0].format(t=f"o_task_run_{self.task_id}", k=what[1]))
            await self.store.recount(self.task_id)

    def counted(self) -> tuple[int, ...]:
        """The counters, by counting rows in Python."""
        rows = self.outside.sql(f"SELECT call_status, del FROM o_task_run_{self.task_id}")
        statuses = [status for status, deleted in rows if deleted in (0, None)]
        wanted: list[tuple[int, ...]] = [(1, 2, 3), (1,), (2,), (3,)]
        return len(statuses), *(sum(status in each for status in statuses) for each in wanted)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(plan=st.lists(actions, min_size=1, max_size=15))
async def test_counters_equal_a_count(store: Store, outside: Outside, plan: list[tuple[Any, ...]]) -> None:
    task_id = await running_task(store, *(str(i) for i in range(8)))
    dialling = Dialling(store, outside, task_id)
    for action in plan:
        await dialling.act(*action)
        assert counters(outside, task_id) == dialling.counted(), f"after {action}"
    left = {each.claim.uid for each in await store.unsettled() if each.claim.task_id == task_id}
    assert left == {c.uid for c in dialling.open}
    await store.settle([ended(c) for c in dialling.open])
    assert counters(outside, task_id) == dialling.counted()
