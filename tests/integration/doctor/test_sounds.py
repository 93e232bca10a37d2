"""`uncall check`: prompts, recordings, music on hold, the folder for calls."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.doctor.clinic import changed, healthy, ill, settings_of, told
from tests.integration.served import Served
from uncall_ari.doctor import Check, Level
from uncall_ari.doctor.run import of_asterisk
from uncall_ari.lab import Lab
from uncall_ari.lab.ports import free_port


async def test_prompts_that_are_not_there_or_do_not_play(clinic: Lab) -> None:
    said = await ill(clinic, Check.PROMPTS, ivr={"1": {"step": {"a": {"play": ["thank-you", "nothing"]}}}})
    assert "ivr.1.step.a.play.1" in said
    empty = clinic.folder / "empty"
    empty.mkdir(exist_ok=True)
    found = await of_asterisk(settings_of(clinic, media={"sounds": str(empty)}))
    assert ["there are none" in each.found.en for each in found if each.check is Check.PROMPTS] == [True], told(found)
    broken = clinic.folder / "few" / "zh" / "broken.wav"
    broken.write_bytes(b"RIFF, but no sound")
    broken.chmod(0o644)
    try:
        said = await ill(clinic, Check.PROMPTS)
        assert "not to be played: zh/broken.wav" in said
        assert "8000 Hz, mono" in said
    finally:
        broken.unlink()


async def test_sounds_that_asterisk_cannot_read(clinic: Lab) -> None:
    folder = clinic.folder / "closed"
    folder.mkdir()
    shutil.copy(clinic.sounds / "zh" / "beep.wav", folder)
    media = {"recordings": str(folder)}
    folder.chmod(0o700)
    said = await ill(clinic, Check.RECORDINGS, media=media)
    assert f"Asterisk cannot read the folder {folder}" in said
    assert "chmod o+rx" in said
    folder.chmod(0o755)
    shutil.copy(folder / "beep.wav", folder / "private.wav")
    (folder / "private.wav").chmod(0o600)
    assert "Asterisk cannot read private.wav" in await ill(clinic, Check.RECORDINGS, media=media)
    for file in folder.iterdir():
        file.unlink()
    folder.chmod(0o700)
    said = await ill(clinic, Check.RECORDINGS, Level.WARNING, media=media)
    assert f"chmod o+rx {folder}" in said, "an empty folder, in which nothing can be tried"


async def test_a_recording_that_a_menu_misses(clinic: Lab) -> None:
    ivr = {"1": {"step": {"a": {"play": ["recording:offer.wav"]}}}}
    assert "not uploaded: offer.wav" in await ill(clinic, Check.RECORDINGS, Level.WARNING, ivr=ivr)


async def test_sounds_that_asterisk_fetches(
    clinic: Lab, served: Callable[[dict[str, Any]], Served], tmp_path: Path
) -> None:
    for name in ("res_curl", "func_curl", "res_http_media_cache"):
        clinic.asterisk.cli(f"module load {name}.so")
    port = free_port()
    changes: dict[str, Any] = {"database": {"url": f"sqlite:///{tmp_path}/uncall.db"}, "web": {"port": port}}
    here = {"url": f"http://127.0.0.1:{port}"}
    found = await of_asterisk(settings_of(clinic, media=here, **changes))
    assert [each.level for each in found if each.check is Check.PROMPTS] == [Level.SKIPPED], told(found)
    service = served(healthy(clinic, media=here, **changes))
    await service.start()
    await service.says("connected to Asterisk")
    found = await of_asterisk(settings_of(clinic, media=here, **changes))
    assert ["4 play" in each.found.en for each in found if each.check is Check.PROMPTS] == [True], told(found)
    nowhere = {"url": f"http://127.0.0.1:{free_port()}"}
    assert "Asterisk cannot fetch zh/beep.wav" in await ill(clinic, Check.PROMPTS, media=nowhere, **changes)


async def test_no_music_on_hold(clinic: Lab) -> None:
    silent = clinic.folder / "silent"
    silent.mkdir()
    silent.chmod(0o755)
    inside = clinic.root.inside(silent)
    line = f"directory = {clinic.root.inside(clinic.sounds)}/music"
    with changed(clinic, "musiconhold.conf", line, f"directory = {inside}", "moh reload"):
        assert "hears nothing" in await ill(clinic, Check.MUSIC)


async def test_a_folder_that_asterisk_cannot_write(clinic: Lab) -> None:
    folder = clinic.folder / "calls"
    recording = {"enabled": True, "folder": str(folder)}
    assert "install -d" in await ill(clinic, Check.CALLS, Level.WARNING, recording=recording)
    folder.mkdir()
    folder.chmod(0o755)
    assert "cannot write into" in await ill(clinic, Check.CALLS, Level.WARNING, recording=recording)
    clinic.root.give(folder, "asterisk")
    found = await of_asterisk(settings_of(clinic, recording=recording))
    assert [each.level for each in found if each.check is Check.CALLS] == [Level.OK], told(found)
