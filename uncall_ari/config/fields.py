"""What the sections of the settings are made of: the common base, described fields, checked value types."""

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from uncall_ari.dialer import numbers


class Section(BaseModel):
    """One table of uncall.toml: immutable, an unknown key is a mistake, and no value shows in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


def setting(default: Any, text: str, *, restart: bool = False, **limits: Any) -> Any:
    """A field with its default (... for none), its description with the unit, and pydantic's limits.

    `restart`: a change of it needs a restart of the engine; all others take effect on reload.
    """
    return Field(default, description=text, json_schema_extra={"restart": restart}, **limits)


def _pattern(text: str) -> str:
    numbers.Pattern.parse(text)
    return text


def _prefix(text: str) -> str:
    if re.fullmatch(r"\+?[0-9*#]{0,16}", text) is None:
        raise ValueError("a prefix has at most 16 of the characters 0-9 * #, and + only in front")
    return text


def _caller_id(text: str) -> str:
    checked = numbers.caller_id(text)
    if checked is None:
        raise ValueError("a caller id has digits only, perhaps a + in front, at most 20 characters")
    return checked


def _network(value: object) -> object:
    if isinstance(value, str):
        return ipaddress.ip_network(value)
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    raise ValueError("a network is written in quotes")


def _target_value(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,50}", text) is None:  # `task_queue` is a varchar(50)
        raise ValueError("can not be a task's target: write 1 to 50 letters, digits, _ and -")
    return text


PatternText = Annotated[str, AfterValidator(_pattern)]
PrefixText = Annotated[str, AfterValidator(_prefix)]
CallerId = Annotated[str, AfterValidator(_caller_id)]
EndpointName = Annotated[str, AfterValidator(numbers.endpoint_name)]
Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_network)]
Label = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,100}$")]  # what people read: any script, no controls
TargetValue = Annotated[str, AfterValidator(_target_value)]
TrunkValue = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,50}$")]  # `task_out_line` is a varchar(50)
