"""What every handler of the facade needs, kept in the aiohttp application."""

from dataclasses import dataclass

from aiohttp import web

from api.engine import Engine
from uncall_ari.config import WebSettings


@dataclass(slots=True)
class Facade:
    """The engine that does the work, and the settings of now: a reload replaces them."""

    engine: Engine
    settings: WebSettings


FACADE = web.AppKey("facade", Facade)
CALLER = web.RequestKey("caller", str)
"""Who makes this request, as `api.auth` found out: "address 10.0.0.7", "key 1", "user crm"."""
