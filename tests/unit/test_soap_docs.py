"""docs/soap.md tells what the declarations say: its table of methods is compared with them."""

import re
from pathlib import Path

from api.methods import METHODS

DOCS = (Path(__file__).parents[2] / "docs" / "soap.md").read_text("utf-8")


def code(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`]*)`", cell)


def test_the_table_of_methods_is_true() -> None:
    rows = {}
    for line in DOCS.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and cells[0].startswith("`"):
            rows[code(cells[0])[0]] = cells
    assert list(rows) == [method.name for method in METHODS]
    for method in METHODS:
        _, says, params, children = rows[method.name]
        assert says == " ".join(method.says)
        assert params.split(", ") == [
            f"`{param.name}`" + (r"\*" if param.required else f" ({param.default})" if param.default else "")
            for param in method.params
        ]
        assert code(children) == [*(["Response"] if method.answers == "once" else []), *method.fields]


def test_every_parameter_and_every_kind_of_message_is_explained() -> None:
    explained = {word for line in DOCS.splitlines() if line.startswith("| `") for word in code(line)}
    for method in METHODS:
        assert {param.name for param in method.params} <= explained
        for message in method.messages:
            assert re.sub(r"^\w+ (?=is )", "FIELD ", message) in explained
