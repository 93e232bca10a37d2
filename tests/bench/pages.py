"""The tables of docs/performance.md, put between their marks: `<!-- bench: NAME -->` and `<!-- end of bench -->`."""

import re
from pathlib import Path

from tests.bench.tables import Report

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
_place = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- end of bench -->)", re.DOTALL)


def filled(text: str, reports: list[Report]) -> str:
    """The page with the tables in their places; places without a table stay as they are."""
    tables = {report.name: markdown(report) for report in reports}

    def fill(place: re.Match[str]) -> str:
        return f"{place[1]}{tables[place[2]]}{place[3]}" if place[2] in tables else place[0]

    return _place.sub(fill, text)


def markdown(report: Report) -> str:
    """The table in Markdown, with its title above."""
    rule = "|" + "---|" * len(report.head)
    lines = ["| " + " | ".join(row) + " |" for row in (report.head, *report.rows)]
    return f"{report.title}:\n\n" + "\n".join([lines[0], rule, *lines[1:]]) + "\n"
