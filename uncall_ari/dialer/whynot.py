"""Why a task, or a number of it, is not being dialled at this moment: all that is in the way, the most basic first.

The texts are for people who run campaigns: each has the figures that decide, and what changes it where that is not
plain. Pure.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from uncall_ari.dialer.facts import AgentFacts, Facts, TrunkFacts
from uncall_ari.dialer.obstacle import Code, Obstacle, moment, shown
from uncall_ari.dialer.whynumber import about_number, about_supply
from uncall_ari.dialer.window import MIDNIGHT, is_open, next_change
from uncall_ari.pacing.situation import Reason, Why
from uncall_ari.queues import State
from uncall_ari.store.records import Task, TaskStatus

NOTICEABLE_SECONDS = 0.1  # a rate that allows the next call sooner keeps nobody waiting: calls start ten times a second

_BY_PACER = {
    Why.NO_AGENTS: Code.NO_AGENTS,
    Why.AGENTS_BUSY: Code.AGENTS_BUSY,
    Why.IN_FLIGHT: Code.IN_FLIGHT,
    Why.LEARNING: Code.LEARNING,
    Why.BUDGET_DAY: Code.BUDGET_DAY,
    Why.BUDGET_30_DAYS: Code.BUDGET_30_DAYS,
}
_STATES = {
    State.OUT: ("未签入", "signed out"),
    State.AWAY: ("电话不可用", "with a phone that is busy, not there or not to be disturbed"),
    State.FREE: ("空闲", "free"),
    State.OFFERED: ("振铃中", "being rung"),
    State.TALKING: ("通话中", "talking"),
    State.WRAP_UP: ("话后处理", "in wrap-up"),
    State.RESTING: ("未接来电后休息", "at rest after a call that was not answered"),
}


def obstacles(facts: Facts) -> list[Obstacle]:
    """All that keeps the task, or its number, from being dialled now. An empty list: it is dialled now, or next.

    Of a number that is in a call only that is told.
    """
    number = facts.number
    if number and number.standing and number.standing.in_call:
        return list(about_number(facts, number))
    return [
        *_engine(facts),
        *(_task(facts.task, facts.unusable) if facts.task else ()),
        *_by_agents(facts),
        *(_window(*facts.window, facts.now) if facts.window else ()),
        *(_trunk(facts.trunk, facts.now) if facts.trunk else ()),
        *_call_max(facts),
        *(_agents(facts.agents, facts) if facts.agents else ()),
        *(about_number(facts, number) if number else about_supply(facts)),
    ]


def _engine(facts: Facts) -> Iterator[Obstacle]:
    if facts.database_away:
        yield Obstacle(
            Code.DATABASE_AWAY,
            (
                "数据库无法访问：不能取号，也无法得知其他情况",
                "the database is not reached: no number can be claimed, and more is not known",
            ),
        )
    elif facts.task is None:
        yield Obstacle(Code.NO_SUCH_TASK, (f"没有任务 {facts.task_id}", f"there is no task {facts.task_id}"))
    if facts.ending:
        yield Obstacle(
            Code.ENDING,
            (
                "引擎正在退出，不再发起新的呼叫：请重新启动",
                "the engine is ending and starts no more calls: start it again",
            ),
        )
    if facts.asterisk_away:
        problem = shown(facts.asterisk_away, 200)
        yield Obstacle(Code.ASTERISK_AWAY, (f"无法连接 Asterisk：{problem}", f"Asterisk is not reached: {problem}"))


def _task(task: Task, unusable: str) -> Iterator[Obstacle]:
    if task.status != TaskStatus.RUN:
        yield Obstacle(Code.NOT_RUNNING, _status(task))
    if unusable:
        problem = shown(unusable, 300)
        yield Obstacle(Code.UNUSABLE, (f"任务无法外呼：{problem}", f"the task cannot be dialled: {problem}"))


def _status(task: Task) -> tuple[str, str]:
    to_run = "：将其状态改为 run", ": set its status to run"
    match task.status:
        case TaskStatus.READY:
            chinese, english = "任务尚未启动（ready）", "the task has not been started (ready)"
        case TaskStatus.PAUSE:
            chinese, english = "任务已暂停（push）", "the task is paused (push)"
        case TaskStatus.STOP:
            chinese, english = "任务已停止（stop）", "the task is stopped (stop)"
        case TaskStatus.FINISH if task.is_run == 2:
            return (
                "号码已全部呼完，任务已自动结束（finish）：添加号码后会自动继续",
                "the task had no numbers left and was finished (finish): add numbers, and it runs again",
            )
        case TaskStatus.FINISH:
            chinese, english = "任务已被结束（finish）", "the task was set to finish (finish)"
        case other:
            chinese, english = f"任务状态“{shown(other)}”不是 run", f"the task's status {shown(other)!r} is not run"
    return chinese + to_run[0], english + to_run[1]


def _by_agents(facts: Facts) -> Iterator[Obstacle]:
    if facts.by_agents:
        yield Obstacle(
            Code.BY_AGENTS,
            (
                "点击外呼任务（click）：由坐席查看号码并发起呼叫，不会自动外呼",
                "it is a task of previews (click): agents look at its numbers and ask for the calls",
            ),
        )


def _window(start: time, end: time, now: datetime) -> Iterator[Obstacle]:
    if is_open(start, end, now):
        return
    change = next_change(start, end, now)
    opens = change.replace(tzinfo=now.tzinfo) if change else None
    when = moment(opens, now) if opens else "?"
    hours = f"{start:%H:%M}", "24:00" if end == MIDNIGHT else f"{end:%H:%M}"
    yield Obstacle(
        Code.WINDOW_CLOSED,
        (
            f"每天的外呼时段为 {hours[0]} 至 {hours[1]}，现在是 {now:%H:%M}（{now.tzinfo}）：{when} 开始",
            f"the daily window is {hours[0]} to {hours[1]}, and it is {now:%H:%M} ({now.tzinfo}): it opens at {when}",
        ),
        opens,
    )


def _trunk(trunk: TrunkFacts, now: datetime) -> Iterator[Obstacle]:
    if trunk.rests_until is not None and trunk.rests_until > now:
        until = moment(trunk.rests_until, now)
        yield Obstacle(
            Code.TRUNK_RESTING,
            (
                f"Asterisk 无法通过外线 {trunk.value} 呼出，外线暂停至 {until}：请检查其 PJSIP endpoint",
                f"Asterisk could not dial through trunk {trunk.value}, which rests until {until}: look at its endpoint",
            ),
            trunk.rests_until,
        )
    if trunk.used >= trunk.channels:
        yield Obstacle(
            Code.TRUNK_FULL,
            (
                f"外线 {trunk.value} 已满：{trunk.channels} 路中已用 {trunk.used} 路",
                f"trunk {trunk.value} is full: {trunk.used} of {trunk.channels} channels are in use",
            ),
        )
    if trunk.wait > NOTICEABLE_SECONDS:
        yield Obstacle(
            Code.TRUNK_RATE,
            (
                f"外线 {trunk.value} 每秒最多 {trunk.calls_per_second:g} 次呼叫：{trunk.wait:.1f} 秒后可发起下一次",
                f"trunk {trunk.value} takes {trunk.calls_per_second:g} calls a second: the next in {trunk.wait:.1f} s",
            ),
            now + timedelta(seconds=trunk.wait),
        )


def _call_max(facts: Facts) -> Iterator[Obstacle]:
    if facts.trunk is not None and facts.calls >= facts.call_max:
        yield Obstacle(
            Code.CALL_MAX,
            (
                f"任务已达最大并发：{facts.call_max} 个中已用 {facts.calls} 个（call_max）",
                f"the task has as many calls as it may: {facts.calls} of {facts.call_max} (call_max)",
            ),
        )


def _agents(agents: AgentFacts, facts: Facts) -> Iterator[Obstacle]:
    reason = agents.reason or Reason(Why.CALLS if agents.staffed else Why.NO_AGENTS)
    code = _BY_PACER.get(reason.why)
    if code is None or reason.calls:
        return
    midnight = (facts.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    yield Obstacle(code, _pace(code, agents, reason), midnight if code is Code.BUDGET_DAY else None)


def _pace(code: Code, agents: AgentFacts, reason: Reason) -> tuple[str, str]:
    counts = Counter(agents.states)
    chinese = "、".join(f"{counts[state]} 人{words[0]}" for state, words in _STATES.items() if counts[state])
    english = ", ".join(f"{counts[state]} {words[1]}" for state, words in _STATES.items() if counts[state])
    match code:
        case Code.NO_AGENTS:
            return (
                f"队列 {agents.queue} 没有坐席在岗（共 {len(agents.states)} 人：{chinese}）",
                f"nobody of queue {agents.queue} works ({len(agents.states)} members: {english})",
            )
        case Code.AGENTS_BUSY:
            return (
                f"队列 {agents.queue} 没有空闲或即将空闲的坐席（{chinese}）",
                f"no agent of queue {agents.queue} is free or about to be ({english})",
            )
        case Code.IN_FLIGHT:
            return (
                f"正在振铃的 {agents.ringing} 个呼叫已足够空闲或即将空闲的坐席接听（{chinese}）" + _expected(reason)[0],
                f"the calls that ring ({agents.ringing}) are enough for agents who are free or about to be ({english})"
                + _expected(reason)[1],
            )
        case Code.LEARNING:
            return (
                f"已知的呼叫太少，尚在学习：每个空闲坐席只呼一个（{chinese}）",
                f"too few calls are known yet: one for each free agent, and no more ({english})",
            )
    spent = agents.today if code is Code.BUDGET_DAY else agents.month
    days = ("今天", "today") if code is Code.BUDGET_DAY else ("30 天内", "in 30 days")
    share = f"{spent[1] / spent[0]:.1%}" if spent[0] else "0 %"
    return (
        f"{days[0]}接听的 {spent[0]} 人中有 {spent[1]} 人没有等到坐席（{share}，上限 {agents.ceiling:.1%}）："
        "只在有坐席空闲等待时呼叫",
        f"of {spent[0]} people who answered {days[1]}, {spent[1]} had no agent in time ({share}; at most "
        f"{agents.ceiling:.1%}): only calls that an agent waits for are started",
    )


def _expected(reason: Reason) -> tuple[str, str]:
    if not reason.answers and not reason.agents:
        return "", ""
    return (
        f"：预计接听 {reason.answers:.1f} 个，可用坐席 {reason.agents:.1f} 个",
        f": {reason.answers:.1f} answers are expected, and {reason.agents:.1f} agents for them",
    )
