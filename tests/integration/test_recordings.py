"""From an upload over HTTP to what the called phone hears, through a real Asterisk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.integration.conftest import TONE
from tests.media_files import SAMPLES, WAV, chunk, riff, sound_file
from tests.media_web import STORED, Web, serving
from uncall_ari.ari import Ari, IdMaker, Leg
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier
from uncall_ari.lab.phones.call import Call
from uncall_ari.media.wav import playable

NUMBER = "13800138777"

# Names that a media URI, a list of them, a URL, a shell or a file system could trip over.
HARD_NAMES = [
    "促销 欢迎词.wav",
    "你好,世界, 1.wav",
    "录音 (1).wav",
    "[a](b).wav",
    "a&b'c:d?e#f+g%20h=i;j|k.wav",
    "${EPOCH}{x}.wav",
    "UPPER.WAV",
    "a.gsm.wav",
    "😀.wav",
    "-rf ~ $(reboot) `id`.wav",
    "x" * 251 + ".wav",
    "中" * 83 + ".wav",
]


@pytest.fixture
async def web(lab: Lab) -> AsyncIterator[Web]:
    """The upload page, in front of the folder that the lab's Asterisk reads."""
    async with serving(lab.recordings) as web:
        before = set(web.library.names())
        yield web
        for name in set(web.library.names()) - before:
            web.library.delete(name)


@asynccontextmanager
async def answered_call(ari: Ari, ids: IdMaker, carrier: Carrier) -> AsyncIterator[tuple[Leg, Call]]:
    """A call that the carrier's phone has answered: its leg in Asterisk, and the phone's side."""
    async with ari.leg(ids.new()) as leg:
        await ari.originate(leg, f"PJSIP/{NUMBER}@carrier", seconds=10)
        await leg.answered(10)
        yield leg, await carrier.called(NUMBER)


async def test_the_phone_hears_what_was_uploaded(
    web: Web, ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path
) -> None:
    assert await web.curl("-F", f"any=@{tone_wav};filename=促销 欢迎词.WAV", web.upload_url) == STORED
    async with answered_call(ari, ids, carrier) as (leg, call):
        playing = await leg.start_playing(web.library.sound("促销 欢迎词.wav"))
        await call.hears(TONE)
        assert await playing.finished()


async def test_every_name_that_is_taken_can_be_played(
    web: Web, lab: Lab, ari: Ari, ids: IdMaker, carrier: Carrier, tone_wav: Path
) -> None:
    sounds = [web.library.sound(web.library.save(name, WAV)) for name in HARD_NAMES]
    tone = f"sound:{tone_wav.with_suffix('')}"
    async with answered_call(ari, ids, carrier) as (leg, call):
        for sound in sounds:
            assert await leg.play(sound), sound
            # And in front of another one, in a list that is separated by commas.
            await play_as_query(lab, leg, f"{sound},{tone}")
            await call.hears(TONE)
            await leg.stop_playback(QUERY_PLAYBACK)
            await call.misses(TONE)


QUERY_PLAYBACK = "as-query"


async def play_as_query(lab: Lab, leg: Leg, media: str) -> None:
    """Plays over ARI's plain HTTP, where `media` is a parameter of the URL."""
    asterisk = lab.asterisk
    sign_in = {"Authorization": aiohttp.encode_basic_auth(asterisk.user, asterisk.password)}
    url = f"{asterisk.url}/ari/channels/{leg.id}/play/{QUERY_PLAYBACK}"
    async with aiohttp.ClientSession(headers=sign_in) as http, http.post(url, params={"media": media}) as response:
        assert response.status == 201


FILES = {
    "plain": WAV,
    "chunks before the sound": riff(
        chunk(b"JUNK", b"abcd"), WAV[12:36], chunk(b"LIST", b"INFO"), chunk(b"data", SAMPLES)
    ),
    "cut off": WAV[:-1000],
    "extensible": sound_file("WAVEX"),
    "stereo": sound_file(channels=2),
    "44.1 kHz": sound_file(rate=44100),
    "8 bits": sound_file(subtype="PCM_U8"),
    "µ-law": sound_file(subtype="ULAW"),
    "float": sound_file(subtype="FLOAT"),
    "big-endian": sound_file(endian="BIG"),
    "flac": sound_file("FLAC"),
    "two data chunks": riff(WAV[12:36], chunk(b"data", SAMPLES), chunk(b"data", SAMPLES)),
    "size left open": WAV[:40] + b"\xff\xff\xff\xff" + WAV[44:],
    "one sample": sound_file(samples=1),
    "header alone": WAV[:44],
    "header of nothing": sound_file(samples=0),
    "half a header": WAV[:30],
    "fmt with an empty extension": riff(chunk(b"fmt ", WAV[20:36] + b"\0\0"), chunk(b"data", SAMPLES)),
    "odd chunk before the sound": riff(chunk(b"JUNK", b"abc"), WAV[12:36], chunk(b"data", SAMPLES)),
    "empty": b"",
}


async def test_files_put_there_by_hand_are_judged_as_asterisk_judges(
    web: Web, ari: Ari, ids: IdMaker, carrier: Carrier
) -> None:
    async with answered_call(ari, ids, carrier) as (leg, _):
        for kind, data in FILES.items():
            file = web.library.folder / "by-hand.wav"
            file.write_bytes(data)
            try:
                assert await leg.play(f"sound:{file.with_suffix('')}") is playable(file), kind
            finally:
                file.unlink()
