"""[recording], [survey] and [[inbound]]: what happens to calls of people."""

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from uncall_ari.config.fields import PatternText, Section, setting
from uncall_ari.dialer.numbers import Pattern
from uncall_ari.ivr.action import CallExtension, GoMenu, GoQueue, parse_action

Way = CallExtension | GoMenu | GoQueue


class RecordingSettings(Section):
    """[recording]: the recordings of answered calls."""

    enabled: bool = setting(False, "whether answered calls are recorded")
    extensions: dict[Annotated[str, Field(pattern=r"^[0-9]{1,20}$")], bool] = setting(
        {}, "exceptions by extension: whether the calls of each are recorded"
    )
    folder: Path = setting(
        Path("calls"), "folder of the recordings; Asterisk writes it, the engine renames in it", restart=True
    )
    stereo: bool = setting(False, "whether each side gets a channel of its own: left speaks, right is spoken to")
    fetch: bool = setting(
        False,
        "for an Asterisk that cannot write that folder: it keeps each recording until the engine has fetched it over "
        "ARI; not with stereo",
        restart=True,
    )
    keep_days: int = setting(90, "days that a recording is kept; 0: for ever", ge=0, le=36500)
    keep_megabytes: int = setting(0, "megabytes of recordings kept, the oldest go first; 0: any number", ge=0)

    @field_validator("fetch")
    @classmethod
    def _not_with_stereo(cls, fetch: bool, given: ValidationInfo) -> bool:
        if fetch and given.data.get("stereo"):
            raise ValueError("does not go with stereo: write false for one of them, or let Asterisk write the folder")
        return fetch


class SurveySettings(Section):
    """[survey]: what customers are asked after a talk, when an agent or a program has ordered it."""

    prompt: str = setting("survey-rate-1-to-5", "prompt that asks", pattern=r"^[a-z0-9-]{1,50}$")
    thanks: str = setting("survey-thanks", "prompt after a key that counts", pattern=r"^[a-z0-9-]{1,50}$")
    keys: str = setting("12345", "keys that count", pattern=r"^[0-9*#]{1,12}$")
    seconds: int = setting(5, "seconds to wait for a key after the prompt", ge=1, le=60)
    repeats: int = setting(1, "times that the prompt is played again when no key came", ge=0, le=5)


class InboundSettings(Section):
    """[[inbound]]: where calls from outside go; the first that matches counts."""

    match: PatternText = setting(..., "dial pattern of the numbers that were called")
    to: str = setting(..., 'where they go: "extension 801", "menu 127000" or "queue 600"')

    @field_validator("to")
    @classmethod
    def _known_way(cls, text: str) -> str:
        if not isinstance(parse_action(text), Way):
            raise ValueError('is no place for a call: write "extension NUMBER", "menu VALUE" or "queue VALUE"')
        return text

    @cached_property
    def pattern(self) -> Pattern:
        """The pattern, compiled."""
        return Pattern.parse(self.match)

    @cached_property
    def way(self) -> Way:
        """Where the calls go."""
        way = parse_action(self.to)
        assert isinstance(way, Way)
        return way
