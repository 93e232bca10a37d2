"""The servers of the tests: real ones from `docker/rootfs`, one set for a whole run, and more for the
tests that break theirs. A run that is killed leaves none of them behind."""

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import hypothesis
import pytest

from uncall_ari.lab import Lab, LabSpec, TrunkSpec
from uncall_ari.lab.mariadb import MariaDB
from uncall_ari.lab.ports import free_port
from uncall_ari.lab.root import build, default_place

TRUNK = "carrier"
EXTENSIONS = tuple((number, f"secret-{number}") for number in ("801", "802", "803"))

_count = itertools.count(1)

# How long an example takes says nothing where several tests run at once.
hypothesis.settings.register_profile("unhurried", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("unhurried")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Builds the root file system where a test needs it and there is none: here, because a test's time
    limit would count the minute that it takes."""
    if session.config.option.collectonly:
        return
    if any("rootfs" in getattr(item, "fixturenames", ()) for item in session.items):
        capture = session.config.pluginmanager.get_plugin("capturemanager")
        assert capture
        with capture.global_and_fixture_disabled():
            build(default_place())


@pytest.fixture(scope="session")
def rootfs() -> None:
    """The root file system is there; see pytest_collection_finish."""


def _spec(**changes: Any) -> LabSpec:
    """A lab with a name of its own, a trunk to a carrier on a free port, and three extensions."""
    spec = LabSpec(
        name=f"test-{os.getpid()}-{next(_count)}",
        trunks=(TrunkSpec(TRUNK, port=free_port(udp=True)),),
        extensions=EXTENSIONS,
    )
    return replace(spec, **changes)


@pytest.fixture(scope="session")
def lab(rootfs: None) -> Iterator[Lab]:
    """The run's Asterisk. Shared: do not stop it, and leave no call behind."""
    with Lab.up(_spec()) as lab:
        yield lab


@pytest.fixture(scope="session")
def mariadb(rootfs: None) -> Iterator[MariaDB]:
    """The run's MariaDB. Shared: do not stop it."""
    with Lab.up(_spec(asterisk=False, mariadb=True)) as lab:
        yield lab.mariadb


@pytest.fixture(scope="session")
def mariadb_url(mariadb: MariaDB) -> str:
    """The URL of the run's database `outbound`, shared by all tests."""
    return mariadb.url


@pytest.fixture
def mariadb_database(mariadb: MariaDB) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    name = f"outbound_{next(_count)}"
    mariadb.sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield mariadb.url.replace("/outbound", f"/{name}")
    mariadb.sql(f"DROP DATABASE {name}")


@pytest.fixture
def fresh_lab(rootfs: None) -> Iterator[Callable[..., Lab]]:
    """Makes labs of this test's own, to be stopped, killed and started again: `fresh_lab()` has an
    Asterisk; arguments change its LabSpec, as in `fresh_lab(mariadb=True, patience=1)`."""
    labs: list[Lab] = []

    def make(**changes: Any) -> Lab:
        labs.append(Lab.up(_spec(**changes)))
        return labs[-1]

    yield make
    for lab in labs:
        lab.down()
