"""What the keys pressed so far mean to a step: pure functions of the step and the keys."""

from dataclasses import dataclass

from uncall_ari.ivr.action import Action, Repeat
from uncall_ari.ivr.menu import Step


@dataclass(frozen=True, slots=True)
class Complete:
    """The entry is complete: do `action`. `entered` are the keys without the terminator."""

    action: Action
    entered: str


@dataclass(frozen=True, slots=True)
class NeedMore:
    """Wait for one more key, at most so many seconds; then ask again with `ended`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Invalid:
    """The keys are none that the step takes: see `after_failure`."""

    entered: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """No key came in time: see `after_failure`."""


def match(step: Step, pressed: str, *, ended: bool = False) -> Complete | NeedMore | Invalid | Nothing:
    """What `pressed`, all keys since the step began, means to `step`.

    `ended` is true when the wait of the last NeedMore is over without a key. A key that is the
    beginning of a longer one (1 and 12) waits for the longer one until then. `step` must gather.
    """
    if not pressed:
        return Nothing() if ended else NeedMore(step.timeout)
    terminated = bool(step.terminator) and step.digits > 1 and pressed.endswith(step.terminator)
    entered = pressed[:-1] if terminated else pressed
    ended = ended or terminated
    return _match_keys(step, entered, ended) if step.keys else _match_digits(step, entered, ended)


def _match_keys(step: Step, entered: str, ended: bool) -> Complete | NeedMore | Invalid:
    longer = any(key != entered and key.startswith(entered) for key in step.keys)
    if longer and not ended:
        return NeedMore(step.between)
    action = step.keys.get(entered)
    return Invalid(entered) if action is None else Complete(action, entered)


def _match_digits(step: Step, entered: str, ended: bool) -> Complete | NeedMore | Invalid:
    if not entered or len(entered) > step.digits or not entered.isdigit():
        return Invalid(entered)
    if len(entered) < step.digits and not ended:
        return NeedMore(step.between)
    return Complete(step.then, entered)


def after_failure(step: Step, failures: int, result: Invalid | Nothing) -> Action:
    """What follows the `failures`-th failure (1 for the first) of a step: Repeat while retries are left."""
    if failures <= step.retries:
        return Repeat()
    if isinstance(result, Invalid) and step.on_invalid is not None:
        return step.on_invalid
    return step.on_timeout
