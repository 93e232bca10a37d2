"""Why a task, or a number of it, is not dialled now. In the JSON interface alone: the contract has no such method."""

from api.engine import Engine
from api.methods import checks
from api.methods.declaration import Method, Param, Row, Unusable


def _number(value: str, _engine: Engine) -> str:
    """A number as the tables may have it, usable or not: what is wrong with it is told."""
    value = value.strip()
    if len(value) > 32 or not value.isprintable():
        raise Unusable
    return value


async def _why_not(engine: Engine, task_id: int, number: str) -> list[Row]:
    found = await engine.obstacles(task_id, number or None)
    return [
        (each.code.value, each.says[0], each.says[1], f"{each.until:%Y-%m-%d %H:%M:%S}" if each.until else "")
        for each in found
    ]


WHY_NOT = Method(
    "whyNot",
    ("查询任务或号码当前未外呼的原因", "Tell why a task, or a number of it, is not dialled at this moment."),
    (Param("id", "task_id", checks.task_id, required=True), Param("number", "number", _number)),
    _why_not,
    fields=("code", "zh", "en", "until"),
    answers="list",
    root="uncall",
)
