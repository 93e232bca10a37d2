"""What every handler of the facade needs, kept in the aiohttp application."""

from dataclasses import dataclass, field

from aiohttp import web

from api.engine import Engine
from api.together import Together
from uncall_ari.config import WebSettings
from uncall_ari.metrics.meters import QUICK, Counter, Histogram


@dataclass(slots=True)
class WebMeters:
    """What is counted of the web methods."""

    requests: Counter = field(default_factory=Counter)  # method, outcome
    seconds: Histogram = field(default_factory=lambda: Histogram(QUICK))


@dataclass(slots=True)
class Facade:
    """The engine that does the work, and the settings of now: a reload replaces them."""

    engine: Engine
    settings: WebSettings
    meters: WebMeters = field(default_factory=WebMeters)
    together: Together = field(default_factory=Together)


FACADE = web.AppKey("facade", Facade)
CALLER = web.RequestKey("caller", str)
"""Who makes this request, as `api.auth` found out: "address 10.0.0.7", "key 1", "user crm"."""
