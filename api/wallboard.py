"""`agents.html`: queues and agents, live, for supervisors' screens and agents' phones, in Chinese or English.

The page is the same for everybody. What it shows, it asks of the JSON interface every two seconds, and what its buttons
do goes there, too: so who may see and do it is decided in one place, and pages of other sites can do nothing.
"""

from functools import lru_cache

from aiohttp import hdrs, web

from api.templates import FOLDER, PAGES
from api.wallboard_words import WORDS

USUAL = "zh"  # for who asks for no language that we have
MOST_WISHES = 20  # languages of a browser that are looked at
_FILES = {"agents.js": "text/javascript", "agents.css": "text/css"}
# Narrower than the other pages': not even a style may stand in it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)


def wallboard_routes() -> list[web.RouteDef]:
    """Return the routes of the page and of the two files that it loads."""
    return [
        web.get("/uncall_api/agents.html", _page),
        *(web.get(f"/uncall_api/{name}", _file) for name in _FILES),
    ]


def language_of(chosen: str, accepted: str) -> str:
    """Return "zh" or "en": what the address says (`chosen`), else what the browser likes best of the two.

    `accepted` is an Accept-Language header (RFC 9110, section 12.5.4).
    """
    if chosen in WORDS:
        return chosen
    liked: dict[str, float] = {}
    for wish in accepted.split(",", MOST_WISHES)[:MOST_WISHES]:
        tag, _, weight = wish.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in WORDS:
            liked[language] = max(liked.get(language, 0.0), _weight(weight))
    best = max(liked, key=lambda each: liked[each], default=USUAL)  # of two equals the first
    return best if liked.get(best) else USUAL


def _weight(text: str) -> float:
    """The number in `q=0.8`; 1 where there is none."""
    name, _, value = text.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


async def _page(request: web.Request) -> web.Response:
    language = language_of(request.query.get("lang", ""), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    return web.Response(
        body=_rendered(language),
        content_type="text/html",
        charset="utf-8",
        headers={
            hdrs.CONTENT_LANGUAGE: language,
            hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
            "Content-Security-Policy": _POLICY,
        },
    )


@lru_cache(maxsize=len(WORDS))
def _rendered(language: str) -> bytes:
    return PAGES.get_template("agents.html").render(language=language, words=WORDS[language]).encode()


async def _file(request: web.Request) -> web.Response:
    name = request.path.rpartition("/")[2]
    return web.Response(body=_read(name), content_type=_FILES[name], charset="utf-8")


@lru_cache(maxsize=len(_FILES))
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
