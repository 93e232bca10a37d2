"""Asterisk's modules that the settings need: as docs/install.md has them."""

from dataclasses import dataclass

from uncall_ari.config import Settings
from uncall_ari.doctor.finding import Words


@dataclass(frozen=True, slots=True)
class Need:
    """Modules, without `.so`, and what for."""

    purpose: Words
    modules: tuple[str, ...]


ARI = Need(
    Words("ARI", " ARI "),
    (
        "res_http_websocket",
        "res_websocket_client",
        "res_stasis",
        "res_stasis_answer",
        "res_stasis_playback",
        "res_stasis_device_state",
        "res_stasis_recording",
        "res_stasis_snoop",
        "res_ari",
        "res_ari_model",
        "res_ari_applications",
        "res_ari_asterisk",
        "res_ari_bridges",
        "res_ari_channels",
        "res_ari_device_states",
        "res_ari_endpoints",
        "res_ari_events",
        "res_ari_playbacks",
        "app_stasis",
    ),
)
SOUNDS = Need(Words("sounds", "放音"), ("format_wav", "codec_resample"))
BRIDGES = Need(Words("bridges", "桥接"), ("bridge_simple", "bridge_native_rtp", "bridge_softmix"))
SIP = Need(Words("SIP", " SIP "), ("chan_pjsip", "res_pjsip", "res_rtp_asterisk"))
WITNESS = Need(Words("the witness", "见证"), ("func_global", "func_channel", "app_stack"))
MUSIC = Need(Words("hold and queues", "保持与队列"), ("res_musiconhold",))
DETECTOR = Need(Words("the answering-machine detector", "答录机检测"), ("app_amd",))
ASKING = Need(Words("asking by FastAGI", " FastAGI 查询"), ("res_speech", "res_agi"))
FETCHING = Need(
    Words("sounds from media.url", "从 media.url 获取声音"), ("res_curl", "func_curl", "res_http_media_cache")
)
RECORDING = Need(Words("recording calls", "通话录音"), ("app_mixmonitor",))
FETCHED = Need(Words("recording.fetch", " recording.fetch "), ("res_ari_recordings",))


def needed(settings: Settings) -> list[Need]:
    """What these settings need."""
    needs = [ARI, SOUNDS, BRIDGES, SIP, WITNESS, MUSIC]
    if any(trunk.amd for trunk in settings.trunk):
        needs.append(DETECTOR)
    if settings.media.url:
        needs.append(FETCHING)
    if settings.fastagi.enabled:
        needs.append(ASKING)
    if records(settings):
        needs += [RECORDING, FETCHED] if settings.recording.fetch else [RECORDING]
    return needs


def records(settings: Settings) -> bool:
    """Whether any call is recorded."""
    return (
        settings.recording.enabled
        or any(settings.recording.extensions.values())
        or any(trunk.record for trunk in settings.trunk)
        or any(queue.record for queue in settings.queue.values())
    )
