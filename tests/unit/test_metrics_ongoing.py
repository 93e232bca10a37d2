"""The register of the calls that go on."""

import pytest

from uncall_ari.calls.ongoing import Call, Kind, Ongoing


def click(uid: str = "1", **details: object) -> Call:
    return Call(uid, Kind.CLICK, "13800138000", "801", **details)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answered", "said", "words", "told"),
    [
        (True, "", (), ("click", "answered", "success")),
        (False, "NO ANSWER", (), ("click", "no-answer", "failed")),
        (False, "", (), ("click", "unanswered", "failed")),
        (True, "BUSY", (), ("click", "answered", "success")),  # the second attempt, after a transfer
        (True, "", ("call-back", "call-back"), ("click", "call-back", "call-back")),
    ],
)
def test_how_it_ended(answered: bool, said: str, words: tuple[str, ...], told: tuple[str, ...]) -> None:
    ongoing = Ongoing()
    ongoing.begin(click())
    if said:
        ongoing.unanswered("1", said)
    if answered:
        ongoing.answered("1")
    ongoing.end("1", *words)
    assert ongoing.calls == {}
    assert ongoing.ended.values == {told: 1}
    assert ongoing.started.values == {("click", ""): 1}


def test_what_is_not_known_is_let_pass() -> None:
    ongoing = Ongoing()
    ongoing.answered("1")
    ongoing.unanswered("1", "BUSY")
    ongoing.end("1", "answered", "success")
    assert (ongoing.ended.values, ongoing.setup.values) == ({}, {})


def test_a_set_up_is_measured_once_and_not_of_calls_taken_over() -> None:
    ongoing = Ongoing()
    ongoing.begin(click())
    ongoing.answered("1")
    ongoing.answered("1")
    ongoing.begin(click("2", taken_over=True))
    ongoing.answered("2")
    assert ongoing.calls["2"].answered
    assert [(labels, sum(each.counts)) for labels, each in ongoing.setup.values.items()] == [(("click",), 1)]


def test_a_talk_that_nobody_has_begun_here_is_a_call() -> None:
    ongoing = Ongoing()
    with ongoing.talking("1", Kind.INBOUND, "13800138000"):
        assert ongoing.calls["1"].answered
    assert ongoing.calls == {}
    ongoing.begin(click())
    with ongoing.talking("1", Kind.INBOUND, "13800138000"):
        pass
    assert ongoing.calls["1"].kind is Kind.CLICK, "who began it ends it"
    assert ongoing.ended.values == {("inbound", "answered", "success"): 1}


def test_a_call_ends_whatever_happens_in_it() -> None:
    ongoing = Ongoing()
    with pytest.raises(RuntimeError), ongoing.call(click()):
        raise RuntimeError
    assert ongoing.ended.values == {("click", "unanswered", "failed"): 1}


def test_how_many_of_a_task_began_within_a_minute() -> None:
    ongoing = Ongoing()
    for number in range(3):
        ongoing.begin(Call(str(number), Kind.CAMPAIGN, "138", task=7))
    assert (ongoing.per_minute(7), ongoing.per_minute(8)) == (3, 0)
