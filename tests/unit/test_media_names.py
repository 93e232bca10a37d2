"""What a recording may be called, and what the name of a client's file becomes."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncall_ari.errors import RecordingRefused, RefusedBecause
from uncall_ari.media.names import file_name, recording_name

TAKEN = {
    "hello.wav": "hello.wav",
    "pingjia jieshu.wav": "pingjia jieshu.wav",
    "促销欢迎词.wav": "促销欢迎词.wav",
    "HELLO.WAV": "HELLO.wav",
    "Hello.Wav": "Hello.wav",
    " hello.wav ": "hello.wav",
    r"C:\fakepath\hello.wav": "hello.wav",
    r"C:\Users\张三\录音 (1).wav": "录音 (1).wav",
    r"\\server\share\hello.wav": "hello.wav",
    "/var/www/html/hello.wav": "hello.wav",
    "../../etc/hello.wav": "hello.wav",
    "../../etc/..\\hello.wav": "hello.wav",
    "a.php.wav": "a.php.wav",
    "a.tar.gz.wav": "a.tar.gz.wav",
    "a,b.wav": "a,b.wav",
    "a%2Cb.wav": "a,b.wav",
    "a%20b%2Fc.wav": "a%20b%2Fc.wav",
    "a:b&c'd#e?f+g=h@i!j*k^l~m`n<o>p|q{r}s;t$u.wav": "a:b&c'd#e?f+g=h@i!j*k^l~m`n<o>p|q{r}s;t$u.wav",
    "${EPOCH}[x](y).wav": "${EPOCH}[x](y).wav",
    "-rf.wav": "-rf.wav",
    "~.wav": "~.wav",
    "0.wav": "0.wav",
    "x" * 251 + ".wav": "x" * 251 + ".wav",
    "中" * 83 + ".wav": "中" * 83 + ".wav",
    "e\u0301.wav": "é.wav",
    "你好\u3000世界.wav": "你好\u3000世界.wav",
    "😀.wav": "😀.wav",
}

REFUSED = {
    "empty": "",
    "blank": "   ",
    "a folder": "a.wav/",
    "a Windows folder": "a.wav\\",
    "extension alone": ".wav",
    "blank before the extension": "  .wav",
    "hidden": ".hello.wav",
    "an upload under way": ".uploading-x.wav",
    "dots": "..",
    "more dots": "....wav",
    "up": "../..",
    "the password file": "../../etc/passwd",
    "no extension": "hello",
    "none": "0",
    "another extension": "hello.mp3",
    "one behind": "a.wav.php",
    "a parameter behind": "a.wav;.php",
    "a stream behind": "a.wav:x",
    "a dot behind": "a.wav.",
    "NUL": "a\0.wav",
    "NUL behind": "a.wav\0.php",
    "CR LF inside": "a\r\nX: y.wav",
    "LF behind": "a.wav\n",
    "tab": "a\tb.wav",
    "delete": "a\x7f.wav",
    "C1": "a\x85.wav",
    "turned around": "a\u202evaw.wav",
    "byte order mark": "\ufeffa.wav",
    "zero width": "a\u200b.wav",
    "line separator": "a\u2028.wav",
    "surrogate": "a\udcff.wav",
    "no character": "a\uffff.wav",
    "quote": 'a"b.wav',
    "bracket not closed": "a(1.wav",
    "bracket not opened": "a]1.wav",
    "brackets the wrong way round": "a)1(.wav",
    "256 bytes": "x" * 252 + ".wav",
    "256 bytes of Chinese": "中" * 84 + ".wav",
    "too long as a file with its comma": "," * 84 + ".wav",
    "very long": "x" * 100_000 + ".wav",
}


@pytest.mark.parametrize("sent", TAKEN)
def test_taken(sent: str) -> None:
    assert recording_name(sent) == TAKEN[sent]
    assert recording_name(TAKEN[sent]) == TAKEN[sent]


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    with pytest.raises(RecordingRefused) as refused:
        recording_name(REFUSED[kind])
    assert refused.value.because is RefusedBecause.FORMAT


def test_a_file_has_no_comma_in_its_name() -> None:
    assert file_name("a,b,.wav") == "a%2Cb%2C.wav"
    assert file_name("录音 (1).wav") == "录音 (1).wav"


# Long enough to reach the bounds, with all that names are made of.
characters = st.sampled_from("a1 中é,.%2C()[]/\\\"'\0\n:&;\u3000\u202e") | st.characters()


@given(st.text(characters, max_size=300), st.sampled_from([".wav", ".WAV", ""]))
def test_what_is_taken_is_safe_and_stable(stem: str, extension: str) -> None:
    try:
        name = recording_name(stem + extension)
    except RecordingRefused:
        return
    file = file_name(name)
    assert recording_name(name) == recording_name(file) == name
    assert name.endswith(".wav")
    assert not name.startswith(".")
    assert not set('/\\"\0\r\n') & set(name)
    assert "," not in file
    assert len(file.encode()) <= 255
    assert len(name) <= 255
    assert unicodedata.is_normalized("NFC", name)
