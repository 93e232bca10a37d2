"""Writes the tables of docs/configuration.md and docs/ivr.md from the models, so that they cannot differ.

`python -m uncall_ari.config.reference FILE…` brings the tables in each file up to date: a line
`<!-- settings: WebSettings -->` begins one, and it ends before the next blank line.
"""

import re
import sys
from enum import StrEnum
from inspect import isclass
from pathlib import Path, PurePath
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import annotated_types
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import uncall_ari.config as sections
from uncall_ari.ivr import HangUp

_MARK = re.compile(r"(<!-- settings: (\w+) -->\n)(?:\|.*\n)*")
_WORDS: dict[Any, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
    ZoneInfo: "time zone",
}


def update(text: str) -> str:
    """`text` with each of its settings tables written anew; ValueError for a model that is not there."""
    return _MARK.sub(lambda found: found.group(1) + table(_model(found.group(2))), text)


def table(model: type[BaseModel]) -> str:
    """The fields of one model as a Markdown table. Sections inside it have tables of their own."""
    rows = ["| key | what it is | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if not _is_section(field.annotation):
            cells = (f"`{field.alias or name}`", _kind(field), _default(field), _meaning(field))
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _model(name: str) -> type[BaseModel]:
    model = getattr(sections, name, None)
    if not isclass(model) or not issubclass(model, BaseModel):
        raise ValueError(f"there are no settings {name}")
    return model


def _is_section(annotation: Any) -> bool:
    return isclass(annotation) and issubclass(annotation, BaseModel)


def _kind(field: FieldInfo) -> str:
    return " ".join(filter(None, (_word(field.annotation), _range(field))))


def _word(annotation: Any) -> str:
    """The type in plain words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _word(inner[0])
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in inner)
    if origin is tuple:
        return f"list of {_plural(_word(inner[0]))}"
    if origin is dict:
        return f"table of {_plural(_word(inner[1]))}"
    if origin in (Union, UnionType):
        words = dict.fromkeys(_word(part) for part in inner if part is not type(None))
        return " or ".join(words)
    if _is_section(annotation):
        return "table"
    if isclass(annotation) and issubclass(annotation, StrEnum):
        return " or ".join(f'`"{member.value}"`' for member in annotation)
    if isclass(annotation) and annotation.__module__.startswith("uncall_ari.ivr"):
        return "action"
    return _WORDS.get(annotation) or ("network" if "Network" in str(annotation) else str(annotation))


def _plural(word: str) -> str:
    return word if word.endswith("s") else f"{word}s"


def _range(field: FieldInfo) -> str:
    low: Any = None
    high: Any = None
    above = ""
    for limit in field.metadata:
        match limit:
            case annotated_types.Ge(ge=value):
                low = value
            case annotated_types.Gt(gt=value):
                low, above = value, "above "
            case annotated_types.Le(le=value):
                high = value
            case _:
                continue
    return "" if low is None else f"{above}{low} to {high}"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "must be set"
    if value is None:
        return "none"
    if value == () or value == {} or value == "":
        return "empty"
    if isinstance(value, SecretStr):
        return f"`{value.get_secret_value()}`" if value.get_secret_value() else "empty"
    if isinstance(value, tuple):
        return ", ".join(f"`{part}`" for part in value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | PurePath | ZoneInfo | HangUp):
        return f'`"{value}"`'
    return f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    restart = isinstance(extra, dict) and extra.get("restart") is True
    return (field.description or "") + (" ↻" if restart else "")


def main(files: list[str]) -> None:
    """Brings the tables in `files` up to date."""
    for file in map(Path, files):
        file.write_text(update(file.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
