"""The meter on synthetic streams: levels, loss, gaps, jitter, keys, and what is no longer kept."""

import itertools
import struct

import numpy as np
import pytest

from uncall_ari.lab.phones.audio import TONES, encode, sine, tone_frame
from uncall_ari.lab.phones.meter import FLOOR, HEARD, UNHEARD, Meter
from uncall_ari.lab.phones.rtp import Event, Sender, build_event

START = 1000.0  # the meter lives on any clock


def take(meter: Meter, packet: bytes | bytearray, at: float) -> None:
    """Give the meter a packet as media.py does."""
    meter.ring.slot()[: len(packet)] = packet
    if meter.heeds(memoryview(packet), at):
        meter.ring.keep(len(packet), at)


def feed(meter: Meter, frames: list[bytes], at: float = START, drop: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    """Frames, 20 ms apart, some of them lost on the way."""
    sender = Sender(None)
    sender.say([(1, frame) for frame in frames])
    for index in range(len(frames)):
        for packet in sender.tick():
            if index not in drop:
                take(meter, packet, at + index * 0.02)


def mixed(tones: list[int], seconds: float) -> list[bytes]:
    """Frames of several tones at once, each at -12 dBFS, as a conference sends them."""
    total = sum(sine(hz, seconds).astype(np.int32) for hz in tones)
    data = encode(np.clip(total, -32768, 32767).astype(np.int16))
    return [data[i : i + 160] for i in range(0, len(data), 160)]


@pytest.mark.parametrize("level", [-3.0, -12.0, -20.0, -30.0])
@pytest.mark.parametrize("hz", [300, 1000, 3350, 1234.5])
def test_the_level_of_a_sine(hz: float, level: float) -> None:
    meter = Meter()
    data = encode(sine(hz, 0.5, level))
    feed(meter, [data[i : i + 160] for i in range(0, len(data), 160)])
    assert meter.level(hz, START, START + 0.5) == pytest.approx(level, abs=0.2)
    assert meter.rms(START, START + 0.5) == pytest.approx(level, abs=0.2)


@pytest.mark.parametrize("hz", TONES)
def test_each_tone_is_heard_alone(hz: int) -> None:
    meter = Meter()
    feed(meter, [tone_frame(hz)] * 25)
    levels = meter.levels(TONES, START, START + 0.5)
    assert levels.pop(hz) == pytest.approx(-12, abs=0.2)
    assert max(levels.values()) < UNHEARD


@pytest.mark.parametrize("others", list(itertools.combinations([400, 1000, 1450, 2100, 2900], 2)))
def test_two_at_once_do_not_hide_or_feign_a_third(others: tuple[int, int]) -> None:
    meter = Meter()
    feed(meter, mixed(list(others), 0.5))
    levels = meter.levels(TONES, START, START + 0.5)
    assert all(levels.pop(hz) > HEARD for hz in others)
    assert max(levels.values()) < UNHEARD


@pytest.mark.parametrize("busy", [440, 450, 480, 697, 770, 852, 941, 1209, 1336, 1477, 1633])
def test_ringing_and_dtmf_are_no_phone(busy: int) -> None:
    meter = Meter()
    feed(meter, mixed([busy], 0.5))
    levels = meter.levels(TONES, START, START + 0.5)
    assert max(levels.values()) < UNHEARD


def test_time_without_packets_is_silence() -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 5)  # a tenth of a second of sound in half a second
    assert meter.level(1000, START, START + 0.5) < HEARD - 6
    assert meter.level(1000, START + 5, START + 5.5) == FLOOR
    assert Meter().level(1000) == FLOOR
    assert Meter().rms() == FLOOR


def test_a_window_is_cut_where_it_is_asked_for() -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 50 + [tone_frame(2000)] * 50)
    assert meter.levels([1000, 2000], START, START + 1)[1000] > HEARD
    assert meter.levels([1000, 2000], START, START + 1)[2000] < UNHEARD
    assert meter.levels([1000, 2000], START + 1, START + 2)[2000] > HEARD
    assert meter.levels([1000, 2000], START + 1, START + 2)[1000] < UNHEARD


def test_a_clean_stream() -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 50)
    quality = meter.quality(START, START + 1)
    assert (quality.packets, quality.lost, quality.streams) == (50, 0, 1)
    assert quality.longest_gap == pytest.approx(0.02)
    assert quality.jitter == pytest.approx(0, abs=1e-6)
    assert quality.clean()


@pytest.mark.parametrize(
    ("drop", "lost", "gap"), [({7}, 1, 0.04), ({7, 8, 30}, 3, 0.06), (set(range(10, 30)), 20, 0.42)]
)
def test_what_is_lost_is_counted(drop: set[int], lost: int, gap: float) -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 50, drop=drop)
    quality = meter.quality(START, START + 1)
    assert quality.lost == lost
    assert quality.longest_gap == pytest.approx(gap)
    assert not quality.clean()
    assert f"{lost} lost" in str(quality)


def test_a_gap_at_the_edge_counts() -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 25)
    assert meter.quality(START, START + 1).longest_gap == pytest.approx(0.52)
    assert not meter.quality(START, START + 1).clean()
    assert not meter.quality(START + 2, START + 3).clean()


def test_jitter_and_disorder() -> None:
    meter, sender = Meter(), Sender()
    packets = [bytes(packet) for _ in range(50) for packet in sender.tick()]
    packets[20], packets[21] = packets[21], packets[20]  # one overtakes another: nothing is lost
    for index, packet in enumerate(packets):
        take(meter, packet, START + index * 0.02 + (0.01 if index % 2 else 0))
    quality = meter.quality(START, START + 1.1)
    assert quality.lost == 0
    assert quality.jitter == pytest.approx(0.012, abs=0.002)


def test_another_source_is_no_loss() -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 10)
    feed(meter, [tone_frame(2000)] * 10, at=START + 0.2)
    quality = meter.quality(START, START + 0.4)
    assert (quality.lost, quality.streams, quality.packets) == (0, 2, 20)


def test_keys_are_heard_once_each() -> None:
    meter, sender = Meter(), Sender()
    sender.press("112")
    at = START
    for _ in range(40):
        at += 0.02
        for packet in sender.tick():
            take(meter, packet, at)
    assert meter.heard_keys == "112"
    assert [press.duration for press in meter.keys] == pytest.approx([0.1, 0.1, 0.1])
    assert all(press.ended for press in meter.keys)
    assert meter.quality(START, at).lost == 0


def test_a_key_whose_end_is_lost_is_still_a_key() -> None:
    meter = Meter()
    for timestamp, key in ((0, "7"), (800, "8")):
        header = struct.pack("!BBHII", 0x80, 101, timestamp // 160, timestamp, 1)
        take(meter, header + build_event(Event(key, False, 0.02)), START)
    assert meter.heard_keys == "78"
    assert not meter.keys[0].ended


@pytest.mark.parametrize("packet", [b"junk", b"\x80\xc8\x00\x06" + bytes(24), b"\x00" * 172])
def test_what_is_no_rtp_is_not_counted(packet: bytes) -> None:
    meter = Meter()
    take(meter, packet, START)
    assert meter.packets == 0


def test_only_the_last_seconds_are_kept_and_that_is_said() -> None:
    meter = Meter(keep=1.0)
    feed(meter, [tone_frame(1000)] * 200)
    end = START + 4
    assert meter.level(1000, end - 1, end) > HEARD
    with pytest.raises(ValueError, match="before the kept 1 s was asked for"):
        meter.level(1000, START, START + 0.5)


def test_audio_that_was_given_up_is_not_taken_for_silence() -> None:
    meter = Meter()
    feed(meter, [tone_frame(1000)] * 25)
    meter.ring.forget()
    with pytest.raises(ValueError, match="no longer kept"):
        meter.level(1000, START, START + 0.5)
