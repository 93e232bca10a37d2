"""`uncall check`: trunks and agents."""

import asyncio
from typing import Any

from tests.integration.campaigns import until
from tests.integration.doctor.clinic import changed, ill
from uncall_ari.doctor import Check, Level
from uncall_ari.lab import Lab


async def test_trunks_that_are_unknown_or_not_reached(clinic: Lab) -> None:
    def trunk(endpoint: str) -> list[dict[str, Any]]:
        return [{"value": "sip/test/", "endpoint": endpoint, "allow": ["X."]}]

    said = await ill(clinic, Check.TRUNK, trunk=trunk("carier"))
    assert "no PJSIP endpoint carier" in said
    assert "Did you mean carrier?" in said
    assert "803 is not reached: it has no contact" in await ill(clinic, Check.TRUNK, trunk=trunk("803"))
    assert "no number can be dialled" in await ill(clinic, Check.TRUNK, Level.WARNING, trunk=[])


async def test_a_carrier_that_does_not_answer(clinic: Lab) -> None:
    (trunk,) = clinic.spec.trunks
    contact = f"contact = sip:{trunk.host}:{trunk.port}\nqualify_frequency = "

    async def offline() -> bool:
        return "Unavail" in await asyncio.to_thread(clinic.asterisk.cli, "pjsip show contacts")

    async def healed() -> bool:
        return not await offline()

    often = f"{contact}1\nqualify_timeout = 0.2"
    with changed(clinic, "pjsip.conf", f"{contact}0", often, "module reload res_pjsip.so"):
        await until(offline, "Asterisk to notice that nobody answers", 10)
        said = await ill(clinic, Check.TRUNK)
        assert "carrier is not reached: its contacts are Unreachable" in said
        assert "qualify_frequency" in said
    await until(healed, "the carrier's contact to be watched no more", 10)


async def test_audio_that_goes_past_asterisk(clinic: Lab) -> None:
    with changed(clinic, "pjsip.conf", "direct_media = no", "direct_media = yes", "module reload res_pjsip.so"):
        assert "direct_media = no in [carrier]" in await ill(clinic, Check.TRUNK, Level.WARNING)


async def test_a_member_who_is_no_endpoint(clinic: Lab) -> None:
    said = await ill(clinic, Check.AGENTS, queue={"600": {"members": ["801", "899"]}})
    assert "no endpoint of Asterisk's: 899" in said
