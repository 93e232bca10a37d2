"""Events are decoded into typed values, and nothing that Asterisk sends ends the client."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.ari import events

CHANNEL = '{"id":"1.0000001","name":"PJSIP/a-1","state":"Up","channelvars":{"UNCALL_CALL":"1/2/1"}}'


@pytest.mark.parametrize(
    ("text", "kind", "about"),
    [
        (f'{{"type":"StasisStart","args":["a"],"channel":{CHANNEL}}}', events.StasisStart, "1.0000001"),
        (f'{{"type":"ChannelDestroyed","cause":17,"tech_cause":486,"channel":{CHANNEL}}}',
         events.ChannelDestroyed, "1.0000001"),
        ('{"type":"PlaybackFinished","playback":{"id":"p","target_uri":"channel:1.0000001","state":"done"}}',
         events.PlaybackFinished, "1.0000001"),
        ('{"type":"PlaybackFinished","playback":{"id":"p","target_uri":"bridge:b1","state":"done"}}',
         events.PlaybackFinished, "b1"),
        ('{"type":"SomethingOfAsterisk23","new":{}}', events.Other, ""),
        ('{"type":"StasisStart"}', events.Other, ""),
        ('{"type":"ChannelDestroyed","cause":"no number"}', events.Other, ""),
        ("{}", events.Other, ""),
    ],
)  # fmt: skip
def test_decode(text: str, kind: type[events.Event], about: str) -> None:
    event = events.decode(text)
    assert isinstance(event, kind)
    assert event.about() == about


@given(st.text() | st.binary())
def test_what_is_no_event_raises_one_kind_of_error(data: str | bytes) -> None:
    try:
        events.decode(data)
    except msgspec.DecodeError:
        pass
    except UnicodeDecodeError:
        assert isinstance(data, bytes)
