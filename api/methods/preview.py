"""Click tasks: the agent's next number to look at, and its call. In the JSON interface alone: Uncall had pages of its
own for it, and the contract no method.
"""

from api.engine import Engine
from api.methods.checks import extension, task_id
from api.methods.declaration import Method, Param, Refusal, Row, Unusable
from uncall_ari.errors import WhyNot

MOST = 2**31 - 1  # int(10), signed


def _row_id(value: str, _engine: Engine) -> int:
    """The id of a number's row."""
    if not (value.strip().isascii() and value.strip().isdigit() and 0 < int(value.strip()[:11]) <= MOST):
        raise Unusable
    return int(value)


async def _next(engine: Engine, task_id: int, agent: str) -> list[Row]:
    number = await engine.preview_next(task_id, agent)
    if number is None:
        return []
    customer = "" if number.customer_id is None else number.customer_id
    return [(number.number_id, number.number, number.contact, number.remark, number.address, customer)]


async def _dial(engine: Engine, task_id: int, number_id: int, agent: str) -> list[Row]:
    return [(await engine.preview_dial(task_id, number_id, agent),)]


_AGENT = Param("agent", "agent", extension, required=True, says="extension")
_TASK = Param("id", "task_id", task_id, required=True, says="494 or o_task_run_494: a click task that runs")

NEXT = Method(
    "previewNumber",
    ("获取坐席的下一个预览号码", "Tell an agent's next number of a click task; it is his from then on."),
    (_AGENT, _TASK),
    _next,
    fields=("number_id", "mobile", "contact", "remark", "address", "customer_id"),
    root="uncall",
    refusals={WhyNot.NO_AGENT: Refusal("agent is error")},
    changes=True,
)
DIAL = Method(
    "previewCall",
    ("呼叫预览号码", "Ring the agent, then his number, and connect them."),
    (_AGENT, _TASK, Param("number_id", "number_id", _row_id, required=True, says="of previewNumber")),
    _dial,
    fields=("uid",),
    root="uncall",
    refusals={
        WhyNot.RINGING: Refusal("Ringing"),
        WhyNot.UNAVAILABLE: Refusal("Busy"),
        WhyNot.NOT_HIS: Refusal("number is not yours"),
        WhyNot.NOT_DIALABLE: Refusal("number must not be dialled"),
        WhyNot.NO_ROOM: Refusal("no line is free"),
    },
    changes=True,
)
