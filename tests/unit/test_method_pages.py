"""docs/methods has a page for every method of call control, and its answers are what the declarations render."""

import itertools
import re
from pathlib import Path

import pytest
from lxml import etree

from api.answers import document
from api.calls import carry_out
from api.methods import METHODS, Method
from api.methods.declaration import Refusal
from api.outcome import Failure, Success
from tests.facade_engine import HELD, POP, FacadeEngine

PAGES = Path(__file__).parents[2] / "docs" / "methods"
CONTROL = [method for method in METHODS if method.root == "uncall" and method.answers != "bare"]
FREE = ("ActionID", "calla", "callb", "uid", "files", "extension")  # children whose text is the call's own
VALUES = {"channel": HELD, "action_id": "crm-7", "uid": POP.uid, "agent": POP.extension, "target": "801"}
STATUS = {"popEvent": "callin|callout", "getExtenStatus": "0|1|4|8|11", "getAllExtenStatus": "0|1|4|8|11"}

each_method = pytest.mark.parametrize("method", CONTROL, ids=lambda method: method.name)


def page_of(method: Method) -> str:
    return (PAGES / f"{method.name}.md").read_text("utf-8")


def signature(method: Method) -> str:
    return f"{method.name}({', '.join(param.name for param in method.params)})"


def blocks(text: str, kind: str) -> list[str]:
    return [block.strip() for block in re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]


def plain(answer: str) -> str:
    """An answer with placeholders for what is different in each call, and one row for a list."""
    root = etree.fromstring(answer.encode())
    for element in root.iter():
        free = element.tag in FREE or (element.text or "").startswith("PJSIP/")
        known = STATUS.get(element.getparent().tag, "") if element.tag == "status" else ""
        if free or (element.text or "") in known.split("|"):
            element.text = "…"
    rows = list(root)
    for before, row in itertools.pairwise(rows):
        if etree.tostring(before) == etree.tostring(row):
            root.remove(row)
    return etree.tostring(root, encoding="unicode")


def told(method: Method, refusal: Refusal) -> str:
    return plain(document(method, Failure(refusal.message, refusal.result, refusal.response)))


async def success(method: Method, folder: Path) -> str:
    """What the method answers when all is well."""
    engine = FacadeEngine(folder)
    engine.waiting_pops = [POP]
    engine.recorded[POP.uid] = f"802-{POP.caller}-20140115-000000-{POP.uid}.WAV"
    given = {param.name: VALUES.get(param.into, "13800138000") for param in method.params}
    outcome = await carry_out(method, given, engine)
    assert isinstance(outcome, Success)
    assert outcome.rows
    return plain(document(method, outcome))


@each_method
def test_the_title_has_the_signature(method: Method) -> None:
    assert page_of(method).startswith(f"# {signature(method)} {method.says[0]}\n")


def test_every_page_is_a_methods_and_in_the_index() -> None:
    index = (PAGES / "README.md").read_text("utf-8")
    assert {file.stem for file in PAGES.glob("*.md")} == {"README", *(method.name for method in CONTROL)}
    rows = [f"| [`{signature(each)}`]({each.name}.md) | {each.says[0]} | {each.says[1]} |" for each in CONTROL]
    assert [line for line in index.splitlines() if line.startswith("| [")] == rows


@each_method
def test_parameters_are_explained_in_order(method: Method) -> None:
    text = page_of(method)
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [param.name for param in method.params]
    (example,) = blocks(text, "python")
    assert re.fullmatch(rf"answer = client\.service\.{method.name}\((.*)\)", example)
    assert example.count('"') == 2 * len(method.params)


@each_method
async def test_the_answers_are_those_of_the_declarations(method: Method, tmp_path: Path) -> None:
    text = page_of(method)
    shown = [plain(block) for block in blocks(text, "xml")]
    done = await success(method, tmp_path)
    needed = [done, *(told(method, refusal) for refusal in method.refusals.values())]
    if method.answers == "list" and method.name != "getExtenStatus":  # which always has one row
        needed.append(plain(document(method, Success([]))))
    also = [
        told(method, refusal)
        for refusal in (method.away, *(Refusal(f"{each.name} is error") for each in method.params))
    ]
    assert shown[0] == done
    assert [answer for answer in needed if answer not in shown] == []
    assert [answer for answer in shown if answer not in (*needed, *also)] == []
    assert len(shown) == len(set(shown))


def test_the_index_shows_a_mistake_as_it_is_answered() -> None:
    (shown,) = re.findall(r"^  (<\?xml.*)$", (PAGES / "README.md").read_text("utf-8"), re.MULTILINE)
    (method,) = [each for each in CONTROL if f"<{each.name}>" in shown]
    assert shown == document(method, Failure(f"{method.params[0].name} is error", 0))


@each_method
def test_every_declared_failure_is_told(method: Method) -> None:
    text = page_of(method)
    checked = [param.name for param in method.params if param.check.__name__ != "as_sent"]
    messages = [refusal.message for refusal in (*method.refusals.values(), method.away)]
    told_elsewise = {"restoreCalling": {"strExten"}}.get(method.name, set())  # it is `Channel not exist`
    messages += [f"{name} is error" for name in checked if name not in told_elsewise]
    assert [message for message in messages if message not in text] == []
