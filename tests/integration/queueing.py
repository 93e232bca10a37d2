"""What the tests of queues share: settings of a queue, a world with agents, waiting for what agents and queues do."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.integration.campaigns import plain_settings, until
from tests.integration.talking import CUSTOMER, World, world
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Call, Carrier, Phone, hearing
from uncall_ari.lab.phones.audio import FRAME, FULL_SCALE
from uncall_ari.queues import AgentView, QueueView, State

QUEUE, OTHER = "600", "601"
DID, OTHER_DID, MENU_DID = "4008003", "4008004", "4008002"  # numbers from outside: to the queues, to the menu
SECOND = "13900139000"  # another customer
LOUD = -40.0  # dBFS: music and prompts are louder, silence is not
SPOKEN_FRAMES = 8  # of the 25 in half a second; a tone that begins or ends makes one or two
PLAIN: dict[str, Any] = {"wrap_up_seconds": 0, "ring_seconds": 5, "rest_seconds": 60, "strategy": "linear"}


def queues(*members: str, **details: Any) -> dict[str, Any]:
    """The section of one queue, 600, whose calls go to agents in the order of `members`."""
    return {"queue": {QUEUE: PLAIN | {"members": list(members)} | details}}


def inbound() -> list[dict[str, str]]:
    """Where calls from outside go."""
    return [
        {"match": DID, "to": f"queue {QUEUE}"},
        {"match": OTHER_DID, "to": f"queue {OTHER}"},
        {"match": MENU_DID, "to": "menu 127000"},
    ]


def queue_settings(lab: Lab, database: str, **sections: Any) -> dict[str, Any]:
    """Settings as uncall.toml would hold them, for a lab with a queue."""
    routes = [each for each in inbound() if each["to"] != f"queue {OTHER}" or OTHER in sections["queue"]]
    return plain_settings(lab, database, **{"inbound": routes} | sections)


@asynccontextmanager
async def desk(
    lab: Lab, carrier: Carrier, folder: Path, *free: str, remember: bool = False, **sections: Any
) -> AsyncIterator[World]:
    """A world with queues, in which the agents in `free` are known to be so. Who has signed in or out, or is not to be
    disturbed, is forgotten after it, unless Asterisk shall `remember`."""
    routes = [each for each in inbound() if each["to"] != f"queue {OTHER}" or OTHER in sections["queue"]]
    try:
        async with world(lab, carrier, folder, **{"inbound": routes} | sections) as made:
            await until_states(made.engine, dict.fromkeys(free, State.FREE))
            yield made
    finally:
        for family in () if remember else ("uncall-in", "uncall-out", "DND"):
            lab.asterisk.cli(f"database deltree {family}")


def agent_of(engine: Engine, extension: str) -> AgentView:
    """An agent as he is now."""
    return next(view for view in engine.agents() if view.extension == extension)


async def until_states(engine: Engine, wanted: Mapping[str, State]) -> None:
    """Wait until agents are in these states."""

    async def look() -> bool:
        seen = {view.extension: view.state for view in engine.agents()}
        return all(seen.get(extension) is state for extension, state in wanted.items())

    try:
        await until(look, f"agents to be {dict(wanted)}", 10)
    except AssertionError as error:
        raise AssertionError(f"{error}; they are {engine.agents()}") from None


async def until_queue(engine: Engine, what: str, good: Callable[[QueueView], bool], queue: str = QUEUE) -> None:
    """Wait until the queue is as `good` wants it."""

    async def look() -> bool:
        return good(next(view for view in engine.queue_views() if view.value == queue))

    try:
        await until(look, what, 10)
    except AssertionError as error:
        raise AssertionError(f"{error}; {engine.queue_views()}") from None


async def until_loud(call: Call, *, loud: bool = True) -> None:
    """Wait until the call hears something, or nothing any more, for half a second that begins after now."""
    began = call.meter.ring.count

    async def look() -> bool:
        fresh = call.meter.ring.count - began >= 25 if loud else True
        return fresh and (call.meter.rms() > LOUD) is loud

    try:
        await until(look, f"the call to hear {'something' if loud else 'nothing'}", 10)
    except AssertionError as error:
        raise AssertionError(f"{error}; {call.meter.rms():.0f} dBFS: {call}") from None


async def until_spoken_to(call: Call) -> None:
    """Wait until the call hears a voice: what differs from one 20 ms to the next, which ringback does not (450 Hz are
    nine whole waves)."""

    async def look() -> bool:
        frames = call.meter.audio().reshape(-1, FRAME)
        changes = np.sqrt(2 * np.mean(np.square(np.diff(frames, axis=0)), axis=1)) / FULL_SCALE
        return int(np.sum(changes > 10 ** (LOUD / 20))) >= SPOKEN_FRAMES

    await until(look, "a voice in the call", 10)


async def talking(customer: Call, agent: Call) -> None:
    """Wait until these two hear each other and nothing else."""
    await hearing({"customer": customer, "agent": agent}, {"customer": ["agent"], "agent": ["customer"]})


async def waiting_caller(scene: World, number: str = CUSTOMER, did: str = DID, waiting: int = 1) -> Call:
    """Call from outside, and be the last of `waiting` callers who wait in the queue."""
    queue = OTHER if did == OTHER_DID else QUEUE
    caller = scene.carrier.call(did, number)
    await caller.until_answered()
    await until_queue(scene.engine, f"{waiting} to wait", lambda view: view.waiting == waiting, queue)
    return caller


async def taken(scene: World, agent: str, customer: Call) -> Call:
    """The agent answers the call that rings him, and talks with `customer`."""
    call = await scene.phones[agent].ringing()
    call.answer()
    await talking(customer, call)
    return call


async def open_line(engine: Engine, phone: Phone) -> Call:
    """The agent dials in to stay connected; his line is free."""
    line = await phone.call("*24")

    async def look() -> bool:
        view = agent_of(engine, phone.name)
        return view.open_line and view.state is State.FREE

    await until(look, f"{phone.name} to have a free open line", 10)
    return line
