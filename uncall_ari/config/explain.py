"""Turns pydantic's errors into mistakes that a person can correct, without ever showing a secret."""

import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import isclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from uncall_ari.errors import Mistake, remedy_for_unknown

_WRONG_TYPE = {
    "string_type": "is no text: put it in quotes",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "float_type": "is no number",
    "float_parsing": "is no number",
    "finite_number": "is no finite number",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "tuple_type": "is no list: put it in [ ]",
    "dict_type": "is no table",
    "model_type": "is no table",
    "path_type": "is no path: put it in quotes",
    "string_pattern_mismatch": "does not have the right form",
    "too_short": "is empty",
    "zoneinfo_str": "is no time zone that is known here",
}
_OUT_OF_RANGE = {
    "greater_than": "must be above {}",
    "greater_than_equal": "must be at least {}",
    "less_than": "must be below {}",
    "less_than_equal": "must be at most {}",
}


_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class _Spot:
    """What the settings' models say about one place."""

    annotation: Any
    field: FieldInfo | None  # the field that describes it best

    @property
    def secret(self) -> bool:
        return any(part is SecretStr for part in _parts(self.annotation))

    @property
    def models(self) -> list[type[BaseModel]]:
        return [part for part in _parts(self.annotation) if isclass(part) and issubclass(part, BaseModel)]


def explain(error: ValidationError, model: type[BaseModel]) -> list[Mistake]:
    """Each error of `error`, which came from validating `model`, as a mistake with its place and remedy."""
    # A list all of whose members are wrong is not too short as well.
    details = [d for d in error.errors(include_url=False) if d["type"] != "too_short" or not d["input"]]
    return [_mistake(detail, model) for detail in details]


def _mistake(detail: ErrorDetails, model: type[BaseModel]) -> Mistake:
    place = detail["loc"]
    if detail["type"] == "extra_forbidden":
        inside = _look_up(model, place[:-1])
        known = [name for found in inside.models for name in _names(found)] if inside else []
        return Mistake(place, "unknown key", remedy_for_unknown(str(place[-1]), known))
    if place[-1:] == ("[key]",):  # how pydantic says that a table's key is wrong and not its value
        place = place[:-1]
    spot = _look_up(model, place)
    description = spot.field.description if spot and spot.field else None
    remedy = f"Expected: {description}" if description else "See docs/configuration.md"
    if detail["type"] == "missing":
        return Mistake(place, "is missing", remedy)
    # What stands where a table should be may be the secret that belongs into the table.
    shown = _shown(detail["input"]) if spot and not spot.secret and not spot.models else ""
    problem, better = _problem(detail)
    return Mistake(place, f"{problem}{shown}", better or remedy)


def _problem(detail: ErrorDetails) -> tuple[str, str]:
    """What is wrong, and the remedy where it follows from the error itself.

    Our own checks write both in one sentence: `what is wrong: what to do`.
    """
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return _parted(str(context["error"]))
    if kind in ("literal_error", "enum"):
        known = _QUOTED.findall(context["expected"])
        return "is none of the words that it can be", remedy_for_unknown(str(detail["input"]), known)
    if kind == "zoneinfo_str":
        remedy = remedy_for_unknown(str(detail["input"]), sorted(zoneinfo.available_timezones()))
        return _WRONG_TYPE[kind], remedy if remedy.endswith("?") else "Write a name such as Asia/Shanghai"
    if kind in _OUT_OF_RANGE:
        return _OUT_OF_RANGE[kind].format(*(_plain(limit) for limit in context.values())), ""
    return _parted(_WRONG_TYPE.get(kind) or detail["msg"])


def _plain(limit: object) -> object:
    """A limit as it stands in the models: pydantic makes 0 a 0.0 for a field that takes fractions."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _parted(sentence: str) -> tuple[str, str]:
    problem, _, remedy = sentence.partition(": ")
    return problem, remedy[:1].upper() + remedy[1:]


def _shown(value: object) -> str:
    """A short simple value, to be recognised by; nothing for tables and lists, which may hold secrets."""
    if not isinstance(value, str | int | float):
        return ""
    text = repr(value)
    return f" (it is {text if len(text) <= 60 else text[:57] + '...'})"


def _look_up(model: type[BaseModel], place: tuple[str | int, ...]) -> _Spot | None:
    """What the models say about `place`; None when they know no such place."""
    spot = _Spot(model, None)
    for part in place:
        inner = next(_step_into(spot, part), None)
        if inner is None:
            return None
        spot = inner
    return spot


def _step_into(spot: _Spot, part: str | int) -> Iterator[_Spot]:
    """The spots that `part` may lead to from `spot`: a model's field, a table's entry, a list's member."""
    for kind in _parts(spot.annotation):
        if isclass(kind) and issubclass(kind, BaseModel):
            for name, field in kind.model_fields.items():
                if part in (name, field.alias):
                    yield _Spot(field.annotation, field)
        elif get_origin(kind) is dict and isinstance(part, str):
            yield _Spot(get_args(kind)[1], spot.field)
        elif get_origin(kind) is tuple and isinstance(part, int):
            yield _Spot(get_args(kind)[0], spot.field)


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation and everything inside it: of `tuple[SecretStr, ...] | None` also SecretStr."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
