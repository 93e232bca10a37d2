"""The wallboard: its two languages, that nothing foreign gets into it, and what it shows and does in a real browser."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from lxml import html

from api.app import make_app
from api.json_interface import MODELS
from api.templates import FOLDER
from api.wallboard import language_of
from api.wallboard_words import WORDS
from tests.browser import CHROMIUM, Page, opened
from tests.facade_engine import FREE, QUEUE, TALKING, FacadeEngine
from uncall_ari.config import WebSettings
from uncall_ari.errors import WhyNot
from uncall_ari.queues import State

PAGE = "/uncall_api/agents.html"
SCRIPT = (FOLDER / "agents.js").read_text("utf-8")
SHEET = (FOLDER / "agents.css").read_text("utf-8")
TEMPLATE = (FOLDER / "agents.html").read_text("utf-8")

Client = TestClient[Any, Any]
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path / "files")


@pytest.fixture
async def client(engine: FacadeEngine) -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(engine, WebSettings()))) as client:
        yield client


# --- the files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        ("", "", "zh"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr, en;q=0.3, zh-TW;q=0.2", "en"),
        ("", "EN;Q=1", "en"),
        ("", "zh;q=0, en;q=0.1", "en"),
        ("", "en;q=0", "zh"),
        ("", "fr-FR,de", "zh"),
        ("", "en;q=no", "zh"),
        ("", "en;q=nan", "zh"),
        ("", ";;,=,q=1," * 1000 + "en", "zh"),
        ("en", "zh", "en"),
        ("zh", "en", "zh"),
        ("../../etc", "en", "en"),
        ("title", "", "zh"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(chosen: str, accepted: str, language: str) -> None:
    assert language_of(chosen, accepted) == language


@pytest.mark.parametrize("language", WORDS)
async def test_the_page_is_whole_in_each_language(client: Client, language: str) -> None:
    async with client.get(PAGE, headers={"Accept-Language": language}) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert (response.headers["Content-Language"], response.headers["Vary"]) == (language, "Accept-Language")
        document = html.document_fromstring(await response.text())
    words = WORDS[language]
    assert document.get("lang") == words["tag"]
    assert document.findtext(".//h1") == document.findtext(".//title") == words["title"]
    (other,) = document.iterfind(".//header/a")
    assert other.get("href") == f"?lang={next(each for each in WORDS if each != language)}"
    async with client.get(f"{PAGE}{other.get('href')}") as response:
        assert response.headers["Content-Language"] == other.get("lang") != language


def test_both_languages_have_all_words_that_are_used() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    assert all(text.strip() for words in WORDS.values() for text in words.values())
    used = set(re.findall(r'words(?:\.(\w+)|\["([^"]+)"\])', SCRIPT + TEMPLATE))
    assert {dotted or quoted for dotted, quoted in used} <= WORDS["zh"].keys()
    assert set(State) <= WORDS["zh"].keys()


def test_every_state_has_a_colour_in_the_light_and_in_the_dark() -> None:
    for state in State:
        assert len(re.findall(rf"--{state.value}: #[0-9a-f]{{6}};", SHEET)) == 2, state
        assert state is State.OUT or f"> .agent[data-state={state.value}] {{ --state: var(--{state.value}); }}" in SHEET


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(scheme: str) -> None:
    """At least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    blocks = re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", blocks[["light", "dark"].index(scheme)]))
    pairs = [(state.value, "on-state") for state in State] + [("main", "on-state"), ("main", "card"), ("main", "back")]
    pairs += [(text, behind) for text in ("text", "faint", "free", "offered", "resting") for behind in ("card", "back")]
    weak = {pair: found for pair in pairs if (found := contrast(colours[pair[0]], colours[pair[1]])) < 4.5}
    assert not weak


def contrast(one: str, other: str) -> float:
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def brightness(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_the_page_loads_its_own_files_only(client: Client) -> None:
    async with client.get(PAGE) as response:
        document = html.document_fromstring(await response.text())
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not document.xpath("//style | //@style | //@*[starts-with(name(), 'on')]")
    loaded = [str(each) for each in document.xpath("//script/@src | //link/@href | //img/@src")]
    assert loaded == ["agents.css", "agents.js"]
    assert not document.xpath("//script[not(@src)]")
    for name in loaded:
        async with client.get(f"/uncall_api/{name}") as response:
            assert response.status == 200
            assert response.content_type in ("text/css", "text/javascript")
            text = await response.text()
        assert "//" not in re.sub(r"^\s*//.*$|\s// .*$", "", text, flags=re.MULTILINE), "an address of another host"


def test_what_the_script_is_told_becomes_text_only() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setHTML|srcdoc"
    assert re.findall(ways, SCRIPT) == []


def test_the_script_asks_for_models_that_are_there() -> None:
    asked = set(re.findall(r'"((?:get|sign)[A-Z]\w+)"', SCRIPT))
    assert asked == {"getQueues", "getAgents", "signIn", "signOut"}
    assert {name.lower() for name in asked} <= MODELS.keys()
    assert {"signIn", "signOut"} <= {MODELS[name.lower()].method.name for name in asked}


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_page_of_another_site_signs_nobody_in_or_out(
    client: Client, engine: FacadeEngine, headers: dict[str, str]
) -> None:
    for model in ("signIn", "signOut"):
        form = {"model": model, "agent": "801"}
        async with client.post("/uncall_api/http_uncall_api.php", data=form, headers=headers) as response:
            assert response.status == 403
    assert engine.commands == []


# --- in a browser -----------------------------------------------------------------------------------------------


@pytest.fixture
async def page(client: Client, tmp_path: Path) -> AsyncIterator[Page]:
    async with opened(f"http://{client.host}:{client.port}{PAGE}?lang=en", tmp_path / "profile") as page:
        yield page


def card(extension: str, inside: str) -> str:
    return f"document.querySelector('#agents > [data-key=\"{extension}\"] {inside}')"


@in_a_browser
async def test_it_shows_queues_and_agents_as_they_change(page: Page, engine: FacadeEngine) -> None:
    await page.comes(f"{card('801', '.state strong')}?.textContent === 'free'")
    assert await page.value("document.getElementById('said').textContent") == ""
    assert await page.value("document.querySelector('.queue h3').textContent") == f"{QUEUE.description} {QUEUE.value}"
    assert await page.value("document.querySelectorAll('.queue b').length") == 0, "markup of a description was taken"
    numbers = await page.value("[...document.querySelectorAll('.queue dd')].map((each) => each.textContent)")
    assert numbers[0] == "3"
    assert re.fullmatch(r"1:1\d", numbers[1])
    assert numbers[2:] == ["1", "2", "4 / 5"]
    assert not await page.value(f"{card('802', '.line')}.hidden")
    await page.comes(f"/^1:0[6-9]$/.test({card('802', '[data-value=time]')}.textContent)")  # it counts

    await page.value(f"{card('802', 'button')}.focus()")
    engine.agent_views = [replace(FREE, extension="800", state=State.RESTING), replace(TALKING, state=State.WRAP_UP)]
    await page.comes(f"{card('802', '.state strong')}.textContent === 'wrap-up'")
    assert await page.value("[...document.querySelectorAll('.agent h3')].map((e) => e.textContent)") == ["800", "802"]
    assert await page.value(f"document.activeElement === {card('802', 'button')}"), "the keyboard's focus was lost"
    assert not [each for each in page.complaints if "favicon" not in each]


@in_a_browser
async def test_its_buttons_sign_in_and_out(page: Page, engine: FacadeEngine) -> None:
    await page.comes(f"{card('801', 'button')}?.textContent === 'Sign out'")
    await page.value(f"{card('801', 'button')}.click()")
    await page.comes("document.getElementById('said').textContent === '801: signed out'")
    engine.agent_views = [replace(FREE, state=State.OUT, signed_in=False)]
    await page.comes(f"{card('801', 'button')}.textContent === 'Sign in'")
    assert await page.value(f"{card('801', 'button')}.getAttribute('aria-label')") == "Sign in 801"
    await page.value(f"{card('801', 'button')}.click()")
    await page.comes("document.getElementById('said').textContent === '801: signed in'")
    assert engine.commands == [("sign out", "801"), ("sign in", "801")]
    engine.why_not = WhyNot.NO_MEMBER
    await page.value(f"{card('801', 'button')}.click()")
    await page.comes("document.getElementById('said').textContent.startsWith('801: Not done: in no queue')")


@in_a_browser
async def test_it_says_so_when_nothing_comes_any_more(page: Page, client: Client, engine: FacadeEngine) -> None:
    await page.comes(f"{card('801', '.state strong')}?.textContent === 'free'")
    engine.agent_views = None  # type: ignore[assignment]
    await page.comes("document.body.classList.contains('lost')")
    told = await page.value("document.getElementById('said').textContent")
    assert told.startswith(WORDS["en"]["old"])
    assert "internal error, incident " in told
    engine.agent_views = []
    await page.comes("document.getElementById('said').textContent === 'Connected again.'")
    assert not await page.value("document.getElementById('no-agents').hidden")
