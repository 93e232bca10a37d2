"""A killed engine's calls: their audio goes on, and the next engine controls them."""

from collections.abc import Callable
from pathlib import Path
from signal import Signals
from typing import Any

from tests.integration.campaigns import plain_settings, until
from tests.integration.served import Served
from tests.integration.talking import CUSTOMER, DID, world
from uncall_ari.calls.records import CallLog
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, Phone, hearing


async def test_a_talk_survives_kill_9_and_is_controllable_again(
    lab: Lab, carrier: Carrier, tmp_path: Path, served: Callable[[dict[str, Any]], Served]
) -> None:
    settings = plain_settings(lab, f"sqlite:///{tmp_path / 'killed.db'}", web={"port": 0})
    settings["inbound"] = [{"match": DID, "to": "extension 801"}]
    first = served(settings)
    await first.start()
    await first.url()
    await first.says("connected to Asterisk")
    async with Phone("801", "secret-801", lab.asterisk.sip_port) as early:
        customer = carrier.call(DID, CUSTOMER)
        agent = await early.ringing()
        agent.answer()
        heard = {"801": ["customer"], "customer": ["801"]}
        await hearing({"801": agent, "customer": customer}, heard)
        await first.end(Signals.SIGKILL)
        await hearing({"801": agent, "customer": customer}, heard)

        async with world(lab, carrier, tmp_path) as second:

            async def taken_over() -> list[str]:
                return second.engine.live_calls()

            (uid,) = await until(taken_over, "the talk to be taken over", 10)
            channel = await second.engine.hold("801")
            await agent.until_ended()
            await second.engine.restore("801", channel)
            again = await second.phones["801"].ringing()
            again.answer()
            await hearing({"801": again, "customer": customer}, heard)
            assert second.engine.live_calls() == [uid]
            await second.engine.hang_up("801")
            await customer.until_ended()


async def test_a_held_customer_is_still_held_after_a_restart(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with world(lab, carrier, tmp_path, leave=True) as first:
        _, customer = await first.clicked()
        channel = await first.engine.hold("801")
    assert customer.live
    async with world(lab, carrier, tmp_path) as second:

        async def taken_over() -> list[str]:
            return second.engine.live_calls()

        await until(taken_over, "the held call to be taken over", 10)
        await second.engine.restore("802", channel)
        agent = await second.phones["802"].ringing()
        agent.answer()
        await hearing({"802": agent, "customer": customer}, {"802": ["customer"], "customer": ["802"]})
        customer.hang_up()
        await agent.until_ended()


async def test_the_record_of_a_call_survives_the_engine(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with world(lab, carrier, tmp_path, leave=True) as first:
        _, kept = await first.clicked(action_id="kept")
        _, ended = await first.clicked("802", "13900139000", action_id="ended")
    ended.hang_up()  # while no engine is there
    async with world(lab, carrier, tmp_path) as second:

        async def logged(action_id: str) -> CallLog | None:
            return await second.engine.call_log(action_id)

        log = await until(lambda: logged("ended"), "the record of the call that ended", 20)
        assert log is not None
        assert (log.caller, log.callee, log.disposition) == ("802", "13900139000", "ANSWERED")
        kept.hang_up()
        log = await until(lambda: logged("kept"), "the record of the call that went on", 20)
        assert log is not None
        assert (log.caller, log.callee, log.context) == ("801", CUSTOMER, "click")

        async def recordings() -> bool:
            logs = [await logged("kept"), await logged("ended")]
            return all(log is not None and log.recording.endswith(f"-{log.uid}.WAV") for log in logs)

        await until(recordings, "both recordings", 20)
