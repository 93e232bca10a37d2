"""What the benches compute with: spreads, ratios within a round, reactions told from the socket, tables of the page."""

import pytest

from tests.bench.pages import filled
from tests.bench.sides.reaction import Reactions
from tests.bench.spread import Spread, percentile
from tests.bench.tables import Report


def test_a_ratio_is_taken_within_each_round() -> None:
    ours, theirs = [2.0, 30.0, 3.0], [1.0, 10.0, 2.0]  # the second round was disturbed, both sides of it
    assert Spread.of_ratios(ours, theirs) == Spread(2.0, 1.5, 3.0)
    with pytest.raises(ValueError, match="shorter"):
        Spread.of_ratios(ours, theirs[:2])


def test_no_round_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no round"):
        Spread.of([])
    with pytest.raises(ValueError, match="no values"):
        percentile([], 99)


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)])
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], percent) == value


def test_a_spread_of_one_value_is_told_as_one() -> None:
    assert Spread(1234.5, 1234.5, 1234.5).told(1, "ms") == "1,234.5 ms"
    assert Spread(2.0, 1.0, 3.0).told() == "2.00 (1.00 to 3.00)"


def test_a_reaction_is_the_request_about_the_events_channel() -> None:
    seen = Reactions()
    seen.heard(
        '{"type":"StasisStart","timestamp":"2026-11-27T10:35:12.123+0000","args":[],"channel":{"id":"1.001","name":"x"}}'
    )
    seen.said('{"type":"RESTRequest","request_id":"7","method":"POST","uri":"channels/1.002/play/p1"}')
    assert not seen.from_stamp  # somebody else's
    seen.said('{"type":"RESTRequest","request_id":"8","method":"POST","uri":"channels/1.001/play/p1"}')
    seen.heard(
        '{"type":"PlaybackFinished","timestamp":"2026-11-27T10:35:13.123+0000",'
        '"playback":{"id":"p1","target_uri":"channel:1.001","state":"done"}}'
    )
    seen.said('{"type":"RESTRequest","request_id":"9","method":"DELETE","uri":"channels/1.001"}')
    assert seen.figures()["reactions"] == 2
    assert all(0 <= each < 1000 for each in seen.from_reading)


def test_the_page_gets_its_tables_between_the_marks() -> None:
    page = "a\n<!-- bench: play -->\nold\n<!-- end of bench -->\nb\n<!-- bench: web -->\nkept\n<!-- end of bench -->\n"
    once = filled(page, [Report("play", "Title", ("x", "y"), [("1", "2")])])
    assert "old" not in once
    assert "Title:\n\n| x | y |\n|---|---|\n| 1 | 2 |\n<!-- end" in once
    assert "kept" in once
    assert filled(once, [Report("play", "Title", ("x", "y"), [("1", "2")])]) == once
