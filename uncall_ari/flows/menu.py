"""Lead a caller through a voice menu: play, take keys, go where they lead."""

import structlog

from uncall_ari.ari import Leg, Playing
from uncall_ari.flows.extension import connect
from uncall_ari.flows.means import Means
from uncall_ari.flows.story import Story
from uncall_ari.ivr import (
    Action,
    CallBack,
    CallExtension,
    Complete,
    GoMenu,
    GoStep,
    HangUp,
    Invalid,
    NeedMore,
    Nothing,
    Repeat,
    Step,
    after_failure,
    match,
)

log = structlog.get_logger(__name__)


async def run_menu(means: Means, leg: Leg, story: Story, value: str, number: str) -> None:
    """Lead `leg` (the customer with this number) through the menu `value` until it ends. Raises HungUp."""
    menu = means.menus[value]
    step = menu.first
    while True:
        match await _take_step(means, leg, story, step, menu.language):
            case GoStep(name):
                step = menu.steps[name]
            case GoMenu(name):
                menu = means.menus[name]
                step = menu.first
            case Repeat():
                continue
            case CallExtension(extension):
                if not await connect(means, leg, story, extension, number):
                    await _say(means, leg, story, menu.language, "agent-busy")
                return
            case CallBack():
                story.wants_call_back = True
                await _say(means, leg, story, menu.language, "call-back-confirm")
                return
            case HangUp():
                return


async def _take_step(means: Means, leg: Leg, story: Story, step: Step, language: str | None) -> Action:
    """Play the step and take its keys, with its retries; return what comes next."""
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
