"""`uncall report` on a real database, and what it says when it cannot."""

import asyncio
import csv
import io
import json
import os
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.store.conftest import Open, Outside, claim, ended, running_task
from uncall_ari.store.records import Outcome


class Told:
    """How a command ended."""

    def __init__(self, status: int, out: bytes, err: bytes) -> None:
        self.status, self.out, self.err = status, out, err.decode()


async def report(url: str, *arguments: str) -> Told:
    """Run the command on this database, with settings from the environment alone."""
    settings = {"UNCALL_DATABASE__URL": url, "UNCALL_ASTERISK__PASSWORD": "x", "UNCALL_DIALER__TIMEZONE": "UTC"}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UNCALL_")} | settings
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uncall_ari", "report", *arguments, env=environment, cwd="/", stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Told(process.returncode, out, err)


async def test_the_report_of_a_campaign(open_store: Open, database: str, tmp_path: Path) -> None:
    store = await open_store()
    task_id = await running_task(store, *(str(i) for i in range(10)))
    now = datetime.now(UTC) - timedelta(seconds=60)
    claims = await claim(store, task_id, 10, now)
    live: dict[str, Any] = {"answered_at": now, "ended_at": now, "queue": "7001"}
    await store.settle(
        [
            *(ended(c, **live) for c in claims[:3]),
            ended(claims[3], Outcome.CALL_BACK, abandoned=True, **live),
            *(ended(c, Outcome.FAILED, cause="busy", ended_at=now) for c in claims[4:]),
        ]
    )
    day = now.date().isoformat()
    told = await report(database, "--format", "json", "--from", day)
    assert (told.status, told.err) == (0, "")
    (row,) = json.loads(told.out)["days"]
    assert row == {
        "date": day,
        "task_id": task_id,
        "task_name": "spring",
        "dialled": 10,
        "answered": 4,
        "machines": 0,
        "live_answers": 4,
        "abandoned": 1,
        "abandon_rate": 0.25,
        "live_answers_30_days": 4,
        "abandoned_30_days": 1,
        "abandon_rate_30_days": 0.25,
    }
    file = tmp_path / "report.csv"
    told = await report(database, "--format", "csv", "--task", str(task_id), "--output", str(file))
    assert (told.status, told.out, told.err) == (0, b"", "")
    (line,) = csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig")))
    assert line == {key: str(value) for key, value in row.items()}
    told = await report(database)
    assert "25.00%" in told.out.decode()
    await store.delete_task(task_id)
    told = await report(database, "--task", str(task_id))  # the calls of a deleted task are still told
    assert "(deleted)" in told.out.decode()


async def test_a_task_that_is_none_is_told(open_store: Open, database: str) -> None:
    await open_store()
    told = await report(database, "--task", "7")
    assert (told.status, told.out, told.err) == (1, b"", "there is no task 7\n")


async def test_a_database_without_tables_stays_empty(database: str, tmp_path: Path) -> None:
    if database.startswith("sqlite"):
        (tmp_path / "uncall.db").touch()
    told = await report(database)
    assert told.status == 1
    assert "there is no table o_uncall_task. Start `uncall serve` once" in told.err
    assert "Traceback" not in told.err
    outside = Outside(database)
    tables = "SHOW TABLES" if outside.mysql else "SELECT name FROM sqlite_master"
    assert outside.sql(tables) == []
    outside.close()


async def test_tables_of_an_older_version_are_told_and_not_changed(
    open_store: Open, outside: Outside, database: str
) -> None:
    await open_store()
    outside.sql("ALTER TABLE uncall_call DROP COLUMN queue")
    told = await report(database)
    assert told.status == 1
    assert "uncall_call has no column queue. Start this version's `uncall serve` once" in told.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///{folder}/none.db", "there is no such file"),
        ("mysql://uncall:top-secret@127.0.0.1:1/outbound", "mysql://127.0.0.1:1/outbound"),
        ("ftp://x", "has neither of the two forms"),
    ],
)
async def test_a_database_that_is_not_reached_is_told(tmp_path: Path, url: str, said: str) -> None:
    told = await report(url.format(folder=tmp_path))
    assert told.status == 1
    assert said in told.err
    assert "Traceback" not in told.err
    assert "top-secret" not in told.err
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "2026-02-30", ""])
async def test_a_day_that_is_none_is_told(tmp_path: Path, day: str) -> None:
    told = await report(f"sqlite:///{tmp_path}/x.db", "--from", day)
    assert told.status == 2
    assert "Invalid value for '--from'" in told.err
