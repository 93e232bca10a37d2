"""The agents of the queues: signing in and out. Ours: the contract has no such methods.

`VIEWS` are for the JSON interface alone: what queues and agents do at this moment.
"""

from api.engine import Engine
from api.methods.checks import extension
from api.methods.declaration import Method, Param, Refusal, Row
from uncall_ari.errors import WhyNot

_AGENT = (Param("strAgent", "agent", extension, says="extension"),)
_NO_AGENT = {
    WhyNot.NO_MEMBER: Refusal("Agent not in queue"),
    WhyNot.NOT_CHANGED: Refusal("Failed to update entry"),
}


async def _sign_in(engine: Engine, agent: str) -> list[Row]:
    await engine.sign_in(agent)
    return [("Agent signed in",)]


async def _sign_out(engine: Engine, agent: str) -> list[Row]:
    await engine.sign_out(agent)
    return [("Agent signed out",)]


async def _agents(engine: Engine) -> list[Row]:
    """Seconds are whole ones; what is true is 1, what is not 0."""
    return [
        (
            agent.extension,
            agent.state.value,
            int(agent.seconds),
            ",".join(agent.queues),
            agent.call,
            agent.calls,
            int(agent.open_line),
            int(agent.signed_in),
        )
        for agent in engine.agents()
    ]


async def _queues(engine: Engine) -> list[Row]:
    return [
        (
            queue.value,
            queue.description,
            queue.members,
            queue.staffed,
            queue.free,
            queue.talking,
            queue.waiting,
            int(queue.longest_wait),
        )
        for queue in engine.queue_views()
    ]


METHODS = (
    Method(
        "signIn",
        says=("坐席签入", "Let an agent have calls of his queues."),
        params=_AGENT,
        handler=_sign_in,
        fields=("Message",),
        root="uncall",
        refusals=_NO_AGENT,
        changes=True,
    ),
    Method(
        "signOut",
        says=("坐席签出", "Let an agent have no more calls of queues; the one that he has goes on."),
        params=_AGENT,
        handler=_sign_out,
        fields=("Message",),
        root="uncall",
        refusals=_NO_AGENT,
        changes=True,
    ),
)

VIEWS = (
    Method(
        "getAgents",
        says=("获取坐席状态", "Tell what each member of the queues does now."),
        params=(),
        handler=_agents,
        fields=("extension", "state", "seconds", "queues", "call", "calls", "open_line", "signed_in"),
        answers="list",
        root="uncall",
    ),
    Method(
        "getQueues",
        says=("获取队列状态", "Tell how each queue is now."),
        params=(),
        handler=_queues,
        fields=("value", "description", "members", "staffed", "free", "talking", "waiting", "longest_wait"),
        answers="list",
        root="uncall",
    ),
)
