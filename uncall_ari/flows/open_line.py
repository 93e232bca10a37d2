"""An agent's open line: he has dialled in and stays connected; calls are put through to him without ringing."""

from uncall_ari.ari import Leg
from uncall_ari.flows.means import AGENT, CALL, Means
from uncall_ari.flows.waits import first_of

ANSWER_SECONDS = 10.0  # for our answer to reach his phone
SHIFT_SECONDS = 12 * 3600.0  # nobody works longer


async def stay_connected(means: Means, agent: Leg, extension: str) -> None:
    """Keep the agent's phone connected until he hangs up or signs out; he is signed in as long. Raises HungUp."""
    await agent.set_variable(CALL, f"{AGENT}{extension}")
    await agent.answer()
    await agent.answered(ANSWER_SECONDS)
    await agent.play(*means.sounds(["beep"]))
    with means.hall.line(extension, agent) as line:
        await first_of(left=agent.ended(SHIFT_SECONDS), signed_out=line.closed())
