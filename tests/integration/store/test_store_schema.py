"""The tables are those of the contract, and tables that will not do are refused with a remedy."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.store.conftest import TASK, ZONE, Open, Outside
from uncall_ari.errors import ConfigError, StoreUnavailable
from uncall_ari.store import Store
from uncall_ari.store.schema import OLDEST_SERVER

# name, type, NULL, default, comment: contract section 5, the comments from the vendor's document
TASK_COLUMNS = [
    ("id", "int(10)", "NO", None, ""),
    ("task_name", "varchar(50)", "YES", None, "任务名称"),
    ("task_type", "varchar(50)", "YES", None, "任务类型 click\\ivr\\queue"),
    ("create_time", "timestamp", "YES", "current_timestamp()", "创建时间"),
    ("create_users", "varchar(50)", "YES", None, "创建人"),
    ("task_out_line", "varchar(50)", "YES", None, "外线"),
    ("task_queue", "varchar(50)", "YES", None, "接听对象(队列)(asterisk.incoming extension)"),
    ("task_status", "varchar(10)", "NO", "", "任务状态 run 、 stop 、 push 、finish"),
    ("call_max", "int(3)", "NO", "1", "最大并发数"),
    ("task_mark", "text", "YES", None, "备注"),
    ("task_day_start", "varchar(255)", "YES", "09:00", "每天开始时间"),
    ("task_day_end", "varchar(255)", "YES", "18:00", "每天结束时间"),
    ("task_run_id", "varchar(50)", "YES", None, "子表"),
    ("task_num", "int(6)", "YES", "0", "已分配任务数"),
    ("task_undistribute", "int(11)", "YES", "0", "未分配数(适用于点击项目)"),
    ("task_called", "int(6)", "YES", "0", "已呼叫数"),
    ("task_success", "int(6)", "YES", "0", "呼叫成功"),
    ("task_visit", "int(6)", "YES", "0", "回访数"),
    ("task_fail", "int(6)", "YES", "0", "失败数"),
    ("context", "varchar(50)", "YES", "ext-did", "context"),
    ("task_cortrol_type", "varchar(10)", "YES", "g", "控制方式(g普通),(i 智能),(ai 高级智能)"),
    ("task_override", "float(10,2)", "YES", "1.00", "并发系数"),
    ("task_loss_ceiling", "varchar(10)", "YES", "0", "呼损率上限"),
    ("queue_name", "varchar(25)", "YES", "0", "队列名称"),
    ("task_callerid", "varchar(20)", "YES", None, "呼出主叫"),
    ("is_run", "int(11)", "YES", "0", ""),
    ("recording_files", "varchar(255)", "YES", "0", "录音文件"),
]
NUMBER_COLUMNS = [
    ("id", "int(10)", "NO", None, ""),
    ("mobile", "varchar(16)", "YES", None, "手机"),
    ("contact", "varchar(20)", "YES", None, "联系人"),
    ("remark", "varchar(255)", "YES", None, "备注"),
    ("address", "varchar(255)", "YES", None, "地址"),
    ("call_status", "int(2)", "YES", "0", "0 未呼叫、1 呼叫成功、2 待回访、3 呼叫失败、4 呼叫中、5忽略"),
    ("call_time", "datetime", "YES", None, "呼叫时间"),
    ("call_billsec", "int(3)", "YES", "0", "通话时长"),
    ("call_uniqueid", "varchar(20)", "YES", None, "呼叫标识"),
    ("tab_status", "int(2)", "YES", None, "手工标记任务状态"),
    ("customer_id", "int(10)", "YES", None, "客户资料 ID"),
    ("extension", "int(10)", "YES", None, "所属坐席 (接听人)"),
    ("author", "int(10)", "YES", None, "记录所属(预览式外呼点击外呼使用)"),
    ("action_id", "varchar(20)", "YES", None, "Originate标识"),
    ("date_from_type", "char(12)", "YES", None, "数据来源分类 1、client_file 2、callrecode 3、missed_calls 4、csv"),
    (
        "date_from_code",
        "varchar(32)",
        "YES",
        None,
        "数据来源编号 csv 记录行号,客户资料记录id, 通话记录记录 uniqueid",
    ),
    ("addtime", "timestamp", "YES", "current_timestamp()", ""),
    ("del", "int(1)", "YES", "0", "0 不删除 1 删除"),
    ("task_id", "int(11)", "YES", "{id}", "uncall_task id"),
]


def _columns(outside: Outside, table: str) -> list[tuple[object, ...]]:
    if not outside.mysql:
        return outside.sql('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', table)
    return outside.sql(
        "SELECT column_name, column_type, is_nullable, column_default, column_comment "
        "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position",
        table,
    )


def _unquoted(default: object) -> object:
    """MariaDB quotes texts in column_default and writes NULL as a word."""
    return None if default in (None, "NULL") else str(default).strip("'")


async def _expected(store: Store) -> dict[str, list[tuple[str, ...]]]:
    task_id = await store.add_task(TASK)
    numbers = [tuple(str(task_id) if part == "{id}" else part for part in row) for row in NUMBER_COLUMNS]
    return {"o_uncall_task": TASK_COLUMNS, f"o_task_run_{task_id}": numbers}  # type: ignore[dict-item]


async def test_contract_tables_column_by_column(store: Store, outside: Outside) -> None:
    for table, expected in (await _expected(store)).items():
        found = _columns(outside, table)
        if outside.mysql:
            assert [(*row[:3], _unquoted(row[3]), row[4]) for row in found] == expected
        else:
            defaults = {"current_timestamp()": "datetime('now', 'localtime')"}
            assert [(row[0], _unquoted(row[3])) for row in found] == [
                (name, defaults.get(str(default), default)) for name, _, _, default, _ in expected
            ]


async def test_contract_keys(store: Store, outside: Outside) -> None:
    task_id = await store.add_task(TASK)
    table = f"o_task_run_{task_id}"
    if outside.mysql:
        keys = outside.sql(
            "SELECT index_name, column_name, non_unique FROM information_schema.statistics "
            "WHERE table_schema = DATABASE() AND table_name = ? ORDER BY index_name",
            table,
        )
        assert keys == [
            ("call_status", "call_status", 1),
            ("extension", "extension", 1),
            ("mobile", "mobile", 1),
            ("PRIMARY", "id", 0),
        ]
        extra = outside.sql(
            "SELECT extra FROM information_schema.columns WHERE table_schema = DATABASE() "
            "AND table_name IN (?, 'o_uncall_task') AND column_name = 'id'",
            table,
        )
        assert extra == [("auto_increment",)] * 2
    else:
        names = outside.sql("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", table)
        assert sorted(names) == [(f"{table}_call_status",), (f"{table}_extension",), (f"{table}_mobile",)]


async def test_ids_are_never_used_again(store: Store) -> None:
    first = await store.add_task(TASK)
    await store.delete_task(first)
    assert await store.add_task(TASK) > first


async def test_names_are_kept_in_any_script(store: Store, outside: Outside) -> None:
    task_id = await store.add_task(TASK)
    name = "春季🧧回访 – café"
    outside.sql("UPDATE o_uncall_task SET task_name = ? WHERE id = ?", name, task_id)
    outside.sql(f"INSERT INTO o_task_run_{task_id} (mobile, contact) VALUES ('1', ?)", "李😀")
    (task,) = await store.tasks(task_id)
    assert task.name == name
    assert outside.sql(f"SELECT contact FROM o_task_run_{task_id}") == [("李😀",)]


async def test_opening_again_keeps_everything(open_store: Open) -> None:
    first = await open_store()
    task_id = await first.add_task(TASK)
    await first.add_numbers(task_id, ["13800000001"])
    second = await open_store()
    assert [(task.id, task.numbers) for task in await second.tasks()] == [(task_id, 1)]


async def test_each_start_has_its_own_number(open_store: Open) -> None:
    first, second = await open_store(), await open_store()
    numbers = [await first.start("a"), await second.start("b"), await first.start()]
    assert sorted(set(numbers)) == numbers


async def test_a_missing_column_is_named_with_its_remedy(open_store: Open, outside: Outside) -> None:
    outside.sql("ALTER TABLE o_uncall_task DROP COLUMN task_loss_ceiling")
    with pytest.raises(ConfigError) as refusal:
        await open_store()
    assert "o_uncall_task has no column task_loss_ceiling" in str(refusal.value)
    remedy = refusal.value.remedy.removeprefix("run ")
    outside.sql(remedy)  # and the remedy works
    await open_store()


async def test_tables_of_a_newer_version_are_left_alone(open_store: Open, outside: Outside) -> None:
    outside.sql("UPDATE uncall_schema SET version = 999")
    with pytest.raises(ConfigError, match="version 999"):
        await open_store()


async def test_tables_without_transactions_are_refused(mariadb_database: str) -> None:
    async with await Store.open(mariadb_database, timezone=ZONE):
        pass
    with closing(Outside(mariadb_database)) as outside:
        outside.sql("ALTER TABLE o_uncall_task ENGINE=MyISAM")
    with pytest.raises(ConfigError, match="ALTER TABLE o_uncall_task ENGINE=InnoDB"):
        await Store.open(mariadb_database, timezone=ZONE)


async def test_a_server_that_is_too_old_is_refused(mariadb_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OLDEST_SERVER, "MariaDB", (99, 1))
    with pytest.raises(ConfigError, match=r"MariaDB 1\d\.\d+\.\d+ is too old\. use MariaDB 99\.1 or newer"):
        await Store.open(mariadb_database, timezone=ZONE)


async def test_a_wrong_password_is_told_without_it(mariadb_database: str) -> None:
    user, _, where = mariadb_database.partition("@")
    with pytest.raises(StoreUnavailable) as refusal:
        await Store.open(f"{user}wrong-secret@{where}", timezone=ZONE)
    assert "denied" in str(refusal.value)
    assert "wrong-secret" not in str(refusal.value)
    assert user.rsplit(":", 1)[1] not in str(refusal.value)


async def test_a_folder_that_is_not_there_is_told(tmp_path: object) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        await Store.open(f"sqlite:///{tmp_path}/nowhere/x.db", timezone=ZONE)


async def test_a_file_that_is_no_database_is_told_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear customer, " * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        await Store.open(f"sqlite:///{path}", timezone=ZONE)
    assert path.read_text().startswith("Dear customer")
