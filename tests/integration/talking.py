"""What the tests of call control share: an engine on the run's Asterisk, three phones, calls that are set up."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.campaigns import settings_for, until
from uncall_ari.calls.records import ExtensionStatus
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Call, Carrier, Phone, hearing

CUSTOMER = "13800138000"
CALLER_ID = "02088880000"
DID = "4008001"


@dataclass
class World:
    """An engine, phones and the carrier."""

    engine: Engine
    carrier: Carrier
    phones: dict[str, Phone]

    async def clicked(self, agent: str = "801", number: str = CUSTOMER, action_id: str = "") -> tuple[Call, Call]:
        """Click, let both answer, and return the agent's and the customer's call."""
        times = len(self.carrier.calls_to(number)) + 1
        await self.engine.click_to_call(agent, number, action_id)
        agents = await self.phones[agent].ringing()
        agents.answer()
        customer = await self.carrier.called(number, times=times)
        await customer.until_answered()
        await until_status(self.engine, agent, ExtensionStatus.IN_CALL)
        await hearing({agent: agents, "customer": customer}, {agent: ["customer"], "customer": [agent]})
        return agents, customer

    async def nothing_left(self) -> None:
        """Wait until Asterisk has no channel and no bridge any more, and the board no talk."""

        async def look() -> bool:
            channels, bridges = await self.engine.ari.channels(), await self.engine.ari.bridges()
            return not channels and not bridges and not self.engine.live_calls()

        await until(look, "all channels, bridges and talks to be gone", 10)


@asynccontextmanager
async def world(
    lab: Lab, carrier: Carrier, folder: Path, *, leave: bool = False, **sections: Any
) -> AsyncIterator[World]:
    """Run an engine and phones; when all is over nothing may be left in Asterisk, unless calls are to `leave`."""
    plain: dict[str, Any] = {
        "recording": {"enabled": True, "folder": str(lab.asterisk.spool / "monitor")},
        "inbound": [{"match": DID, "to": "extension 801"}, {"match": "4008002", "to": "menu 127000"}],
        "trunk": [{"caller_id": CALLER_ID}],
        "survey": {"seconds": 2, "repeats": 0},
    }
    settings = settings_for(lab, f"sqlite:///{folder / 'uncall.db'}", **plain | sections)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine.running(settings, 0))
        await engine.ari.connection.wait_up(10)
        phones = {
            number: await stack.enter_async_context(Phone(number, secret, lab.asterisk.sip_port))
            for number, secret in lab.spec.extensions
        }
        made = World(engine, carrier, phones)
        yield made
        if leave:
            return
        for phone in phones.values():
            for call in phone.calls:
                call.hang_up()
        for each in [*carrier.calls, *carrier.placed]:
            each.hang_up()
        await made.nothing_left()


async def until_status(engine: Engine, extension: str, status: ExtensionStatus) -> None:
    """Wait until the extension is in this state."""

    async def look() -> bool:
        return await engine.extension_status(extension) is status

    await until(look, f"{extension} to be {status.name}", 10)
