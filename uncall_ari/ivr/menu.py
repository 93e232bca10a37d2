"""A voice menu as a checked, immutable value: what it plays, which keys it takes, where they lead."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from uncall_ari.errors import RecordingRefused
from uncall_ari.ivr.action import NAME, Action, HangUp, Repeat, parse_action
from uncall_ari.media.names import recording_name

_PROMPT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RECORDING = "recording:"
_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


def _action(value: object) -> Action:
    if isinstance(value, Action):
        return value
    if not isinstance(value, str):
        raise ValueError("is no action: an action is a sentence in quotes")
    return parse_action(value)


def _sound(text: str) -> str:
    if _PROMPT.fullmatch(text) is not None:
        return text
    if not text.startswith(_RECORDING):
        raise ValueError('is neither a prompt\'s name such as "hello" nor "recording:FILE.wav"')
    try:
        known = recording_name(text.removeprefix(_RECORDING))
    except RecordingRefused:
        raise ValueError("can be no uploaded recording: write recording: and its name, which ends in .wav") from None
    if known != text.removeprefix(_RECORDING):
        raise ValueError(f"is not the name under which the engine keeps it: write {_RECORDING}{known}")
    return text


def recording_of(sound: str) -> str | None:
    """The uploaded recording's name, when an entry of `play` is one; None for a prompt."""
    return sound.removeprefix(_RECORDING) if sound.startswith(_RECORDING) else None


def _keys(text: str) -> str:
    if re.fullmatch(r"[0-9*#]{1,10}", text) is None:
        raise ValueError("can not be pressed: write 1 to 10 of the keys 0-9 * #")
    return text


def _name(text: str) -> str:
    if re.fullmatch(NAME, text) is None:
        raise ValueError("is no name: write 1 to 50 letters, digits, _ and -")
    return text


ActionSentence = Annotated[Action, BeforeValidator(_action)]
Sound = Annotated[str, AfterValidator(_sound)]
Keys = Annotated[str, AfterValidator(_keys)]
Name = Annotated[str, AfterValidator(_name)]


class Step(BaseModel):
    """[ivr.VALUE.step.NAME]: play something, perhaps take keys, go on.

    A step waits for keys when it has `keys` or `digits`; with `keys` only those are valid, without
    them any digits are, and `then` follows. A step with neither plays and does `then`.
    """

    model_config = _STRICT

    play: tuple[Sound, ...] = Field(
        (), description='names of prompts, or "recording:FILE.wav" for an uploaded one, played one after another'
    )
    keys: dict[Keys, ActionSentence] = Field({}, description="what each key, or row of keys, does")
    digits: int = Field(
        0, ge=0, le=20, description="keys to take at most; with keys it follows from them and is left out"
    )
    timeout: float = Field(5.0, ge=0.5, le=60, description="seconds to wait for the first key after the last sound")
    between: float = Field(2.0, ge=0.5, le=30, description="seconds to wait for each further key")
    terminator: Literal["", "#", "*"] = Field(
        "#", description="key that ends an entry of several keys early; empty: none"
    )
    retries: int = Field(2, ge=0, le=9, description="times that the step is repeated after no key or a wrong one")
    then: ActionSentence = Field(HangUp(), description="what follows when the step has no keys of its own")
    on_timeout: ActionSentence = Field(HangUp(), description="what follows no key, when the retries are used up")
    on_invalid: ActionSentence | None = Field(
        None, description="what follows a wrong key, when the retries are used up; none: as on_timeout"
    )
    save_as: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9_]{0,29})?$",
        description="name under which the entry stands in the call's record, such as choice; empty: without a name",
    )

    @property
    def gathers(self) -> bool:
        """Whether the step waits for keys."""
        return self.digits > 0

    @model_validator(mode="before")
    @classmethod
    def _follow_from_keys(cls, raw: Any) -> Any:
        """`digits` and `terminator` follow from `keys` where the file does not say."""
        keys = raw.get("keys") if isinstance(raw, dict) else None
        if not isinstance(keys, dict) or not keys or not all(isinstance(key, str) for key in keys):
            return raw
        implied: dict[str, Any] = {"digits": max(map(len, keys))}
        if any("#" in key for key in keys):
            implied["terminator"] = ""
        return implied | raw

    @model_validator(mode="after")
    def _consistent(self) -> "Step":
        if self.keys and self.digits != max(map(len, self.keys)):
            raise ValueError("digits differs from the longest of keys: leave digits out")
        if self.keys and "then" in self.model_fields_set:
            raise ValueError("a step with keys never comes to then: give each key its action, leave then out")
        if self.terminator and any(self.terminator in key for key in self.keys):
            raise ValueError(f'{self.terminator} is one of keys and the terminator: write terminator = ""')
        if self.save_as and not self.gathers:
            raise ValueError("save_as is of no use in a step without keys or digits")
        if Repeat() in (self.on_timeout, self.on_invalid):
            raise ValueError("repeat would never end there: use retries for the number of repetitions")
        return self


class Menu(BaseModel):
    """[ivr.VALUE]: a voice menu, a set of steps of which one is the first."""

    model_config = _STRICT

    value: Name = Field(description="what clients and tables call it; taken from the table's name")
    description: str = Field("", pattern=r"^[^\x00-\x1f\x7f]*$", description="what people call it")
    language: Literal["zh", "en"] | None = Field(None, description="language of the prompts; none: as in [media]")
    start: str = Field("", description="name of the first step; empty: the first one in the file")
    steps: dict[Name, Step] = Field(alias="step", min_length=1, description="the steps by name")

    @property
    def first(self) -> Step:
        """The step that the menu begins with."""
        return self.steps[self.start]

    @model_validator(mode="before")
    @classmethod
    def _start_with_first(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and not raw.get("start") and isinstance(raw.get("step"), dict):
            return raw | {"start": next(iter(raw["step"]), "")}
        return raw
