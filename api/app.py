"""The web application: routes, who may use them, and what every answer carries."""

from aiohttp import web

from api.auth import authenticate
from api.call_recordings import call_recording_routes
from api.context import FACADE, Facade
from api.engine import Engine
from api.health import add_health, health
from api.incidents import no_stack_traces
from api.json_interface import json_routes
from api.metrics import metrics_routes
from api.pushed_events import add_event_stream
from api.recordings import recording_routes
from api.soap.routes import soap_routes
from api.soap.text import BODY_LIMIT
from api.sounds import sound_routes
from api.wallboard import wallboard_routes
from uncall_ari.config import WebSettings

_HEADERS = {  # unless the handler says otherwise
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


def make_app(engine: Engine, settings: WebSettings) -> web.Application:
    """The facade over `engine`. It opens and closes nothing: the engine belongs to the caller."""
    app = web.Application(middlewares=[no_stack_traces, health, authenticate], client_max_size=BODY_LIMIT)
    app[FACADE] = Facade(engine, settings)
    app.add_routes([*soap_routes(), *json_routes(), *recording_routes(engine.recordings), *call_recording_routes()])
    app.add_routes([*wallboard_routes(), *sound_routes(), *metrics_routes()])
    add_event_stream(app)
    add_health(app)
    app.on_response_prepare.append(_add_headers)
    return app


def use_settings(app: web.Application, settings: WebSettings) -> None:
    """Take new settings for all requests that come from now on (host and port stay)."""
    app[FACADE].settings = settings


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "uncall"  # aiohttp would tell its own version and Python's
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
