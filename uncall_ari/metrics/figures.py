"""All figures of the engine, for Prometheus. What is at a moment is looked up when they are asked for; what has
happened was counted where it happened. No label is a number, a uid or a client's text: the settings bound them."""

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from itertools import product

from uncall_ari.ari.connection import Connection
from uncall_ari.calls.ongoing import Kind, Ongoing
from uncall_ari.dialer.worker import Dialer
from uncall_ari.metrics.meters import Counter, Histogram, Histograms, Labels
from uncall_ari.metrics.views import CallView, Figure
from uncall_ari.queues import AgentView, QueueView, State
from uncall_ari.store.database import Database

STATES = ("ringing", "answered", "waiting", "talking", "held")


def figures(
    dialer: Dialer,
    connection: Connection,
    ami_up: bool,
    ongoing: Ongoing,
    waits: Histograms,
    database: Database,
    calls: Sequence[CallView],
    agents: Sequence[AgentView],
    queues: Sequence[QueueView],
) -> list[Figure]:
    """Return them all, in the order of docs/monitoring.md."""
    return [
        *_of_calls(ongoing, calls),
        *_of_agents(dialer, waits, agents, queues),
        *_of_dialling(dialer),
        *_of_asterisk(connection, ami_up),
        *_of_database(database),
    ]


def _of_calls(ongoing: Ongoing, calls: Sequence[CallView]) -> Iterable[Figure]:
    yield _counter("calls_started", "Calls begun or taken over.", ("kind", "trunk"), ongoing.started)
    yield _counter("calls_ended", "Calls ended.", ("kind", "cause", "outcome"), ongoing.ended)
    live = Tally((call.kind, call.state) for call in calls)
    every = {labels: live[labels] for labels in product((kind.value for kind in Kind), STATES)}
    yield _gauge("calls_live", "Calls that go on.", ("kind", "state"), every.items())
    yield _spread("setup_seconds", "From the call's beginning to its answer.", ("kind",), ongoing.setup.values.items())


def _of_agents(
    dialer: Dialer, waits: Histograms, agents: Sequence[AgentView], queues: Sequence[QueueView]
) -> Iterable[Figure]:
    yield _spread(
        "agent_wait_seconds", "Waits for an agent, by how they ended.", ("queue", "ended"), waits.values.items()
    )
    yield _counter(
        "abandoned", "Answered campaign calls that no agent had in time.", ("queue",), dialer.calls.abandoned
    )
    does = Tally((queue, agent.state.value) for agent in agents for queue in agent.queues)
    states = {labels: does[labels] for labels in product((q.value for q in queues), (state.value for state in State))}
    yield _gauge("agents", "Members of each queue by what they do.", ("queue", "state"), states.items())
    waiting = {(queue.value,): float(queue.waiting) for queue in queues}
    longest = {(queue.value,): queue.longest_wait for queue in queues}
    yield _gauge("queue_waiting", "Calls that have no agent yet.", ("queue",), waiting.items())
    yield _gauge(
        "queue_longest_wait_seconds", "How long the first in the line has waited.", ("queue",), longest.items()
    )


def _of_dialling(dialer: Dialer) -> Iterable[Figure]:
    claims = dialer.claims.values
    yield _once("claims", "counter", "Times that numbers were claimed.", claims.get(("asked",), 0))
    yield _once("claimed_numbers", "counter", "Numbers claimed.", claims.get(("numbers",), 0))
    yield _counter("refused_numbers", "Numbers settled without a call.", ("cause",), dialer.calls.refused)
    yield _once("tasks_dialled", "gauge", "Tasks that are set to run and can be dialled.", len(dialer.plans))
    yield _once("tasks_unusable", "gauge", "Tasks that are set to run and cannot be dialled.", len(dialer.problems))
    yield _once("results_waiting", "gauge", "Results that wait to be written.", dialer.calls.settler.waiting)


def _of_asterisk(connection: Connection, ami_up: bool) -> Iterable[Figure]:
    yield _once("asterisk_up", "gauge", "1 while ARI is connected.", connection.up)
    yield _once("ami_up", "gauge", "1 while AMI is connected.", ami_up)
    lag = [((), connection.lag)]
    yield _spread("event_lag_seconds", "Events of Asterisk: from its timestamp to their arrival.", (), lag)
    answers = [((), connection.answers)]
    yield _spread("ari_request_seconds", "From a request over the event socket to its answer.", (), answers)
    yield _counter(
        "ari_refused", "Requests that Asterisk has refused, by HTTP status.", ("status",), connection.failures
    )


def _of_database(database: Database) -> Iterable[Figure]:
    spread = database.seconds.values.items()
    yield _spread("database_seconds", "Pieces of work, the wait for a connection included.", ("kind",), spread)
    yield _counter("database_failures", "Pieces of work that could not be done.", ("kind",), database.failures)


def _counter(name: str, says: str, labels: Labels, counter: Counter) -> Figure:
    return Figure(name, "counter", says, labels, list(counter.values.items()))


def _gauge(name: str, says: str, labels: Labels, values: Iterable[tuple[Labels, float]]) -> Figure:
    return Figure(name, "gauge", says, labels, list(values))


def _once(name: str, kind: str, says: str, value: float) -> Figure:
    return Figure(name, "counter" if kind == "counter" else "gauge", says, (), [((), float(value))])


def _spread(name: str, says: str, labels: Labels, values: Iterable[tuple[Labels, Histogram]]) -> Figure:
    return Figure(name, "histogram", says, labels, list(values))
