"""Recordings with both sides apart."""

import asyncio
from pathlib import Path

import numpy as np
import soundfile

from tests.integration.campaigns import until
from tests.integration.talking import world
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier


async def test_a_stereo_recording_keeps_the_two_sides_apart(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    recording = {"enabled": True, "stereo": True, "folder": str(lab.asterisk.spool / "monitor")}
    async with world(lab, carrier, tmp_path, recording=recording) as scene:
        agent, customer = await scene.clicked(action_id="stereo")
        await agent.hears(customer.tone)
        customer.hang_up()

        async def recorded() -> str | None:
            log = await scene.engine.call_log("stereo")
            return log.recording if log is not None else None

        name = await until(recorded, "the recording", 20)
        assert name
        file = await asyncio.to_thread(scene.engine.call_recordings.path, name)
        samples, rate = await asyncio.to_thread(soundfile.read, file)
        assert (rate, samples.shape[1]) == (8000, 2)
        middle = samples[len(samples) // 2 :][:4000]
        levels = {
            (side, tone): abs(np.dot(middle[:, side], np.exp(-2j * np.pi * tone * np.arange(len(middle)) / rate)))
            for side in (0, 1)
            for tone in (agent.tone, customer.tone)
        }
        # The recording is of the customer's channel: he speaks on the left, and is spoken to on the right.
        assert levels[0, customer.tone] > 30 * levels[0, agent.tone], levels
        assert levels[1, agent.tone] > 30 * levels[1, customer.tone], levels
