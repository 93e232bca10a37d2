"""What the engine sees to besides calls: the sounds that menus name, and how many recordings are kept."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import structlog

from uncall_ari.config import RecordingSettings, Settings
from uncall_ari.errors import ConfigError, ConfigErrors
from uncall_ari.flows.means import Means
from uncall_ari.ivr.check import missing_sounds
from uncall_ari.media.addresses import RECORDINGS, SoundAddresses
from uncall_ari.media.calls import CallRecordings
from uncall_ari.share import shared

log = structlog.get_logger(__name__)

RETENTION_SECONDS = 3600.0  # between two looks at how many recordings there are


async def keep_within_limits(recordings: CallRecordings, limits: Callable[[], RecordingSettings]) -> None:
    """Remove recordings of calls that are too old or too many, once an hour, until cancelled."""
    while True:
        now = limits()
        if now.enabled:
            try:
                removed = await asyncio.to_thread(
                    recordings.prune, datetime.now(UTC), now.keep_days, now.keep_megabytes * 1_000_000
                )
                if removed:
                    log.info("recordings are removed: too old, or too many", recordings=len(removed))
            except OSError as error:
                log.error("recordings cannot be removed", reason=str(error))
        await asyncio.sleep(RETENTION_SECONDS)


def sound_addresses(settings: Settings) -> SoundAddresses | None:
    """Return the addresses under which Asterisk fetches sounds; None: it reads the files.

    They are signed with Asterisk's password: no other secret is known after a restart, and Asterisk keeps what it has
    fetched as long as the addresses stay the same.
    """
    if not settings.media.url:
        return None
    prompts = (settings.media.sounds or shared("sounds")).absolute()
    shelves = {"zh": prompts / "zh", "en": prompts / "en", RECORDINGS: settings.media.recordings.absolute()}
    return SoundAddresses(settings.media.url, settings.asterisk.password.get_secret_value(), shelves)


def require_sounds(settings: Settings, means: Means) -> None:
    """Raise ConfigErrors for menus with prompts that are not there. A recording may still be uploaded: it is told."""
    prompts = means.prompts[means.language]
    mistakes = missing_sounds(settings.ivr, prompts.exists, lambda recording: True)
    if mistakes:
        raise ConfigErrors(
            [ConfigError("uncall.toml", f"ivr.{dotted(each.place)}", each.problem, each.remedy) for each in mistakes]
        )
    for later in missing_sounds(settings.ivr, lambda prompt: True, means.recordings.has):
        log.warning("a menu names a recording that is not uploaded yet", key=f"ivr.{dotted(later.place)}")


def dotted(place: Iterable[str | int]) -> str:
    """Return a place in the settings as people write it."""
    return ".".join(map(str, place))
