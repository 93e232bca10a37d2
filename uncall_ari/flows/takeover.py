"""After a restart of the engine: the calls of people that go on in Asterisk are taken over, as they stand there.

Bridged audio never stops with the engine, and channels stay in the application. What two channels in a bridge are can
be seen: an extension's by its name, a customer's by the rest. So a talk is controllable again, with the same uid; a
held party goes on being held; a caller who was being rung for or was in a menu begins anew; what nobody can go on with
(a half-made click, a supervisor's ear) is ended. Campaign calls are the dialler's.
"""

from collections.abc import Callable, Coroutine, Set

import structlog

from uncall_ari.ari import HungUp, Leg, RequestFailed
from uncall_ari.ari.connection import path
from uncall_ari.ari.events import BridgeState, Channel, StasisStart
from uncall_ari.calls.records import CallLog, Direction
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.errors import ConnectionFailed, StoreUnavailable
from uncall_ari.flows.conversation import converse
from uncall_ari.flows.means import AGENT, CALL, Means
from uncall_ari.flows.newcomer import FROM_TRUNK, INTERNAL, receive

log = structlog.get_logger(__name__)

Runner = Callable[[Coroutine[object, object, None], str], None]


async def take_over(means: Means, run: Runner, arriving: Set[str]) -> None:
    """Take over what is live and not ours yet; `run` owns the flows, `arriving` have just entered and have theirs.

    Does nothing where all is known.
    """
    try:
        bridges = await means.ari.bridges()
        live = {each.id: each for each in await means.ari.channels() if not means.ari.knows(each.id)}
        live = {id_: each for id_, each in live.items() if id_ not in arriving}
    except (ConnectionFailed, RequestFailed) as error:
        log.error("what goes on in Asterisk is not known", reason=str(error))
        return
    begun = await _begun(means)
    ours = {id_: each for id_, each in live.items() if is_ours(means, each)}
    for bridge in bridges:
        inside = [ours.pop(id_) for id_ in bridge.channels if id_ in ours]
        if any("/" in of(live[id_]) for id_ in bridge.channels if id_ in live):
            continue  # a campaign's: the dialler takes it up, and the agent with it
        if len(inside) == 2 and not any(each.name.startswith("Snoop/") for each in inside):
            run(_go_on(means, bridge.id, inside, begun.pop(uid_of(inside), None)), f"taken over {bridge.id}")
        else:
            await _end(means, inside)
            await _remove_if_empty(means, bridge, live)
    for channel in ours.values():
        if channel.state == "Up" and not of(channel).startswith(AGENT) and of(channel):
            log_ = begun.pop(uid_of([channel]), None)
            run(_go_on(means, means.new_id(), [channel], log_), f"taken over {channel.id}")
        elif (where := came_from(means, channel)) and channel.state in ("Ring", "Up"):
            fresh = StasisStart(channel, [where])
            run(receive(means, fresh, again=True), f"taken over {channel.id}")
        else:
            await _end(means, [channel])
    for each in begun.values():
        if each.uid not in live:  # a campaign's goes on: the dialler takes it up
            means.scribe.recover(each)


async def _begun(means: Means) -> dict[str, CallLog]:
    """The talks that no process has finished and that are not this one's, by uid."""
    known = {talk.uid for talk in means.board.talks}
    try:
        return {each.uid: each for each in await means.scribe.open_talks() if each.uid not in known}
    except StoreUnavailable as error:
        log.error("the records of calls that go on cannot be read", reason=str(error))
        return {}


def is_ours(means: Means, channel: Channel) -> bool:
    """Whether a channel is in our application, or a leg of ours on its way there, and no campaign's."""
    in_app = channel.dialplan.app_name == "Stasis" and channel.dialplan.app_data.split(",")[0] == means.ari.app
    return (in_app or bool(of(channel))) and "/" not in of(channel)


def of(channel: Channel) -> str:
    """What we have written on a channel of ours: `agent 801`, `click UID NUMBER`, `call UID`, `TASK/NUMBER/ATTEMPT`."""
    return channel.channelvars.get(CALL, "")


def came_from(means: Means, channel: Channel) -> str:
    """The dialplan's argument for a call that came in, "" for a leg that we made."""
    words = channel.dialplan.app_data.split(",")
    return words[1] if words[0] == means.ari.app and words[1:] and words[1] in (FROM_TRUNK, INTERNAL) else ""


def uid_of(channels: list[Channel]) -> str:
    """The uid of a talk: it stands on the leg that was made or taken for it."""
    noted = (of(each).split(" ")[1] for each in channels if of(each).startswith(("click ", "call ")))
    return next(noted, channels[0].id)


async def _go_on(means: Means, bridge_id: str, channels: list[Channel], begun: CallLog | None) -> None:
    """Carry a talk on: two that are in the bridge, or one that is held."""
    structlog.contextvars.bind_contextvars(uid=uid_of(channels))
    legs: list[Leg] = []
    try:
        for channel in channels:
            legs.append(await means.ari.take_in(channel))
            await means.ari.adopt(legs[-1])
        parties = [_party(means, channel, leg) for channel, leg in zip(channels, legs, strict=True)]
        talk = _talk(channels, parties, begun)
        log.info("a call is taken over", uid=talk.uid, parties=[party.number for party in parties])
        async with means.ari.bridge(bridge_id) as bridge:
            await converse(means, talk, bridge)
    except HungUp:
        pass
    except (RequestFailed, ConnectionFailed) as error:
        log.error("a call could not be taken over", channels=[each.name for each in channels], reason=str(error))
    finally:
        for leg in legs:
            async with leg:
                pass


def _party(means: Means, channel: Channel, leg: Leg) -> Party:
    extension = means.extensions.number_of_channel(channel.name)
    noted = of(channel).split(" ")[2:]  # the number that was called
    return Party(extension or next(iter(noted), channel.caller.number), leg, is_extension=bool(extension))


def _talk(channels: list[Channel], parties: list[Party], begun: CallLog | None) -> Talk:
    """The talk of these parties, with what was noted of it when it began."""
    customer = next((party for party in parties if not party.is_extension), parties[-1])
    agent = next((party for party in parties if party is not customer), customer)
    clicked = any(of(each).startswith("click ") for each in channels)
    first, second = (agent, customer) if clicked else (customer, agent)
    talk = Talk(
        uid_of(channels),
        first,
        second,
        direction=Direction.OUT if clicked else Direction.IN,
        context="taken over",
    )
    if begun is not None:
        talk.resume(begun)
    if len(parties) == 1:
        talk.parties, talk.held = parties, parties[0]
    return talk


async def _end(means: Means, channels: list[Channel]) -> None:
    for channel in channels:
        log.warning("a leg of an earlier engine that nobody goes on with is ended", channel=channel.name)
        await _delete(means, path("channels", channel.id))


async def _remove_if_empty(means: Means, bridge: BridgeState, live: dict[str, Channel]) -> None:
    """Remove a bridge that an earlier engine has left empty, or whose channels are ended now."""
    if not means.ari.knows(bridge.id) and all(id_ in live for id_ in bridge.channels):
        others = [live[id_] for id_ in bridge.channels if not is_ours(means, live[id_])]
        if not others:
            await _delete(means, path("bridges", bridge.id))


async def _delete(means: Means, uri: str) -> None:
    try:
        await means.ari.request("DELETE", uri)
    except (RequestFailed, ConnectionFailed) as error:
        log.info("nothing to end", uri=uri, reason=str(error))
