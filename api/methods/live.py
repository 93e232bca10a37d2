"""What goes on at this moment: the calls and the tasks. For the JSON interface alone: the contract has none."""

from dataclasses import astuple, fields

from api.engine import Engine
from api.methods.declaration import Method, Row
from uncall_ari.metrics.views import CallView, TaskView


async def _calls(engine: Engine) -> list[Row]:
    """Seconds are whole ones."""
    return [tuple(int(v) if isinstance(v, float) else v for v in astuple(call)) for call in engine.sight.calls()]


async def _tasks(engine: Engine) -> list[Row]:
    return [astuple(task) for task in await engine.sight.tasks()]


LIVE = (
    Method(
        "getCalls",
        says=("获取当前通话", "Tell the calls that go on now."),
        params=(),
        handler=_calls,
        fields=tuple(each.name for each in fields(CallView)),
        answers="list",
        root="uncall",
    ),
    Method(
        "getTasks",
        says=("获取任务进度", "Tell how each task stands, and what keeps it from being dialled."),
        params=(),
        handler=_tasks,
        fields=tuple(each.name for each in fields(TaskView)),
        answers="list",
        root="uncall",
    ),
)
