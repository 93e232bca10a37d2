"""What docs/migrating.md says, done: an old Uncall's database and recordings, and the engine that takes them over."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.campaigns import finished, settings_for, third_party, until
from tests.integration.conftest import TONE
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, early_hangup
from uncall_ari.store.records import TaskStatus

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "migrating.md").read_text("utf-8")

# As the contract has them (section 5), and MyISAM as in 2014.
TASKS = """CREATE TABLE o_uncall_task (
 id int(10) NOT NULL AUTO_INCREMENT, task_name varchar(50), task_type varchar(50),
 create_time timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, create_users varchar(50), task_out_line varchar(50),
 task_queue varchar(50), task_status varchar(10) NOT NULL DEFAULT '', call_max int(3) NOT NULL DEFAULT 1,
 task_mark text, task_day_start varchar(255) DEFAULT '09:00', task_day_end varchar(255) DEFAULT '18:00',
 task_run_id varchar(50), task_num int(6) DEFAULT 0, task_undistribute int(11) DEFAULT 0,
 task_called int(6) DEFAULT 0, task_success int(6) DEFAULT 0, task_visit int(6) DEFAULT 0, task_fail int(6) DEFAULT 0,
 context varchar(50) DEFAULT 'ext-did', task_cortrol_type varchar(10) DEFAULT 'g',
 task_override float(10,2) DEFAULT 1.00, task_loss_ceiling varchar(10) DEFAULT '0', queue_name varchar(25) DEFAULT '0',
 task_callerid varchar(20), is_run int(11) DEFAULT 0, recording_files varchar(255) DEFAULT '0', PRIMARY KEY (id)
) ENGINE=MyISAM DEFAULT CHARSET=utf8"""
NUMBERS = """CREATE TABLE o_task_run_494 (
 id int(10) NOT NULL AUTO_INCREMENT, mobile varchar(16), contact varchar(20), remark varchar(255),
 address varchar(255), call_status int(2) DEFAULT 0, call_time datetime, call_billsec int(3) DEFAULT 0,
 call_uniqueid varchar(20), tab_status int(2), customer_id int(10), extension int(10), author int(10),
 action_id varchar(20), date_from_type char(12), date_from_code varchar(32),
 addtime timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, del int(1) DEFAULT 0, task_id int(11) DEFAULT 494,
 PRIMARY KEY (id), KEY mobile (mobile), KEY call_status (call_status), KEY extension (extension)
) ENGINE=MyISAM DEFAULT CHARSET=utf8"""
OLD_TASK = """INSERT INTO o_uncall_task (id, task_name, task_type, create_users, task_out_line, task_queue, task_status,
 call_max, task_day_start, task_day_end, task_run_id, task_num, task_called, task_success, is_run, recording_files)
 VALUES (494, '春季', 'ivr', '801', 'SIP/test', '127000', 'run', 5, '00:00', '24:00', 'o_task_run_494', 3, 1, 1, 1,
 'tone.wav')"""
OLD_NUMBERS = """INSERT INTO o_task_run_494 (mobile, contact, call_status, call_uniqueid, call_billsec) VALUES
 ('13800138000', '李雷', 1, '1394616163.6', 12), ('13800138001', '韩梅梅', 4, '1394616170.9', 0),
 ('13800138002', '', 0, NULL, 0)"""


def examples(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def run_sql(database: str, script: str) -> list[str]:
    """Run a script as the mysql client does; return what it showed."""
    shown = []
    for statement in filter(None, (each.strip() for each in re.split(r";\s*\n", script + "\n"))):
        shown += [str(value) for row in third_party(database, statement) for value in row.values()]
    return shown


@pytest.mark.usefixtures("tone_wav")
async def test_an_old_database_is_taken_over(lab: Lab, carrier: Carrier, mariadb_database: str) -> None:
    for statement in (TASKS, NUMBERS, OLD_TASK, OLD_NUMBERS):
        third_party(mariadb_database, statement)
    looks, repair = (text for text in examples("sql"))
    assert "SIP/test" in run_sql(mariadb_database, looks)
    for statements in run_sql(mariadb_database, repair):
        run_sql(mariadb_database, statements.replace("; ", ";\n"))
    carrier.behaviour = lambda number: early_hangup(1.0)
    async with Engine.running(settings_for(lab, mariadb_database), farewell_seconds=0) as engine:
        await engine.ari.connection.wait_up(10)
        (task,) = await engine.tasks()
        assert (task.name, task.status, task.trunk) == ("春季", "push", "SIP/test"), "nothing is dialled by itself"
        assert carrier.calls == []
        await engine.update_task(494, TaskStatus.RUN, None, None)
        await (await carrier.called("13800138001")).hears(TONE)
        await finished(engine, 494)

        async def counted() -> bool:
            (now,) = await engine.tasks(494)
            return (now.numbers, now.called, now.success) == (3, 3, 3)

        await until(counted, "the old call and the new ones to be counted", 10)
    assert sorted(carrier.dialled) == ["13800138001", "13800138002"], "what had been called is not called again"
    rows = third_party(mariadb_database, "SELECT contact, call_status, call_uniqueid FROM o_task_run_494 ORDER BY id")
    assert rows[0] == {"contact": "李雷", "call_status": 1, "call_uniqueid": "1394616163.6"}
    assert [row["call_status"] for row in rows] == [1, 1, 1]


def test_recordings_of_calls_go_into_the_folders_of_their_days(tmp_path: Path) -> None:
    (script,) = [text for text in examples("sh") if "install -D" in text]
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "2014").mkdir(parents=True)
    names = ["801-13800138000-20140312-171603-1394616163.6.WAV", "8 01-+86-20140101-000000-1.2.WAV"]
    for name in [*names, "other-1-x.WAV", "a-20140312-171603-x.WAV"]:
        (old / "2014" / name).write_bytes(b"RIFF")
    environment = os.environ | {"OLD": str(old), "NEW": str(new)}
    subprocess.run(["bash", "-euc", script], env=environment, check=True, timeout=30)
    found = sorted(str(file.relative_to(new)) for file in new.rglob("*") if file.is_file())
    assert found == [f"2014/01/01/{names[1]}", f"2014/03/12/{names[0]}"]
