"""An Asterisk that cannot read the engine's files: it fetches sounds over HTTP, and keeps them.

The lab's Asterisk lives in a root file system of its own; here the sounds lie outside of it, as on another host.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile
from aiohttp import web

from api.app import make_app
from api.serve import serving
from tests.integration.campaigns import calls_by_number, finished, settings_for, start_task, until
from tests.integration.conftest import write_tone
from tests.integration.talking import world
from tests.integration.test_recordings import HARD_NAMES
from uncall_ari.ari import Leg
from uncall_ari.calls import fetching
from uncall_ari.config import Settings
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, answers, presses
from uncall_ari.lab.phones.call import Call
from uncall_ari.lab.ports import free_port
from uncall_ari.media.calls import CallRecordings
from uncall_ari.media.names import file_name, recording_name
from uncall_ari.store.records import Outcome

NUMBER = "13800138000"
FIRST, SECOND, PROMPT = 900, 1300, 1700  # Hz
MODULES = ("res_curl", "func_curl", "res_http_media_cache")
pytestmark = pytest.mark.usefixtures("modules")


@pytest.fixture(scope="module")
def modules(lab: Lab) -> None:
    """The run's Asterisk has the modules that fetch; more modules disturb no other test."""
    for module in MODULES:
        if "1 modules loaded" not in lab.asterisk.cli(f"module show like {module}.so"):
            lab.asterisk.cli(f"module load {module}.so")


class Elsewhere:
    """An engine and its web service, whose files Asterisk does not see, and what was asked of the service."""

    def __init__(self, engine: Engine, settings: Settings, asked: list[tuple[str, int]]) -> None:
        self.engine, self.settings = engine, settings
        self.recordings = settings.media.recordings
        self.asked = asked  # path and status, of sounds

    def record(self, name: str, hz: int, seconds: float = 1.0) -> None:
        """Put a recording there in one moment, as `mv` does."""
        fresh = self.recordings / ".fresh"
        write_tone(fresh.with_suffix(".wav"), hz, seconds)
        fresh.with_suffix(".wav").rename(self.recordings / file_name(recording_name(name)))

    @asynccontextmanager
    async def call(self, carrier: Carrier) -> AsyncIterator[tuple[Leg, Call]]:
        """A call that is answered: its leg in Asterisk, and the phone's side."""
        ari, times = self.engine.ari, len(carrier.calls) + 1
        async with ari.leg(self.engine._ids.new()) as leg:
            await ari.originate(leg, f"PJSIP/{NUMBER}@carrier", seconds=10)
            await leg.answered(10)
            yield leg, await carrier.called(NUMBER, times=times)


@asynccontextmanager
async def elsewhere(lab: Lab, folder: Path, **sections: Any) -> AsyncIterator[Elsewhere]:
    port = free_port()
    sounds = folder / "sounds"
    for language in ("zh", "en"):
        shutil.copytree(lab.sounds / language, sounds / language)
    for prompt in sounds.rglob("demo-menu.wav"):
        write_tone(prompt, PROMPT, 1.0)
    media = {"recordings": str(folder / "recordings"), "sounds": str(sounds), "url": f"http://127.0.0.1:{port}"}
    # No address is let in by [web]: Asterisk needs none.
    settings = settings_for(lab, f"sqlite:///{folder}/uncall.db", media=media, web={"networks": []}, **sections)
    asked: list[tuple[str, int]] = []

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith("/uncall_api/sounds/"):
            asked.append((request.path, response.status))

    async with Engine.running(settings, farewell_seconds=0) as engine:
        await engine.ari.connection.wait_up(10)
        app = make_app(engine, settings.web)
        app.on_response_prepare.append(note)
        async with serving(app, "127.0.0.1", port):
            yield Elsewhere(engine, settings, asked)


async def test_a_campaign_plays_recording_and_menu(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    async with elsewhere(lab, tmp_path) as there:
        assert not there.recordings.is_relative_to(lab.root.path)
        there.record("tone.wav", FIRST)
        carrier.behaviour = lambda number: presses("9", after=2.0)
        task = await start_task(there.engine, [NUMBER])
        call = await carrier.called(NUMBER)
        await call.hears(FIRST)
        await call.hears(PROMPT)
        await finished(there.engine, task)
        (record,) = (await calls_by_number(there.engine._store, task))[NUMBER]
        assert (record.outcome, record.keys) == (Outcome.CALL_BACK, "9")
        assert {status for _, status in there.asked} == {200}


async def test_what_was_fetched_is_kept_until_it_is_replaced(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    carrier.behaviour = lambda number: answers()
    async with elsewhere(lab, tmp_path) as there:
        there.record("offer.wav", FIRST)
        async with there.call(carrier) as (leg, call):
            for _ in range(2):
                playing = await leg.start_playing(there.engine.recordings.sound("offer.wav"))
                await call.hears(FIRST)
                assert await playing.finished()
            assert [status for _, status in there.asked] == [200], "fetched once, and not asked for again"
            assert not await leg.play(f"sound:{there.recordings}/offer"), "Asterisk does not see the file itself"
            there.record("offer.wav", SECOND)
            playing = await leg.start_playing(there.engine.recordings.sound("offer.wav"))
            await call.hears(SECOND)
            assert await playing.finished()
            assert [status for _, status in there.asked] == [200, 200]


async def test_an_address_of_before_plays_what_is_there_now_and_is_not_kept(
    lab: Lab, carrier: Carrier, tmp_path: Path
) -> None:
    """A task's plan may name a recording that is replaced just then."""
    carrier.behaviour = lambda number: answers()
    async with elsewhere(lab, tmp_path) as there:
        there.record("offer.wav", FIRST)
        before = there.engine.recordings.sound("offer.wav")
        there.record("offer.wav", SECOND)
        async with there.call(carrier) as (leg, call):
            playing = await leg.start_playing(before)
            await call.hears(SECOND)
            assert await playing.finished()
            there.record("offer.wav", FIRST)
            playing = await leg.start_playing(before)
            await call.hears(FIRST)
            assert await playing.finished()


async def test_what_is_kept_plays_while_the_service_is_away(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    carrier.behaviour = lambda number: answers()
    async with elsewhere(lab, tmp_path) as there:
        there.record("offer.wav", FIRST)
        sound = there.engine.recordings.sound("offer.wav")
        async with there.call(carrier) as (leg, _):
            assert await leg.play(sound)
    async with Engine.running(there.settings, farewell_seconds=0) as engine:  # and no web service
        await engine.ari.connection.wait_up(10)
        again = Elsewhere(engine, there.settings, [])
        assert engine.recordings.sound("offer.wav") == sound, "the address outlives a restart"
        async with again.call(carrier) as (leg, call):
            playing = await leg.start_playing(sound)
            await call.hears(FIRST)
            assert await playing.finished()


async def test_every_name_that_is_taken_can_be_played(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    carrier.behaviour = lambda number: answers()
    async with elsewhere(lab, tmp_path) as there, there.call(carrier) as (leg, _):
        for name in HARD_NAMES:
            there.record(name, FIRST, 0.04)
            assert await leg.play(there.engine.recordings.sound(name)), name
        assert [status for _, status in there.asked] == [200] * len(HARD_NAMES)


async def test_recordings_of_calls_are_fetched(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    kept = lab.asterisk.spool / "recording"
    before = set(kept.iterdir())
    recording = {"enabled": True, "fetch": True, "folder": str(calls)}
    async with world(lab, carrier, tmp_path, recording=recording) as scene:
        agent, customer = await scene.clicked(action_id="fetched")
        assert await asyncio.to_thread(lambda: set(kept.iterdir()) - before), "Asterisk writes it where ARI reads"
        customer.hang_up()

        async def recorded() -> str | None:
            log = await scene.engine.call_log("fetched")
            return log.recording if log is not None else None

        name = await until(recorded, "the recording", 20)
        assert name
        samples, rate = soundfile.read(scene.engine.call_recordings.path(name))
        middle = samples[len(samples) // 2 :][:4000]
        wave = np.exp(-2j * np.pi * np.outer([agent.tone, customer.tone, 777], np.arange(len(middle))) / rate)
        first, second, other = abs(wave @ middle)
        assert min(first, second) > 30 * other, "both are in it"

        async def gone() -> bool:
            return set(kept.iterdir()) == before

        await until(gone, "Asterisk's own copy to be deleted", 5)
    assert list(calls.glob(".*")) == []


async def test_a_recording_is_fetched_by_the_next_engine(lab: Lab, carrier: Carrier, tmp_path: Path) -> None:
    (tmp_path / "calls").mkdir()
    recording = {"enabled": True, "fetch": True, "folder": str(tmp_path / "calls")}
    async with world(lab, carrier, tmp_path, leave=True, recording=recording) as scene:
        await scene.clicked(action_id="left")
    for call in carrier.calls:  # no engine sees it
        call.hang_up()
        await call.until_ended()
    async with world(lab, carrier, tmp_path, recording=recording) as scene:

        async def recorded() -> str | None:
            log = await scene.engine.call_log("left")
            return log.recording if log is not None else None

        name = await until(recorded, "the recording", 20)
        assert name
        assert scene.engine.call_recordings.path(name).stat().st_size > 4000


async def test_a_recording_that_never_was_is_told(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LOOK_SECONDS", 0.01)
    settings = settings_for(lab, f"sqlite:///{tmp_path}/uncall.db", recording={"enabled": True, "fetch": True})
    async with Engine.running(settings, farewell_seconds=0) as engine:
        fetcher = fetching.Fetcher(engine.ari, CallRecordings(tmp_path))
        with pytest.raises(FileNotFoundError, match="no recording uncall-1795346210-0000001"):
            await fetcher.bring("1795346210.0000001")
        assert not fetcher._recordings.part("1795346210.0000001").exists()


async def test_nobody_gets_a_file_by_an_address_that_is_made_up(lab: Lab, tmp_path: Path) -> None:
    async with elsewhere(lab, tmp_path) as there, aiohttp.ClientSession() as session:
        there.record("offer.wav", FIRST)
        (tmp_path / "secret.wav").write_bytes(b"RIFF")
        (there.recordings / "link.wav").symlink_to(tmp_path / "secret.wav")
        good = there.engine.recordings.sound("offer.wav").removeprefix("sound:")
        other = there.settings.media.url + "/uncall_api/sounds"
        signature, version, shelf, name = good.rsplit("/", 4)[1:]
        assert (shelf, name) == ("recordings", "offer.wav")
        link = there.engine.sounds.uri(there.recordings / "link.wav") if there.engine.sounds else ""
        made_up = {
            "another name": f"{other}/{signature}/{version}/{shelf}/other.wav",
            "another shelf": f"{other}/{signature}/{version}/zh/{name}",
            "another version": f"{other}/{signature}/0/{shelf}/{name}",
            "no signature": f"{other}/{'A' * 24}/{version}/{shelf}/{name}",
            "a strange signature": f"{other}/%00%FF/{version}/{shelf}/{name}",
            "a way out": f"{other}/{signature}/{version}/{shelf}/..%2F..%2Fsecret.wav",
            "a way out of the shelf": f"{other}/{signature}/{version}/..%2F{shelf}/{name}",
            "a link": link.removeprefix("sound:"),
            "the page of recordings": f"{there.settings.media.url}/uncall_api/upfiles.html",
        }
        answers_ = {what: await _status(session, url) for what, url in made_up.items()}
        assert answers_ == dict.fromkeys(made_up, 404) | {"the page of recordings": 403}
        async with session.get(good) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert "max-age=31536000" in answer.headers["Cache-Control"]
            tag = answer.headers["ETag"]
        async with session.get(good, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        await asyncio.to_thread(there.engine.recordings.delete, "offer.wav")
        assert await _status(session, good) == 404


async def _status(session: aiohttp.ClientSession, url: str) -> int:
    from yarl import URL

    async with session.get(URL(url, encoded=True)) as answer:
        return answer.status
