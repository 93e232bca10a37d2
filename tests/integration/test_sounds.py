"""The packaged prompts, played by a real Asterisk."""

import pytest

from uncall_ari.ari import Ari, IdMaker
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier
from uncall_ari.media.prompts import Language, Prompts

NUMBER = "13800138778"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_asterisk_plays_the_prompts(
    language: Language, lab: Lab, ari: Ari, ids: IdMaker, carrier: Carrier
) -> None:
    prompts = Prompts(lab.sounds, language)
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, f"PJSIP/{NUMBER}@carrier", seconds=10)
        await leg.answered(10)
        for name in ("welcome", "agent-number", "digit-8", "digit-0", "digit-1", "beep"):
            assert f"/{language}/" in prompts.sound(name)
            assert await leg.play(prompts.sound(name)), name
