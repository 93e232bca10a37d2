"""A dialplan asks the engine outside Stasis: on real channels of Asterisk, with the engine there and away."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import pytest

from tests.integration.campaigns import settings_for, third_party
from tests.integration.talking import CUSTOMER, DID, World, world
from uncall_ari.ari import Ari
from uncall_ari.ari.events import StasisStart
from uncall_ari.calls.extensions import Extensions
from uncall_ari.engine import Engine
from uncall_ari.errors import ConfigError
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, answers

CONTEXT, PROBE = "test-asks", "probe"  # a dialplan that asks and then hands what it got to an application of ours
PROBED = "Stasis(probe,${UNCALL_DISTURB}${UNCALL_WAY}${UNCALL_REFUSED},${UNCALL_ERROR},${AGISTATUS})"
STEPS = {
    "ask": ("Gosub(uncall-asks,${SCRIPT},1(${VALUE}))", PROBED),
    "url": ("AGI(agi://${UNCALL_FASTAGI}/${SCRIPT}${VALUE})", PROBED),
}


class Dialplan:
    """Calls that ask; each is a channel of the phone 803's."""

    def __init__(self, ari: Ari, started: asyncio.Queue[StasisStart]) -> None:
        self._ari, self._started = ari, started

    async def asks(self, port: int, script: str, value: str, how: str = "ask") -> list[str]:
        """Return what the dialplan has afterwards: the variable, UNCALL_ERROR, AGISTATUS."""
        variables = {"UNCALL_FASTAGI": f"127.0.0.1:{port}", "SCRIPT": script, "VALUE": value}
        order = {"endpoint": "PJSIP/803", "context": CONTEXT, "extension": how, "priority": 1}
        await self._ari.request("POST", "channels", order | {"variables": variables})
        async with asyncio.timeout(15):
            event = await self._started.get()
        await self._ari.request("DELETE", f"channels/{event.channel.id}")
        return list(event.args)


@pytest.fixture(scope="module")
def _steps(lab: Lab) -> Iterator[None]:
    for extension, steps in STEPS.items():
        for priority, step in enumerate(steps, 1):
            said = lab.asterisk.cli(f"dialplan add extension {extension},{priority},{step} into {CONTEXT}")
            assert "added" in said, said
    yield
    lab.asterisk.cli(f"dialplan remove context {CONTEXT}")


@pytest.fixture
async def dialplan(lab: Lab, _steps: None) -> AsyncIterator[Dialplan]:
    async with probing(lab) as made:
        yield made


@asynccontextmanager
async def probing(lab: Lab) -> AsyncIterator[Dialplan]:
    started: asyncio.Queue[StasisStart] = asyncio.Queue()
    server = lab.asterisk
    async with Ari(server.url, server.user, server.password, PROBE, on_newcomer=started.put_nowait) as ari:
        await ari.connection.wait_up(10)
        yield Dialplan(ari, started)


@pytest.fixture
async def scene(lab: Lab, carrier: Carrier, tmp_path: Path) -> AsyncIterator[World]:
    async with world(lab, carrier, tmp_path, fastagi={"enabled": True, "port": 0}) as made:
        made.phones["803"].behaviour = answers()
        yield made


async def test_a_dialplan_asks_and_is_told(scene: World, dialplan: Dialplan, tmp_path: Path) -> None:
    assert scene.engine.fastagi is not None
    port = scene.engine.fastagi.port
    third_party(
        f"sqlite:///{tmp_path / 'uncall.db'}",
        f"INSERT INTO uncall_dnc (number, reason, added_at) VALUES ('{CUSTOMER}', 'test', '2026-01-01 00:00:00')",
    )
    assert await dialplan.asks(port, "disturb", "801") == ["1", "", "SUCCESS"]
    assert await dialplan.asks(port, "disturb", "803") == ["0", "", "SUCCESS"], "it is in this very call"
    assert await dialplan.asks(port, "disturb", "899") == ["0", "", "SUCCESS"]
    await scene.engine.set_busy("801")
    assert await dialplan.asks(port, "disturb", "801") == ["0", "", "SUCCESS"]
    await scene.engine.set_idle("801")
    assert await dialplan.asks(port, "inbound", DID) == ["extension 801", "", "SUCCESS"]
    assert await dialplan.asks(port, "inbound", "4008002") == ["menu 127000", "", "SUCCESS"]
    assert await dialplan.asks(port, "inbound", "802") == ["extension 802", "", "SUCCESS"]
    assert await dialplan.asks(port, "inbound", "4009999") == ["none", "", "SUCCESS"]
    assert await dialplan.asks(port, "refused", CUSTOMER) == ["1", "", "SUCCESS"]
    assert await dialplan.asks(port, "refused", "13900139000") == ["0", "", "SUCCESS"]
    assert await dialplan.asks(port, "refused", "anonymous") == ["0", "value", "SUCCESS"]


async def test_the_value_may_stand_in_the_url(scene: World, dialplan: Dialplan) -> None:
    assert scene.engine.fastagi is not None
    port = scene.engine.fastagi.port
    assert await dialplan.asks(port, "disturb", "?extension=801", "url") == ["1", "", "SUCCESS"]
    assert await dialplan.asks(port, "inbound", f"?number={DID}", "url") == ["extension 801", "", "SUCCESS"]
    assert await dialplan.asks(port, "refused", "?number=+8613800138000", "url") == ["0", "", "SUCCESS"]
    assert await dialplan.asks(port, "unknown", "?number=1", "url") == ["", "script", "SUCCESS"]


async def test_a_reload_changes_the_answers(scene: World, dialplan: Dialplan, lab: Lab, tmp_path: Path) -> None:
    assert scene.engine.fastagi is not None
    port = scene.engine.fastagi.port
    ways = [{"match": DID, "to": "extension 802"}]
    plain = {"fastagi": {"enabled": True, "port": 0}, "inbound": ways}
    scene.engine.reload(settings_for(lab, f"sqlite:///{tmp_path / 'uncall.db'}", **plain))
    assert await dialplan.asks(port, "inbound", DID) == ["extension 802", "", "SUCCESS"]


async def test_an_engine_that_thinks_too_long_leaves_the_default(
    scene: World, dialplan: Dialplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scene.engine.fastagi is not None

    async def never(self: object, extension: str) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(Extensions, "status", never)
    began = perf_counter()
    assert await dialplan.asks(scene.engine.fastagi.port, "disturb", "801") == ["1", "time", "SUCCESS"]
    assert perf_counter() - began < 4.0


async def test_without_an_engine_the_default_stays(scene: World, dialplan: Dialplan) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = taken.getsockname()[1]
        for script, value, default in (("disturb", "801", "1"), ("inbound", DID, "none"), ("refused", CUSTOMER, "0")):
            began = perf_counter()
            assert await dialplan.asks(nobody, script, value) == [default, "away", "FAILURE"]
            assert perf_counter() - began < 2.0


async def test_a_host_that_is_silent_costs_two_seconds(scene: World, dialplan: Dialplan) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for each in (first, second):  # nobody accepts them: a third one gets no answer at all
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        began = perf_counter()
        assert await dialplan.asks(full.getsockname()[1], "disturb", "801") == ["1", "away", "FAILURE"]
        took = perf_counter() - began
    print(f"a silent host took {took:.1f} s")
    assert took < 4.0


async def test_a_taken_port_ends_the_start(scene: World, lab: Lab, tmp_path: Path) -> None:
    assert scene.engine.fastagi is not None
    taken = {"enabled": True, "port": scene.engine.fastagi.port}
    with pytest.raises(ConfigError, match=r"fastagi\.port: port \d+ on 127\.0\.0\.1 is taken.*another port"):
        async with Engine.running(settings_for(lab, f"sqlite:///{tmp_path / 'second.db'}", fastagi=taken), 0):
            pass
