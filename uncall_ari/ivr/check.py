"""Checks that need more than one step: actions that lead nowhere, and rounds that nobody gets out of."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from uncall_ari.errors import Mistake, remedy_for_unknown
from uncall_ari.ivr.action import Action, GoMenu, GoQueue, GoStep, Repeat, parse_action
from uncall_ari.ivr.menu import Menu, recording_of

_ACTION_FIELDS = ("then", "on_timeout", "on_invalid")
_Place = tuple[str, ...]
_Node = tuple[str, str]  # menu, step


def unknown_references(menus: object, queues: Collection[str] = ()) -> list[Mistake]:
    """Actions and starts that name a step, a menu or a queue that is not there.

    `menus` is the table [ivr] as it was read, so that this is told even when other things are wrong.
    """
    found: list[Mistake] = []
    known = _tables(menus)
    for value, menu in known.items():
        steps = _tables(menu.get("step"))
        start = menu.get("start")
        if isinstance(start, str) and start and start not in steps:
            found.append(_unknown((value, "start"), "step", start, steps))
        for name, step in steps.items():
            for place, action in _actions(step):
                where = (value, "step", name, *place)
                if isinstance(action, GoStep) and action.step not in steps:
                    found.append(_unknown(where, "step", action.step, steps))
                if isinstance(action, GoMenu) and action.menu not in known:
                    found.append(_unknown(where, "menu", action.menu, known))
                if isinstance(action, GoQueue) and action.queue not in queues:
                    found.append(_unknown(where, "queue", action.queue, queues))
    return found


def endless_rounds(menus: Mapping[str, Menu]) -> list[Mistake]:
    """Rounds of steps that a caller who presses nothing never leaves: each is told once.

    An answering machine would hold the line for ever, and where nothing is played either, the call
    would spin. A step that takes keys is left by `on_timeout` then, any other by `then`.
    """
    leads: dict[_Node, _Node] = {}
    for value, menu in menus.items():
        for name, step in menu.steps.items():
            target = _target(value, name, step.on_timeout if step.gathers else step.then, menus)
            if target is not None:
                leads[value, name] = target
    found: list[Mistake] = []
    seen: set[_Node] = set()
    for first in leads:
        node = first
        path: list[_Node] = []
        while node in leads and node not in seen:
            seen.add(node)
            path.append(node)
            node = leads[node]
        if node in path:
            found.append(_round(path[path.index(node) :], menus))
    return found


def missing_sounds(
    menus: Mapping[str, Menu], has_prompt: Callable[[str], bool], has_recording: Callable[[str], bool]
) -> list[Mistake]:
    """Sounds in `play` that are not there: prompts by their name, uploaded recordings by theirs."""
    found: list[Mistake] = []
    for value, menu in menus.items():
        for name, step in menu.steps.items():
            for number, sound in enumerate(step.play):
                where = (value, "step", name, "play", number)
                recording = recording_of(sound)
                if recording is None and not has_prompt(sound):
                    found.append(Mistake(where, f"there is no prompt {sound}", "Name one of the prompts' folder"))
                elif recording is not None and not has_recording(recording):
                    found.append(Mistake(where, f"there is no recording {recording}", "Upload it"))
    return found


def _tables(value: object) -> dict[str, Mapping[str, Any]]:
    """The entries of a table that are tables themselves; what is not, pydantic tells."""
    if not isinstance(value, Mapping):
        return {}
    return {str(key): entry for key, entry in value.items() if isinstance(entry, Mapping)}


def _actions(step: Mapping[str, Any]) -> Iterator[tuple[_Place, Action]]:
    """Each action of a step as it was read, with its place; unreadable ones are left to pydantic."""
    keys = step.get("keys")
    texts: list[tuple[_Place, object]] = [((field,), step.get(field)) for field in _ACTION_FIELDS]
    if isinstance(keys, Mapping):
        texts += [(("keys", str(key)), text) for key, text in keys.items()]
    for place, text in texts:
        if isinstance(text, str):
            try:
                yield place, parse_action(text)
            except ValueError:
                continue


def _target(value: str, name: str, action: Action, menus: Mapping[str, Menu]) -> _Node | None:
    """The step that `action` leads to, or None where it leads out of the menus."""
    match action:
        case GoStep(step):
            return value, step
        case GoMenu(menu):
            return (menu, menus[menu].start) if menu in menus else None
        case Repeat():
            return value, name
        case _:
            return None


def _unknown(where: _Place, kind: str, name: str, known: Collection[str]) -> Mistake:
    return Mistake(where, f"there is no {kind} {name}", remedy_for_unknown(name, known))


def _round(nodes: list[_Node], menus: Mapping[str, Menu]) -> Mistake:
    value, name = nodes[0]
    way = " → ".join(f"{menu}/{step}" for menu, step in [*nodes, nodes[0]])
    return Mistake(
        (value, "step", name, "on_timeout" if menus[value].steps[name].gathers else "then"),
        f"a caller who presses nothing would go round here for ever: {way}",
        "Let one of these steps lead out, or use retries for the number of repetitions",
    )
