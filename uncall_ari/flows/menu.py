"""Lead a caller through voice menus and queues: play, take keys, go where they lead."""

from collections.abc import Set

import structlog

from uncall_ari.ari import Leg, Playing
from uncall_ari.flows.extension import connect
from uncall_ari.flows.hall import Wish
from uncall_ari.flows.means import Means
from uncall_ari.flows.queue import talk_with_agent
from uncall_ari.flows.story import Story
from uncall_ari.ivr import (
    Action,
    CallBack,
    CallExtension,
    Complete,
    GoMenu,
    GoQueue,
    GoStep,
    HangUp,
    Invalid,
    Menu,
    NeedMore,
    Nothing,
    Repeat,
    Step,
    after_failure,
    match,
)

log = structlog.get_logger(__name__)


async def follow(means: Means, leg: Leg, story: Story, way: Action, number: str) -> None:
    """Lead `leg` (the customer with this number, answered) where `way` leads, through menus and queues, to the end.

    Raises HungUp.
    """
    menu: Menu | None = None
    tried: set[str] = set()  # queues: nobody is sent round among queues without agents
    while True:
        language = menu.language if menu else None
        match way:
            case GoMenu(name):
                menu = means.menus[name]
                way = await _take_step(means, leg, story, menu.first, menu.language)
            case GoStep(name) if menu is not None:
                way = await _take_step(means, leg, story, menu.steps[name], menu.language)
            case CallExtension(extension):
                if not await connect(means, leg, story, extension, number):
                    await _say(means, leg, story, language, "agent-busy")
                return
            case GoQueue(queue, skill):
                if await _queued(means, leg, story, queue, skill, number, tried):
                    return
                way = means.settings.queue[queue].onward if queue in means.settings.queue else HangUp()
                if isinstance(way, HangUp) or queue in tried:
                    await _say(means, leg, story, language, "no-agent-sorry")
                    return
                tried.add(queue)
            case CallBack():
                story.wants_call_back = True
                await _say(means, leg, story, language, "call-back-confirm")
                return
            case _:
                return


async def _queued(means: Means, leg: Leg, story: Story, queue: str, skill: str, number: str, tried: Set[str]) -> bool:
    """Let the caller wait for an agent, and talk; False when there is none, now or within the queue's time."""
    settings = means.settings.queue.get(queue)
    if settings is None or queue in tried or not await means.hall.is_manned(queue):
        return False
    return await talk_with_agent(means, leg, story, Wish(queue, number, skill=skill), settings.max_wait_seconds)


async def _take_step(means: Means, leg: Leg, story: Story, step: Step, language: str | None) -> Action:
    """Play the step and take its keys, with its retries and repetitions; return what comes next."""
    while isinstance(way := await _once(means, leg, story, step, language), Repeat):
        pass
    return way


async def _once(means: Means, leg: Leg, story: Story, step: Step, language: str | None) -> Action:
    failures = 0
    while step.gathers:
        result = await _gather(means, leg, story, step, language)
        if isinstance(result, Complete):
            story.keys.append(f"{step.save_as}={result.entered}" if step.save_as else result.entered)
            return result.action
        failures += 1
        action = after_failure(step, failures, result)
        if isinstance(result, Invalid):
            story.keys.append(result.entered)
            await _say(means, leg, story, language, "invalid-key")
        if not isinstance(action, Repeat):
            return action
    await _say(means, leg, story, language, *step.play)
    return step.then


async def _gather(
    means: Means, leg: Leg, story: Story, step: Step, language: str | None
) -> Complete | Invalid | Nothing:
    """Play the step's sounds and take keys; the first key stops the sounds."""
    media = means.sounds(step.play, language)
    playing = await leg.start_playing(*media) if media else None
    story.began = True
    pressed, ended = "", False
    while isinstance(result := match(step, pressed, ended=ended), NeedMore):
        try:
            pressed += await leg.key(result.seconds, during=None if pressed else playing)
        except TimeoutError:
            ended = True
            continue
        if playing is not None:
            await playing.stop()
    if playing is not None and playing.over:
        await _check(leg, playing, step.play)
    return result


async def _say(means: Means, leg: Leg, story: Story, language: str | None, *names: str) -> None:
    """Play prompts to their end. One that cannot be played is told, and the menu goes on."""
    media = means.sounds(names, language)
    if not media:
        return
    playing = await leg.start_playing(*media)
    story.began = True
    await _check(leg, playing, names)


async def _check(leg: Leg, playing: Playing, names: tuple[str, ...]) -> None:
    if not await playing.finished():
        log.error("Asterisk could not play a prompt: is the folder readable for it?", leg=leg.id, prompts=names)
