"""RTP as it is sent: counters, tones, keys as telephone events."""

from collections.abc import Iterator

import numpy as np
import pytest

from uncall_ari.lab.phones.audio import SILENCE, TONES, decode, encode, sine, tone_frame
from uncall_ari.lab.phones.rtp import Event, Header, Sender, build_event, parse_event, parse_header


def sent(sender: Sender, ticks: int) -> Iterator[tuple[int, Header, bytes]]:
    """What `ticks` ticks send: the tick, the header, the payload."""
    for tick in range(ticks):
        for packet in sender.tick():
            header = parse_header(packet)
            assert header is not None
            yield tick, header, bytes(packet[12:])


def test_steady_audio_counts_on_and_marks_its_beginning() -> None:
    packets = list(sent(Sender(tone_frame(1000)), 5))
    first = packets[0][1]
    assert [header.marker for _, header, _ in packets] == [True, False, False, False, False]
    assert [(header.sequence - first.sequence) % 65536 for _, header, _ in packets] == [0, 1, 2, 3, 4]
    assert [(header.timestamp - first.timestamp) % 2**32 for _, header, _ in packets] == [0, 160, 320, 480, 640]
    assert {payload for _, _, payload in packets} == {tone_frame(1000)}
    assert {header.payload_type for _, header, _ in packets} == {0}


def test_the_counters_wrap() -> None:
    sequences = [header.sequence for _, header, _ in sent(Sender(), 65537)]
    assert sequences[0] == sequences[65536]
    assert len(set(sequences)) == 65536


def test_a_key_is_sent_as_rfc_4733_says() -> None:
    sender = Sender(tone_frame(1000))
    list(sent(sender, 2))
    sender.press("5", seconds=0.1, pause=0.04)
    packets = list(sent(sender, 9))
    keys = [(header, parse_event(payload)) for _, header, payload in packets if header.payload_type == 101]
    audio = [(tick, header) for tick, header, _ in packets if header.payload_type == 0]
    assert [event for _, event in keys] == [
        Event("5", False, 0.02),
        Event("5", False, 0.04),
        Event("5", False, 0.06),
        Event("5", False, 0.08),
        *[Event("5", True, 0.1)] * 3,
    ]
    assert [header.marker for header, _ in keys] == [True] + [False] * 6
    assert len({header.timestamp for header, _ in keys}) == 1
    assert [tick for tick, _ in audio] == [5, 6, 7, 8]  # no audio while the key is down
    assert (audio[0][1].timestamp - keys[0][0].timestamp) % 2**32 == 5 * 160
    sequences = [header.sequence for _, header, _ in packets]
    assert [(sequence - sequences[0]) % 65536 for sequence in sequences] == list(range(11))


def test_keys_follow_one_another_with_a_pause() -> None:
    sender = Sender()
    sender.press("1#", seconds=0.04, pause=0.06)
    kinds = [(tick, header.payload_type) for tick, header, _ in sent(sender, 10)]
    pressed = sorted({tick for tick, kind in kinds if kind == 101})
    assert pressed == [0, 1, 5, 6]
    assert not sender.pressing


def test_the_agreed_payload_type_is_used() -> None:
    sender = Sender()
    sender.event_type = 96
    sender.press("0")
    assert next(sent(sender, 1))[1].payload_type == 96


@pytest.mark.parametrize("keys", ["", "x", "1 2", "１"])
def test_what_is_no_key(keys: str) -> None:
    with pytest.raises(ValueError, match="no keys"):
        Sender().press(keys)


def test_something_is_said_first() -> None:
    sender = Sender(SILENCE)
    sender.say([(2, tone_frame(600)), (1, tone_frame(800))])
    payloads = [payload for _, _, payload in sent(sender, 5)]
    assert payloads == [tone_frame(600), tone_frame(600), tone_frame(800), SILENCE, SILENCE]


def test_nothing_is_sent_without_audio_but_time_goes_on() -> None:
    sender = Sender(None)
    assert list(sent(sender, 3)) == []
    sender.payload = SILENCE
    before = next(sent(sender, 1))[1]
    sender.payload = None
    list(sent(sender, 4))
    sender.payload = SILENCE
    after = next(sent(sender, 1))[1]
    assert (after.timestamp - before.timestamp) % 2**32 == 5 * 160
    assert (after.sequence - before.sequence) % 65536 == 1
    assert after.marker


def test_a_stall_leaves_a_hole_in_time_only() -> None:
    sender = Sender()
    before = next(sent(sender, 1))[1]
    sender.skip(10)
    after = next(sent(sender, 1))[1]
    assert (after.timestamp - before.timestamp) % 2**32 == 11 * 160
    assert (after.sequence - before.sequence) % 65536 == 1


@pytest.mark.parametrize("packet", [b"", b"\x80" * 11, b"\x40" + bytes(20), b"\x80\xc8" + bytes(20)])
def test_what_is_no_rtp(packet: bytes) -> None:
    assert parse_header(packet) is None


@pytest.mark.parametrize("payload", [b"", b"\x01\x8a\x00", b"\x10\x8a\x00\xa0"])
def test_what_is_no_key_event(payload: bytes) -> None:
    assert parse_event(payload) is None


@pytest.mark.parametrize("key", "0123456789*#ABCD")
def test_events_there_and_back(key: str) -> None:
    event = Event(key, True, 0.16)
    assert parse_event(build_event(event)) == event


def test_mu_law_keeps_what_a_voice_needs() -> None:
    samples = np.arange(-32000, 32000, 7, dtype=np.int16)
    error = np.abs(decode(encode(samples)) - samples)
    assert np.all(error <= (np.abs(samples.astype(np.int32)) + 132) / 32)  # half a step of its segment


def test_mu_law_end_points() -> None:  # ITU-T G.711, table 2
    assert encode(np.array([0, 32767, -32768], np.int16)) == b"\xff\x80\x00"
    assert decode(b"\xff\x80\x00\x7f").tolist() == [0, 32124, -32124, 0]


def test_a_tone_joins_without_a_click() -> None:
    for hz in TONES:
        long = encode(sine(hz, 0.1))
        assert tone_frame(hz) * 5 == long


@pytest.mark.parametrize("hz", [1, 425, -50, 4000])
def test_tones_that_do_not_fit_a_frame(hz: int) -> None:
    with pytest.raises(ValueError, match="no multiple of 50 Hz"):
        tone_frame(hz)
