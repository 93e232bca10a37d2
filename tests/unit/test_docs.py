"""The pages hold what they promise: links lead somewhere, examples work, what they name is there."""

import ast
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import typer.main

from api.methods import METHODS
from uncall_ari.cli.main import app
from uncall_ari.config import load_settings
from uncall_ari.media.prompts import Prompts
from uncall_ari.store import Store
from uncall_ari.store.records import NewTask

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("[0-9]*.md"))
BY_NAME = {method.name: method for method in METHODS}

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"')
FRAGMENT = "# fragment"  # the first line of an example that is no whole uncall.toml

# A page tells nobody's own paths and sends nobody elsewhere: what may stand there is listed.
PLACES = {"bin", "etc", "opt", "var", "srv", "usr", "backup", "ari", "uncall_api", "uncall_lib"}
HOSTS = re.compile(r"127\.0\.0\.1|HOST|pbx|uncall\.example")
PATH = re.compile(r"(?<![\w/:.~*…<>}-])/([\w.-]+)/")
URL = re.compile(r"\bhttps?://([^\s/`)\"'<>:]+)")
LEFT_TO_HTTP = re.compile(r"schemas\.xmlsoap\.org")  # names of namespaces


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


each_page = pytest.mark.parametrize("page", PAGES, ids=name)


def examples(page: Path, kind: str) -> list[str]:
    return [text for found, text in FENCED.findall(page.read_text("utf-8")) if found == kind]


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = FENCED.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code(page: Path) -> Iterator[str]:
    """What stands in code: blocks, and words in backticks."""
    text = page.read_text("utf-8")
    yield from (block for _, block in FENCED.findall(text))
    yield from re.findall(r"`([^`\n]+)`", FENCED.sub("", text))


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for groups in LINK.findall(FENCED.sub("", page.read_text("utf-8"))):
        target = groups[0] or groups[1]
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        if not there.exists() or (anchor and anchor not in slugs(there)):
            broken.append(target)
    assert not broken


@each_page
def test_examples_of_settings_load(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [each for each in os.environ if each.startswith("UNCALL_")]:
        monkeypatch.delenv(variable)
    prompts = Prompts(ROOT / "sounds", "zh")
    for text in examples(page, "toml"):
        if text.startswith(FRAGMENT):
            continue
        file = tmp_path / "uncall.toml"
        file.write_text(text, "utf-8")
        settings = load_settings(file, {} if "[asterisk]" in text else {"asterisk": {"password": "p"}})
        for menu in settings.ivr.values():
            for step in menu.steps.values():
                assert [sound for sound in step.play if ":" not in sound and not prompts.exists(sound)] == []


@each_page
def test_commands_are_there(page: Path) -> None:
    for text in code(page):
        for words in re.findall(r"(?:^|[\s/])uncall ([a-z][^\n`#|;]*)", text):
            check_command(words.split())
        for target in re.findall(r"(?:^|\s)make ([a-z]+)\b", text):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"make {target}"


def check_command(words: list[str]) -> None:
    """Follow the words of a command line down to a command; its options must be known."""
    command: Any = typer.main.get_command(app)
    if words[0] in BY_NAME:  # the shell function of docs/first-campaign.md
        return
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"there is no command {words[0]}"
        command = command.commands[words.pop(0)]
    known = {option for param in command.params for option in [*param.opts, *param.secondary_opts]} | {"--help"}
    if "ignore_unknown_options" not in (command.context_settings or {}):
        assert {word.partition("=")[0] for word in words if re.match(r"--\w", word)} <= known, words


@each_page
def test_no_place_of_somebodys_own(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {found for found in PATH.findall(text) if found not in PLACES} == set()
    hosts = {host for host in URL.findall(text) if not HOSTS.fullmatch(host) and not LEFT_TO_HTTP.match(host)}
    assert hosts == set()


def test_every_event_in_the_log_tables_is_in_the_code() -> None:
    source = "".join(path.read_text("utf-8") for top in ("uncall_ari", "api") for path in (ROOT / top).rglob("*.py"))
    tables = re.findall(r"<!-- log events -->\n((?:\|.*\n)+)", (DOCS / "operating.md").read_text("utf-8"))
    events = [event for table in tables for row in table.splitlines()[2:] for event in row_events(row)]
    assert len(tables) == 2
    assert len(events) > 20
    assert [event for event in events if f'"{event}"' not in source] == []


def row_events(row: str) -> list[str]:
    return re.findall(r"`([^`]+)`", row.split("|")[1])


async def test_sql_works_on_the_tables(tmp_path: Path) -> None:
    file = tmp_path / "uncall.db"
    async with await Store.open(f"sqlite:///{file}", timezone=ZoneInfo("Asia/Shanghai")) as store:
        assert await store.add_task(NewTask("first", "ivr", "801", "sip/demo/", "127001", 3)) == 1
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            for page in ("first-campaign.md", "operating.md"):
                scripts = examples(DOCS / page, "sql")
                assert scripts
                for script in scripts:
                    connection.executescript(script)
        assert [(task.name, task.number_table) for task in await store.running()] == []
        assert {task.name: task.number_table for task in await store.tasks()} == {
            "first": "o_task_run_1",
            "by SQL": "o_task_run_2",
        }
        assert await store.dnc_matches(["13800138001"]) == {"13800138001"}


@each_page
def test_calls_in_python_and_php_are_as_declared(page: Path) -> None:
    python = [*examples(page, "python"), *heredocs(page)]
    for text in python:
        for node in ast.walk(ast.parse(text)):
            method = BY_NAME.get(getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else None
            if method and isinstance(node, ast.Call):
                assert len(node.args) <= len(method.params), ast.unparse(node)
    for text in examples(page, "php"):
        for called in re.findall(r"->(\w+)\(", text):
            assert called in BY_NAME, called


def heredocs(page: Path) -> list[str]:
    """Python that a shell example hands to the interpreter."""
    return [found for text in examples(page, "sh") for found in re.findall(r"<<'END'\n(.*?)^END$", text, re.S | re.M)]


def test_the_first_campaign_names_parameters_as_declared() -> None:
    calls = re.findall(
        r"^uncall (\w+) ((?:[^\n|]|\\\n)*)",
        "\n".join(examples(DOCS / "first-campaign.md", "sh")).replace("\\\n", " "),
        re.MULTILINE,
    )
    assert {method for method, _ in calls} >= {"addIvrTask", "addPhoneToTask", "updateTask", "getAllTask", "delTask"}
    for method, arguments in calls:
        given = {argument.partition("=")[0] for argument in arguments.split()}
        assert given <= {param.name for param in BY_NAME[method].params}, (method, given)


def test_the_contract_speaks_of_every_method_with_its_parameters() -> None:
    text = (DOCS / "contract.md").read_text("utf-8")
    headings = dict(re.findall(r"^### (\w+)\((.*)\)$", text, re.MULTILINE))
    for method in METHODS:
        assert f"`{method.name}" in text or method.name in text, method.name
        if method.name in headings:
            told = [each.partition("=")[0].strip() for each in headings[method.name].split(",")]
            assert told == [param.name for param in method.params]
    assert len([method for method in METHODS if method.root == "unallcc"]) == 11, "README and contract.md say eleven"


def test_the_dialplan_to_copy_is_the_one_that_is_tested() -> None:
    tested = (ROOT / "dialplan" / "extensions.conf.j2").read_text("utf-8").replace("{{ app }}", "uncall")
    (block,) = [text for text in examples(DOCS / "install.md", "ini") if "[uncall-witness]" in text]
    witness = block.split("[uncall-amd]")[0].split()
    assert " ".join(witness) in " ".join(tested.split())
    (asks,) = [text for text in examples(DOCS / "install.md", "ini") if "[uncall-asks]" in text]
    assert asks[asks.index("[uncall-asks]") :] in tested


def test_the_modules_to_load_are_those_that_are_tested() -> None:
    loaded = set(re.findall(r"^load = (\w+)\.so$", (ROOT / "dialplan" / "modules.conf.j2").read_text(), re.MULTILINE))
    text = (DOCS / "install.md").read_text("utf-8")
    (table,) = re.findall(r"^\| for \| modules \|\n((?:\|.*\n)+)", text, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", table))
    assert {"res_ari_channels", "func_global", "app_amd"} <= named
    assert named - loaded == set()


def test_decisions_are_numbered_and_listed() -> None:
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    for file in DECISIONS:
        text = file.read_text("utf-8")
        assert f"({file.name})" in index, file.name
        assert text.startswith(f"# {int(file.name[:4])}. "), file.name
        for part in ("**Question.**", "**Decision.**", "**What follows.**"):
            assert part in text, (file.name, part)
