"""Recording a talk: begun with it, through hold and transfer, and shown when it is complete."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog

from uncall_ari.ami import AmiRefused
from uncall_ari.calls.scribe import log_of
from uncall_ari.calls.talk import Talk
from uncall_ari.errors import ConnectionFailed
from uncall_ari.flows.means import Means
from uncall_ari.media.calls import recording_name

log = structlog.get_logger(__name__)


@asynccontextmanager
async def recorded(means: Means, talk: Talk) -> AsyncIterator[None]:
    """Record the talk, when recording is on, and keep its record afterwards. The talk goes on without a recording when
    Asterisk cannot make one.

    The recording is of the channel that stays: the one that hold and transfer leave alone.
    """
    if not talk.recording and means.records(talk):
        await _start(means, talk)
    means.scribe.talk_begun(talk)
    try:
        yield
    finally:
        if not means.ari.leaving:  # else it goes on, and the next process keeps its record
            means.scribe.talk_over(log_of(talk, datetime.now(UTC)))


async def _start(means: Means, talk: Talk) -> None:
    kept = talk.kept
    other = talk.other(kept)
    name = recording_name(
        talk.agent or kept.number,
        kept.number if talk.agent != kept.number else (other.number if other else ""),
        datetime.now(UTC).astimezone(means.zone),
        talk.uid,
    )
    recordings, stereo = means.call_recordings, means.settings.recording.stereo
    part = str(recordings.stereo_part(talk.uid) if stereo else recordings.part(talk.uid))
    if means.scribe.fetcher is not None:
        part = means.scribe.fetcher.place(talk.uid)
    try:
        await means.ami.start_mixmonitor(kept.leg.name, part, "D" if stereo else "")
        talk.recording = name
    except (AmiRefused, ConnectionFailed, ValueError) as error:
        log.error("a call is not recorded", uid=talk.uid, reason=str(error))
