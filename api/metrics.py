"""`/metrics`: the engine's figures and the facade's, in Prometheus's text format. Who may read them is decided as for
everything else."""

from collections.abc import Iterable, Iterator
from math import inf

from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from api.context import FACADE, Facade
from uncall_ari.metrics.meters import Histogram
from uncall_ari.metrics.views import Figure

PREFIX = "uncall_"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"  # the format that every Prometheus reads; it has no exemplars


def metrics_routes() -> list[web.RouteDef]:
    """Return the route, to be added to an application that has a FACADE."""
    return [web.get("/metrics", _metrics)]


async def _metrics(request: web.Request) -> web.Response:
    return web.Response(body=rendered(figures(request.app[FACADE])), headers={hdrs.CONTENT_TYPE: _TEXT})


def figures(facade: Facade) -> list[Figure]:
    """Return all figures: the engine's, and those of the web methods."""
    meters = facade.meters
    return [
        *facade.engine.sight.figures(),
        Figure(
            "web_requests",
            "counter",
            "Calls of web methods, by SOAP and JSON.",
            ("method", "outcome"),
            list(meters.requests.values.items()),
        ),
        Figure("web_seconds", "histogram", "From a call of a web method to its answer.", (), [((), meters.seconds)]),
    ]


def rendered(figures: Iterable[Figure]) -> bytes:
    """Return the figures in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(figures))
    return generate_latest(registry)


class _Figures(Collector):
    """Hands figures to the renderer."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = figures

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are not known before they are asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return a family for each figure."""
        return (_family(figure) for figure in self._figures)


def _family(figure: Figure) -> Metric:
    name = PREFIX + figure.name
    if figure.kind == "histogram":
        histogram = HistogramMetricFamily(name, figure.says, labels=figure.labels)
        for labels, value in figure.values:
            if isinstance(value, Histogram):
                buckets = [("+Inf" if bound == inf else str(bound), float(count)) for bound, count in value.buckets()]
                histogram.add_metric(labels, buckets, value.sum)
        return histogram
    make = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
    family = make(name, figure.says, labels=figure.labels)
    for labels, value in figure.values:
        if not isinstance(value, Histogram):
            family.add_metric(labels, value)
    return family
