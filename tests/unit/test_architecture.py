"""The shape of the code: who imports whom, what may touch the outside world, how long and how spelt.

The tables are the rules. A change that needs another rule changes the table, and says why.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

BELOW = {f"uncall_ari.{name}" for name in ("ami", "ari", "store", "media", "ivr", "config", "queues", "share")}

# Each part of ours, and what of ours it may import besides itself and EVERYONES.
MAY_IMPORT: dict[str, set[str]] = {
    # The command line puts all together. It alone knows the facade.
    "uncall_ari.__main__": {"uncall_ari.cli"},
    "uncall_ari.cli": {"uncall_ari", "api"},
    "uncall_ari.demo": {"uncall_ari.engine", "uncall_ari.lab", *BELOW},
    # The facade calls the engine, and the rules that need no engine.
    "api": {
        "uncall_ari.engine",
        "uncall_ari.calls.records",
        "uncall_ari.config",
        "uncall_ari.dialer.numbers",
        "uncall_ari.dialer.obstacle",
        "uncall_ari.dialer.window",
        "uncall_ari.media",
        "uncall_ari.metrics.views",
        "uncall_ari.queues",
        "uncall_ari.store.records",
    },
    "uncall_ari.doctor": {"uncall_ari.upkeep", *BELOW},
    # The engine, from the top down.
    "uncall_ari.engine": {
        "uncall_ari.control",
        "uncall_ari.agents",
        "uncall_ari.metrics",
        "uncall_ari.upkeep",
        "uncall_ari.asks",
        "uncall_ari.fastagi",
        "uncall_ari.dialer",
        "uncall_ari.flows",
        "uncall_ari.calls",
        *BELOW,
    },
    "uncall_ari.control": {"uncall_ari.flows", "uncall_ari.calls", *BELOW},
    "uncall_ari.agents": {"uncall_ari.flows", *BELOW},
    "uncall_ari.upkeep": {"uncall_ari.flows", *BELOW},
    "uncall_ari.metrics": {
        "uncall_ari.agents",
        "uncall_ari.dialer",
        "uncall_ari.flows",
        "uncall_ari.calls",
        *BELOW,
    },
    "uncall_ari.asks": {
        "uncall_ari.fastagi",
        "uncall_ari.flows",
        "uncall_ari.calls",
        "uncall_ari.dialer.numbers",
        *BELOW,
    },
    "uncall_ari.dialer": {"uncall_ari.flows", "uncall_ari.calls", "uncall_ari.pacing", *BELOW},
    "uncall_ari.pacing": set(),
    "uncall_ari.simulate": {"uncall_ari.pacing", "uncall_ari.queues"},
    "uncall_ari.queues": set(),
    "uncall_ari.flows": {"uncall_ari.calls", "uncall_ari.dialer.numbers", *BELOW},
    "uncall_ari.calls": BELOW,
    "uncall_ari.config": {
        "uncall_ari.ivr",
        "uncall_ari.queues",
        "uncall_ari.dialer.causes",
        "uncall_ari.dialer.numbers",
    },
    "uncall_ari.ivr": {"uncall_ari.media.names"},
    "uncall_ari.media": {"uncall_ari.share"},
    "uncall_ari.ari": set(),
    "uncall_ari.store": {"uncall_ari.calls.records", "uncall_ari.dialer.numbers", "uncall_ari.media.names"},
    "uncall_ari.ami": set(),
    "uncall_ari.fastagi": set(),
    # The outside world, for tests and for trying things out, knows nothing of the engine.
    "uncall_ari.lab": {"uncall_ari.share"},
}
EVERYONES = {"uncall_ari.errors", "uncall_ari.logs", "uncall_ari.metrics.meters", "uncall_ari.__version__"}

# Functions of their arguments alone, the clock included.
PURE = {
    "uncall_ari.ivr",
    "uncall_ari.dialer.causes",
    "uncall_ari.dialer.facts",
    "uncall_ari.dialer.limits",
    "uncall_ari.dialer.numbers",
    "uncall_ari.dialer.obstacle",
    "uncall_ari.dialer.outcome",
    "uncall_ari.dialer.retry",
    "uncall_ari.dialer.whynot",
    "uncall_ari.dialer.whynumber",
    "uncall_ari.dialer.window",
    "uncall_ari.pacing",
    "uncall_ari.queues",
}
HARMLESS = {
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "itertools",
    "math",
    "numpy",
    "random",
    "re",
    "statistics",
}
VALUES = {
    "uncall_ari.errors",
    "uncall_ari.media.names",
    "uncall_ari.store.records",
    "uncall_ari.config.dialling",
}
PURE_MAY_IMPORT = {*HARMLESS, "typing", "pydantic", *VALUES, *PURE}
PURE_MAY_NOT_CALL = {"open", "print", "input", "now", "utcnow", "today"}

# The contract's misspellings, and where the contract is declared.
MISSPELT: dict[str, tuple[str, ...]] = {
    "setBuys": ("api/methods/",),
    "getReordingFilesList": ("api/methods/", "uncall_ari/demo/"),  # the demo is a client
    "delReordingFiles": ("api/methods/",),
    "task_cortrol_type": (
        "api/methods/",
        "uncall_ari/store/tables.py",
        "uncall_ari/store/tasks.py",
        "uncall_ari/dialer/plan.py",
    ),
    "unallcc": ("api/methods/", "api/calls.py"),  # what a failure's <result> says hangs on the section
    "unacall": ("uncall_ari/lab/mariadb.py",),
}

# Loads that are spread over time, and looks at a table now and then up to a limit.
MAY_SLEEP = ("tests/bench/", "tests/integration/campaigns.py")

MOST_LINES = 350
MOST_FUNCTION_LINES = 60

LATER = re.compile("TO" + "DO|FIX" + "ME")  # in two halves, or this line would be found


def test_imports_go_one_way() -> None:
    assert_none(mistake for path in code("uncall_ari", "api") for mistake in forbidden_imports(path))


def test_pure_rules_touch_nothing_outside() -> None:
    pure = [path for path in code("uncall_ari") if is_in(module_of(path), PURE)]
    assert len(pure) > len(PURE)
    assert_none(mistake for path in pure for mistake in ways_outside(path))


def test_files_are_short() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in code("uncall_ari", "api")}
    assert_none(f"{at(path)} has {n} lines; {MOST_LINES} are the most" for path, n in lines.items() if n > MOST_LINES)


def test_functions_are_short() -> None:
    assert_none(mistake for path in code() for mistake in long_functions(path))


def test_every_file_says_what_it_is_for() -> None:
    mute = [path for path in code("uncall_ari", "api") if not ast.get_docstring(tree(path))]
    assert_none(f"{at(path)} has no docstring" for path in mute)


def test_every_folder_of_python_is_a_package() -> None:
    folders = {path.parent for path in code("uncall_ari", "api")}
    assert_none(f"{at(folder)} has no __init__.py" for folder in folders if not (folder / "__init__.py").exists())


def test_misspellings_stay_where_the_contract_is_declared() -> None:
    for word, places in MISSPELT.items():
        others = [path for path in code("uncall_ari", "api") if not str(path.relative_to(ROOT)).startswith(places)]
        assert_none(f"{found} is spelt so in {', '.join(places)} only" for found in grep(re.compile(word), others))


def test_nothing_is_left_for_later() -> None:
    assert_none(grep(LATER, code()))


def test_tests_wait_for_events() -> None:
    tests = [path for path in code("tests") if not str(path.relative_to(ROOT)).startswith(MAY_SLEEP)]
    assert_none(mistake for path in tests for mistake in sleeps(path))


def forbidden_imports(path: Path) -> Iterator[str]:
    module = module_of(path)
    part = max((each for each in MAY_IMPORT if is_in(module, {each})), key=len, default=None)
    for line, target in imports(path):
        if not is_in(target, {"uncall_ari", "api"}):
            continue
        if part is None:
            yield f"{at(path, line)} {module} is in no part: give it a line in MAY_IMPORT"
        elif not is_in(target, {part, *MAY_IMPORT[part], *EVERYONES}):
            yield f"{at(path, line)} {part} must not import {target}"


def ways_outside(path: Path) -> Iterator[str]:
    for line, target in imports(path):
        if not is_in(target, PURE_MAY_IMPORT):
            yield f"{at(path, line)} a pure rule imports {target}"
    for line, name in calls(path):
        if name in PURE_MAY_NOT_CALL:
            yield f"{at(path, line)} a pure rule calls {name}()"


def long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                yield f"{at(path, node.lineno)} {node.name} has {lines} lines; {MOST_FUNCTION_LINES} are the most"


def sleeps(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and name_of(node) == "sleep":
            gives_way = isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
            if not gives_way:
                yield f"{at(path, node.lineno)} a test sleeps: wait for what it sleeps for, with a limit"


def grep(pattern: re.Pattern[str], paths: Iterable[Path]) -> Iterator[str]:
    """Where the pattern stands in these files: `file:line word`."""
    for path in paths:
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if found := pattern.search(text):
                yield f"{at(path, number)} {found[0]}"


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, full name) of all that a file imports, wherever in it, relative imports resolved."""
    package = module_of(path).split(".")[: None if path.name == "__init__.py" else -1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = [*above, node.module] if node.module else above
            yield from ((node.lineno, ".".join([*base, each.name])) for each in node.names)


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """(line, last word of the name) of all calls in a file."""
    return ((node.lineno, name_of(node)) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def is_in(name: str, parts: Collection[str]) -> bool:
    """Whether the dotted name is one of the parts or lies below one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def at(path: Path, line: int | None = None) -> str:
    place = str(path.relative_to(ROOT))
    return f"{place}:{line}" if line else place


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), path)


@cache
def code(*folders: str) -> list[Path]:
    """The Python files below these folders of the project; of all, when none is given."""
    named = folders or ("uncall_ari", "api", "tests", "sounds")
    return sorted(path for folder in named for path in (ROOT / folder).rglob("*.py"))


def assert_none(mistakes: Iterable[str]) -> None:
    if found := list(mistakes):
        pytest.fail("\n".join(found), pytrace=False)
