"""The report as it is written: what spreadsheets, programs and people get."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from uncall_ari.cli.reporting import Format, Order, Report, days_of, write, written
from uncall_ari.errors import UncallError
from uncall_ari.store.records import ComplianceDay

DAY = date(2026, 3, 4)
ROW = ComplianceDay(7, DAY, 1200, 400, 25, 300, 9, 7000, 210)
NONE = ComplianceDay(8, DAY, 5, 2, 0, 0, 0, 0, 0)


def report(*days: ComplianceDay, **names: str) -> Report:
    return Report(ZoneInfo("Asia/Shanghai"), DAY, DAY, days, {int(key[1:]): name for key, name in names.items()})


def test_csv_is_what_excel_opens() -> None:
    content = written(report(ROW, NONE, _7="春季回访"), Format.CSV)
    assert content.startswith(b"\xef\xbb\xbfdate,task_id,task_name,dialled,")
    text = content.decode("utf-8-sig")
    assert text.count("\r\n") == 3
    assert text.count("\n") == 3
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {
        "date": "2026-03-04",
        "task_id": "7",
        "task_name": "春季回访",
        "dialled": "1200",
        "answered": "400",
        "machines": "25",
        "live_answers": "300",
        "abandoned": "9",
        "abandon_rate": "0.03",
        "live_answers_30_days": "7000",
        "abandoned_30_days": "210",
        "abandon_rate_30_days": "0.03",
    }
    assert (rows[1]["task_name"], rows[1]["abandon_rate"], rows[1]["abandon_rate_30_days"]) == ("", "", "")


@pytest.mark.parametrize("name", ["=1+2", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_name_becomes_a_formula(name: str) -> None:
    (row,) = csv.DictReader(io.StringIO(written(report(ROW, _7=name), Format.CSV).decode("utf-8-sig"), newline=""))
    assert row["task_name"] == f"'{name}"


@pytest.mark.parametrize("name", ['a "quoted", name', "two\r\nlines", "a=b", "'", "，"])
def test_csv_keeps_every_other_name(name: str) -> None:
    text = written(report(ROW, _7=name), Format.CSV).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["task_name"] == name


def test_json() -> None:
    document = json.loads(written(report(ROW, NONE, _7="春季"), Format.JSON))
    assert (document["timezone"], document["from"], document["to"]) == ("Asia/Shanghai", "2026-03-04", "2026-03-04")
    first, second = document["days"]
    assert (first["task_name"], first["abandon_rate"], first["live_answers_30_days"]) == ("春季", 0.03, 7000)
    assert (second["task_name"], second["abandon_rate"], second["abandon_rate_30_days"]) == (None, None, None)


def test_table() -> None:
    text = written(report(ROW, NONE, _7="春季回访"), Format.TABLE).decode()
    line = next(line for line in text.splitlines() if "春季回访" in line)
    for part in ("2026-03-04", "1,200", "300", "3.00%", "7,000", "210"):
        assert part in line
    assert "(deleted)" in text
    assert "No calls from 2026-03-04 to 2026-03-04 (Asia/Shanghai)." in written(report(), Format.TABLE).decode()


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "[red]markup[/red]", "two\nlines", "\u202egnp"])
def test_no_name_reaches_the_terminal_as_a_command(name: str) -> None:
    text = written(report(ROW, _7=name), Format.TABLE).decode()
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "".join(c if c.isprintable() else "?" for c in name) in text


def test_days_by_default_and_by_order() -> None:
    assert days_of(Order(), DAY) == (date(2026, 2, 3), DAY)
    assert days_of(Order(until=date(2026, 1, 30)), DAY) == (date(2026, 1, 1), date(2026, 1, 30))
    assert days_of(Order(since=date(2026, 3, 1)), DAY) == (date(2026, 3, 1), DAY)
    assert days_of(Order(since=date(2026, 4, 1)), DAY) == (date(2026, 4, 1), date(2026, 4, 1))


@pytest.mark.parametrize(
    ("since", "until", "reason"),
    [
        (date(2026, 3, 2), date(2026, 3, 1), "--from 2026-03-02 is after --to 2026-03-01"),
        (date(1, 1, 1), date(2026, 3, 1), "years 2000 to 2100"),
        (date(2026, 3, 1), date(9999, 12, 31), "years 2000 to 2100"),
        (None, date(1, 1, 1), "years 2000 to 2100"),
    ],
)
def test_days_that_will_not_do(since: date | None, until: date, reason: str) -> None:
    with pytest.raises(UncallError, match=reason):
        days_of(Order(since=since, until=until), DAY)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UncallError, match=r"--output .*nowhere/report\.csv: No such file or directory"):
        write(b"x", tmp_path / "nowhere" / "report.csv")
    write(b"x", tmp_path / "report.csv")
    assert (tmp_path / "report.csv").read_bytes() == b"x"
