"""What is in a number's own way, and what a task has left to dial. Pure."""

from collections.abc import Iterator

from uncall_ari.dialer.facts import Facts, NumberFacts
from uncall_ari.dialer.obstacle import Code, Obstacle, moment, shown
from uncall_ari.dialer.outcome import Refused
from uncall_ari.store.records import Outcome, Standing

MOST_COUNTED = 10_000  # see store.records.Supply

_OUTCOMES = {
    Outcome.SUCCESS: ("成功", "success"),
    Outcome.CALL_BACK: ("待回访", "to be called back"),
    Outcome.FAILED: ("失败", "failed"),
}


def about_supply(facts: Facts) -> Iterator[Obstacle]:
    """Whether the task has a number to dial now."""
    supply = facts.supply
    if supply is None or supply.open or supply.due:
        return
    if supply.later and supply.next_due is not None:
        when = moment(supply.next_due, facts.now)
        yield Obstacle(
            Code.RETRY_LATER,
            (
                f"只剩计划稍后再呼的号码（{_many(supply.later)} 个）：最早 {when}",
                f"only numbers that are to be dialled later are left ({_many(supply.later)}): the first at {when}",
            ),
            supply.next_due.astimezone(facts.now.tzinfo),
        )
        return
    yield Obstacle(
        Code.NO_NUMBERS,
        (
            f"没有可呼的号码（{_many(supply.calling)} 个正在呼叫）：请添加号码",
            f"no number is left to dial ({_many(supply.calling)} are in calls): add numbers",
        ),
    )


def about_number(facts: Facts, number: NumberFacts) -> Iterator[Obstacle]:
    """All that is in the way of one number."""
    standing = number.standing
    if standing is None:
        asked = shown(number.asked)
        yield Obstacle(
            Code.NUMBER_UNKNOWN,
            (
                f"任务 {facts.task_id} 中没有号码 {asked}：须与 mobile 列中的写法一致",
                f"task {facts.task_id} has no number {asked}: it is looked for as the column mobile has it",
            ),
        )
    elif standing.in_call:
        yield Obstacle(Code.NUMBER_IN_CALL, ("正在呼叫该号码", "the number is being called"))
        return
    else:
        yield from _row(facts, standing)
    for refused in number.refused:
        yield _refusal(facts, refused)
    yield from _planned(facts, number)


def _row(facts: Facts, standing: Standing) -> Iterator[Obstacle]:
    again = "：如需再呼，将 call_status 改为 0", ": set its call_status to 0 to have it dialled again"
    if standing.deleted:
        yield Obstacle(
            Code.NUMBER_DELETED,
            ("号码已标记为删除（del）：将 del 改为 0", "the number is marked as deleted (del): set del to 0"),
        )
    if standing.status == Outcome.OPEN or standing.due_at is not None:
        return
    last = _last(facts, standing)
    if standing.status == Outcome.CALLING:
        yield Obstacle(
            Code.NUMBER_STRANDED,
            (
                "号码标记为呼叫中（4），但没有对应的呼叫：可能由其他程序遗留" + again[0],
                "the number stands as being called (4), and no call of ours belongs to it: another program left it so"
                + again[1],
            ),
        )
    elif standing.status == Outcome.IGNORED:
        yield Obstacle(
            Code.NUMBER_IGNORED,
            (f"号码已忽略（5）{last[0]}" + again[0], f"the number is ignored (5){last[1]}" + again[1]),
        )
    else:
        known = {outcome.value: words for outcome, words in _OUTCOMES.items()}
        words = known.get(standing.status, ("未知状态", "an unknown status"))
        yield Obstacle(
            Code.NUMBER_DONE,
            (
                f"号码已呼过：{words[0]}（{standing.status}）{last[0]}，不再自动重呼" + again[0],
                f"the number is done: {words[1]} ({standing.status}){last[1]}, and no other attempt is planned"
                + again[1],
            ),
        )


def _last(facts: Facts, standing: Standing) -> tuple[str, str]:
    if not standing.cause or standing.ended_at is None:
        return "", ""
    when = moment(standing.ended_at, facts.now)
    return f"，{when} 呼叫结果 {standing.cause}", f", called until {when} with the result {standing.cause}"


def _refusal(facts: Facts, refused: Refused) -> Obstacle:
    match refused:
        case Refused.DO_NOT_CALL:
            return Obstacle(
                Code.DO_NOT_CALL,
                ("号码在免打扰名单（uncall_dnc）中", "the number is on the do-not-call list (uncall_dnc)"),
            )
        case Refused.NOT_ALLOWED:
            trunk = facts.trunk.value if facts.trunk else ""
            allowed = shown(", ".join(facts.trunk.allow) if facts.trunk else "", 200)
            return Obstacle(
                Code.NOT_ALLOWED,
                (
                    f"外线 {trunk} 不允许呼叫该号码：允许 {allowed}",
                    f"trunk {trunk} may not dial the number: it allows {allowed}",
                ),
            )
        case _:
            return Obstacle(
                Code.BAD_NUMBER,
                ("不是可呼叫的号码：2 至 16 位数字", "it is no number that can be dialled: those have 2 to 16 digits"),
            )


def _planned(facts: Facts, number: NumberFacts) -> Iterator[Obstacle]:
    """What waits for a moment, or for others."""
    standing, now, zone = number.standing, facts.now, facts.now.tzinfo
    rests, due = number.rests_until, standing.due_at if standing else None
    if standing and standing.status == Outcome.OPEN and due is not None:
        rests, due = max(due, rests or due), None  # its first attempt is postponed: that is done to those who rest
    if rests is not None and rests > now:
        when = moment(rests, now)
        yield Obstacle(
            Code.ABANDONED_REST,
            (
                f"此人不久前接听后没有等到坐席：{when} 之前任何任务都不再呼叫（dialer.abandoned_rest_hours）",
                f"the person answered not long ago and had no agent: no task calls before {when} "
                "(dialer.abandoned_rest_hours)",
            ),
            rests.astimezone(zone),
        )
    if due is not None and due > now:
        when = moment(due, now)
        cause = f"（{standing.cause}）" if standing and standing.cause else ""
        after = f" after {standing.cause}" if standing and standing.cause else ""
        yield Obstacle(
            Code.RETRY_LATER,
            (f"重呼时间未到{cause}：{when}", f"it is dialled again{after}, and not before {when}"),
            due.astimezone(zone),
        )
    if standing and standing.before and not facts.by_agents:
        many = _many(standing.before)
        yield Obstacle(
            Code.WAITS_ITS_TURN,
            (f"前面还有 {many} 个号码", f"it waits for its turn: numbers before it: {many}"),
        )


def _many(count: int) -> str:
    return f"{count:,}" if count < MOST_COUNTED else f"{MOST_COUNTED:,}+"
