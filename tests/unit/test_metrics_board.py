"""The board for Grafana, the page and the code speak of the same figures."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.context import Facade
from api.metrics import PREFIX, figures, rendered
from tests.facade_engine import FacadeEngine
from uncall_ari.config import WebSettings
from uncall_ari.metrics.views import Figure

ROOT = Path(__file__).parents[2]
BOARD = json.loads((ROOT / "docker" / "grafana" / "uncall-ari.json").read_text())
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
NAME = re.compile(r"\buncall_[a-z_]+\b")
SERIES = re.compile(r"_(bucket|count|sum)$")


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", []))
        yield from expressions(panel.get("panels", []))


def named(text: str) -> set[str]:
    """The figures that an expression or a text speaks of."""
    return {SERIES.sub("", name) for name in NAME.findall(text)}


def documented() -> dict[str, tuple[str, ...]]:
    """The page's table: labels by name."""
    rows = re.findall(r"^\| `(uncall_\w+)` \|(.*?)\| .+ \|$", PAGE, re.MULTILINE)
    return {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_the_board_shows_every_figure_of_the_page_and_no_other() -> None:
    assert named("\n".join(expressions(BOARD["panels"]))) == documented().keys()


def test_each_label_of_the_board_is_one_of_the_figures() -> None:
    labels = documented()
    for expression in expressions(BOARD["panels"]):
        for name, inside in re.findall(r"(uncall_\w+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)=", inside)) - {"job", "instance"}
            assert used <= set(labels[SERIES.sub("", name)]), expression
        shown = set(re.findall(r"by \(([^)]*)\)", expression)[0].split(", ")) if "by (" in expression else set()
        known = {label for name in named(expression) for label in labels[name]} | {"le"}
        assert shown <= known, expression


def test_legends_name_labels_that_are_left() -> None:
    for panel in BOARD["panels"]:
        for target in panel.get("targets", []):
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert re.search(rf"by \([^)]*\b{label}\b|^\w+\{{", target["expr"]), (panel["title"], label)


def test_grafana_can_import_it() -> None:
    assert BOARD["schemaVersion"] >= 38, "of Grafana 10"
    assert BOARD["uid"]
    assert "id" not in BOARD, "Grafana gives it"
    (source, *variables) = BOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    wanted = {"type": "prometheus", "uid": f"${{{source['name']}}}"}
    panels = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
    assert all(each["datasource"] == wanted for each in [*variables, *panels])
    assert all(target["datasource"] == wanted for panel in panels for target in panel["targets"])
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert {panel["type"] for panel in panels} <= {each["id"] for each in BOARD["__requires"]}
    used = set(re.findall(r"\$(\w+)", json.dumps(panels))) - {"__rate_interval"}
    assert used - {"datasource"} == {each["name"] for each in variables}


def test_no_two_panels_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for cell in (
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ):
            assert taken.setdefault(cell, panel["title"]) == panel["title"]


def test_what_the_facade_adds_is_on_the_page(tmp_path: Path) -> None:

    facade = Facade(FacadeEngine(tmp_path), WebSettings())
    told = {full_name(each): each.labels for each in figures(facade) if each.name.startswith("web_")}
    assert told
    assert told.items() <= documented().items()
    assert b"uncall_web_seconds_count 0" in rendered(figures(facade))


def full_name(figure: Figure) -> str:
    return f"{PREFIX}{figure.name}" + ("_total" if figure.kind == "counter" else "")


@pytest.mark.parametrize("name", ["provisioning.yaml", "prometheus.yaml"])
def test_what_stands_beside_it_is_named_on_the_page(name: str) -> None:
    assert f"../docker/grafana/{name}" in PAGE
