"""What happens to calls while the engine is away: a restart is bridged, a longer absence left to the dialplan."""

from collections.abc import Callable
from pathlib import Path
from signal import Signals
from time import monotonic
from typing import Any

from tests.integration.campaigns import plain_settings
from tests.integration.conftest import carrier_of
from tests.integration.served import Served
from tests.integration.talking import CUSTOMER, DID
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Call, Carrier, Phone, hearing

PROMPT_RMS = -40.0  # dBFS: a prompt is louder than that, silence is not
Make = Callable[[dict[str, Any]], Served]


def phone_of(lab: Lab, number: str) -> Phone:
    return Phone(number, f"secret-{number}", lab.asterisk.sip_port)


async def up(lab: Lab, tmp_path: Path, served: Make) -> Served:
    """An engine that serves this lab."""
    settings = plain_settings(lab, f"sqlite:///{tmp_path / 'away.db'}", web={"port": 0})
    settings["inbound"] = [{"match": DID, "to": "extension 801"}]
    engine = served(settings)
    await engine.start()
    await engine.url()
    await engine.says("connected to Asterisk")
    return engine


def heard_a_prompt(call: Call) -> None:
    """Assert that a call heard something just before its end."""
    assert call.ended_at is not None
    assert call.meter.rms(call.ended_at - 1.0, call.ended_at) > PROMPT_RMS


async def test_a_restart_loses_no_call(lab: Lab, carrier: Carrier, tmp_path: Path, served: Make) -> None:
    engine = await up(lab, tmp_path, served)
    async with phone_of(lab, "801") as phone, phone_of(lab, "802") as colleague:
        await engine.end(Signals.SIGKILL)
        customer = carrier.call(DID, CUSTOMER)
        await customer.until_ringing()
        internal = phone.dial("802")
        await internal.until_ringing()
        assert not phone.incoming
        assert not colleague.incoming, "the dialplan has not begun to lead the calls itself"
        internal.hang_up()
        await internal.until_ended()

        began = monotonic()
        await engine.start()
        agent = await phone.ringing()
        took = monotonic() - began
        assert agent.caller_id == CUSTOMER
        agent.answer()
        await customer.until_answered()
        await hearing({"801": agent, "customer": customer}, {"801": ["customer"], "customer": ["801"]})
        print(f"the phone rang {took:.1f} s after the engine was started")
        customer.hang_up()
        await agent.until_ended()


async def test_phones_reach_each_other_without_the_engine(
    fresh_lab: Callable[..., Lab], tmp_path: Path, served: Make
) -> None:
    lab = fresh_lab(patience=1)
    engine = await up(lab, tmp_path, served)
    async with phone_of(lab, "801") as phone, phone_of(lab, "802") as colleague, carrier_of(lab) as carrier:
        await engine.end(Signals.SIGKILL)
        began = monotonic()
        call = phone.dial("802")
        rung = await colleague.ringing()
        took = monotonic() - began
        assert rung.caller_id == "801"
        rung.answer()
        await call.until_answered()
        await hearing({"801": call, "802": rung}, {"801": ["802"], "802": ["801"]})
        call.hang_up()
        await rung.until_ended()
        print(f"the dialplan rang the phone itself after {took:.1f} s")
        assert took >= 1.0

        outside = carrier.call(DID, CUSTOMER)
        await outside.until_ended(15)
        assert outside.status == 503
        assert outside.answered_at is None
        heard_a_prompt(outside)


async def test_do_not_disturb_holds_without_the_engine(
    fresh_lab: Callable[..., Lab], tmp_path: Path, served: Make
) -> None:
    lab = fresh_lab(patience=1)
    engine = await up(lab, tmp_path, served)
    lab.asterisk.cli("database put DND 802 YES")
    async with phone_of(lab, "801") as phone, phone_of(lab, "802") as colleague:
        await engine.end(Signals.SIGKILL)
        call = phone.dial("802")
        await call.until_ended(15)
        assert call.status == 486
        assert not colleague.incoming
        assert call.answered_at is None
        heard_a_prompt(call)
        lab.asterisk.cli("database del DND 802")
        again = phone.dial("802")
        await colleague.ringing()
        again.hang_up()
        await again.until_ended()
