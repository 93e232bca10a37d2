"""A call waits in a queue: music, its place in the line, an agent's phone, the talk; or it has waited too long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from uncall_ari.ari import Leg
from uncall_ari.calls.records import Direction, ExtensionStatus, Pop
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.comfort import comforted
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.hall import Place, Wish
from uncall_ari.flows.means import Means
from uncall_ari.flows.ringing import ring
from uncall_ari.flows.story import Moment, Story


async def talk_with_agent(means: Means, customer: Leg, story: Story, wish: Wish, patience: float) -> bool:
    """Let `customer`, who is answered, wait for an agent of the queue, and the two talk.

    Returns False, with the customer still there, when no agent was for him within `patience` seconds; whose phone
    rings at that moment still gets him. Raises HungUp when the customer left before.
    """
    hall = means.hall
    if not hall.desk.has(wish.queue):  # taken out of the settings a moment ago
        return False
    joined, least = hall.now, 0.0
    story.queue, story.waits_for_agent = wish.queue, True
    story.tell(Moment.JOINED)
    try:
        async with AsyncExitStack() as legs:
            try:
                with hall.waiting(customer.id, wish) as place:
                    finding = _find_agent(means, customer, wish, place, joined + patience, legs)
                    agent = await customer.attend(finding)
            except TimeoutError:
                least = patience  # uvloop's clock may be a bit short of it, and who waited less was not abandoned
                return False
            finally:
                story.waited = max(least, hall.now - joined)
            story.extension, story.waits_for_agent, story.began = agent.number, False, True
            story.tell(Moment.CONNECTED)
            await _talk(means, customer, story, wish, agent)
    finally:
        hall.nobody_has(customer.id)  # whatever came between an agent's taking the call and the talk
    return True


async def _talk(means: Means, customer: Leg, story: Story, wish: Wish, agent: Party) -> None:
    talk = Talk(
        customer.id,
        Party(wish.number, customer, is_extension=False),
        agent,
        direction=Direction.IN,
        context="queue",
    )
    talk.queue = wish.queue
    began = means.hall.now
    try:
        async with means.ari.bridge(means.new_id()) as bridge:
            await bridge.add(customer, agent.leg)
            await converse(means, talk, bridge)
    finally:
        story.talked = means.hall.now - began


async def _find_agent(
    means: Means, customer: Leg, wish: Wish, place: Place, until: float, legs: AsyncExitStack
) -> Party:
    """Return the agent who has taken the call. TimeoutError at the moment `until` when nobody is for it then."""
    lines = means.hall.lines
    if place.is_called and all(each in lines for each in place.extensions):
        with contextlib.suppress(TimeoutError):  # at once: nobody has to wait
            return await _reached(means, customer, wish, await place.called(until), legs)
    async with comforted(means, customer, wish):
        while True:
            extensions = await place.called(until)
            with contextlib.suppress(TimeoutError):
                return await _reached(means, customer, wish, extensions, legs)


async def _reached(means: Means, customer: Leg, wish: Wish, extensions: tuple[str, ...], legs: AsyncExitStack) -> Party:
    """Return the first of these agents who answers; the others stop ringing. TimeoutError: none of them does."""
    async with _asking(means, customer, wish, extensions, legs) as tasks:
        for done in asyncio.as_completed(tasks):
            agent = await done
            if agent is not None:
                return agent
    raise TimeoutError


@contextlib.asynccontextmanager
async def _asking(
    means: Means, customer: Leg, wish: Wish, extensions: tuple[str, ...], legs: AsyncExitStack
) -> AsyncIterator[list[asyncio.Task[Party | None]]]:
    late: list[Leg] = []  # agents who have answered a call that another one has
    tasks = [asyncio.create_task(_ask(means, customer, wish, each, legs, late)) for each in extensions]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for leg in late:
            await leg.hang_up()


async def _ask(
    means: Means, customer: Leg, wish: Wish, extension: str, legs: AsyncExitStack, late: list[Leg]
) -> Party | None:
    """Put the call to one agent: by his open line at once, else by ringing his phone."""
    hall, call = means.hall, customer.id
    pop = Pop(extension, wish.number, extension, call, Direction.IN, datetime.now(UTC))
    line = hall.lines.get(extension)
    if line is not None:
        means.board.show(pop)
        return hall.party(call, extension, line) if hall.answered(call, extension) else None
    leg = await legs.enter_async_context(means.ari.leg(means.new_id()))
    seconds = means.settings.queue[wish.queue].ring_seconds
    answered = await ring(
        means,
        leg,
        extension,
        caller_id=wish.number,
        seconds=seconds,
        on_ringing=lambda: means.board.show(pop),
    )
    if not answered:
        hall.unanswered(call, extension, willing=await _is_idle(means, extension))
        return None
    if not hall.answered(call, extension):  # another one was quicker
        late.append(leg)
        return None
    hall.follow(call, extension, leg)
    return Party(extension, leg, is_extension=True)


async def _is_idle(means: Means, extension: str) -> bool:
    """Whether a phone that was not answered could have been: it was there, and not in another call."""
    try:
        return await means.extensions.status(extension) is ExtensionStatus.IDLE
    except ConnectionFailed:
        return False
