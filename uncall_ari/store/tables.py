"""The tables: the two of the contract (section 5), as the vendor made them, and our own.

Used for making tables only; the statements are plain SQL beside the code that needs them. Types are
MySQL's; SQLite takes the nearest that it has. Names, order, types, defaults and comments of the contract's
columns are the contract.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CHAR, TIMESTAMP, Column, DateTime, Float, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects.mysql import DATETIME, FLOAT, INTEGER
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

# Raised by a migration that the version before could not work with; the database's own is in `uncall_schema`.
SCHEMA_VERSION = 1

_CONTRACT: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "sqlite_autoincrement": True}
# Ids and numbers in our own tables are compared byte by byte, whatever the server's default is.
_OURS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


class Now(FunctionElement[str]):
    """The default of a `timestamp` column. SQLite's CURRENT_TIMESTAMP would be UTC beside local times."""

    inherit_cache = True


@compiles(Now)
def _now(element: Now, compiler: SQLCompiler, **options: object) -> str:
    return "CURRENT_TIMESTAMP"


@compiles(Now, "sqlite")
def _now_sqlite(element: Now, compiler: SQLCompiler, **options: object) -> str:
    return "(datetime('now', 'localtime'))"


def _int(width: int) -> TypeEngine[int]:
    return Integer().with_variant(INTEGER(display_width=width), "mysql")


def _milliseconds() -> TypeEngine[datetime]:
    return DateTime().with_variant(DATETIME(fsp=3), "mysql")


def _id() -> Column[int]:
    return Column("id", _int(10), primary_key=True, autoincrement=True)


# MySQL compares without regard to case; a third party's 'RUN' must mean the same on SQLite.
_STATUS = String(10).with_variant(String(10, collation="NOCASE"), "sqlite")
_RATE = Float().with_variant(FLOAT(precision=10, scale=2), "mysql")

FIXED = MetaData()  # every table but the number tables. Ours (`uncall_...`) are made by `migrations/tasks`.

TASKS = Table(
    "o_uncall_task",
    FIXED,
    _id(),
    Column("task_name", String(50), comment="任务名称"),
    Column("task_type", String(50), comment="任务类型 click\\ivr\\queue"),
    Column("create_time", TIMESTAMP, nullable=True, server_default=Now(), comment="创建时间"),
    Column("create_users", String(50), comment="创建人"),
    Column("task_out_line", String(50), comment="外线"),
    Column("task_queue", String(50), comment="接听对象(队列)(asterisk.incoming extension)"),
    Column(
        "task_status",
        _STATUS,
        nullable=False,
        server_default="",
        comment="任务状态 run 、 stop 、 push 、finish",
    ),
    Column("call_max", _int(3), nullable=False, server_default="1", comment="最大并发数"),
    Column("task_mark", Text, comment="备注"),
    Column("task_day_start", String(255), server_default="09:00", comment="每天开始时间"),
    Column("task_day_end", String(255), server_default="18:00", comment="每天结束时间"),
    Column("task_run_id", String(50), comment="子表"),
    Column("task_num", _int(6), server_default="0", comment="已分配任务数"),
    Column("task_undistribute", _int(11), server_default="0", comment="未分配数(适用于点击项目)"),
    Column("task_called", _int(6), server_default="0", comment="已呼叫数"),
    Column("task_success", _int(6), server_default="0", comment="呼叫成功"),
    Column("task_visit", _int(6), server_default="0", comment="回访数"),
    Column("task_fail", _int(6), server_default="0", comment="失败数"),
    Column("context", String(50), server_default="ext-did", comment="context"),
    Column(
        "task_cortrol_type",
        String(10),
        server_default="g",
        comment="控制方式(g普通),(i 智能),(ai 高级智能)",
    ),
    Column("task_override", _RATE, server_default="1.00", comment="并发系数"),
    Column("task_loss_ceiling", String(10), server_default="0", comment="呼损率上限"),
    Column("queue_name", String(25), server_default="0", comment="队列名称"),
    Column("task_callerid", String(20), comment="呼出主叫"),
    Column("is_run", _int(11), server_default="0"),
    Column("recording_files", String(255), server_default="0", comment="录音文件"),
    **_CONTRACT,
)

CALLS = Table(
    "uncall_call",
    FIXED,
    Column("uid", String(20), primary_key=True, comment="channel id of the attempt"),
    Column("task_id", Integer, nullable=False),
    Column("number_id", Integer, nullable=False, comment="id in o_task_run_<task_id>"),
    Column("number", String(32), nullable=False, comment="as it stood in mobile"),
    Column("trunk", String(50), nullable=False),
    Column("attempt", Integer, nullable=False, comment="1 for the first"),
    Column("claimed_at", _milliseconds(), nullable=False, comment="UTC, as all times of this table"),
    Column("answered_at", _milliseconds()),
    Column("ended_at", _milliseconds(), comment="NULL while the call is going on"),
    Column("outcome", Integer, comment="as call_status of the number table"),
    Column("cause", String(32), nullable=False, server_default="", comment="a word: answered, busy, ..."),
    Column("q850", Integer, nullable=False, server_default="0", comment="ISDN cause, 0: none given"),
    Column("sip", Integer, nullable=False, server_default="0", comment="SIP status, 0: none given"),
    Column("billsec", Integer, nullable=False, server_default="0", comment="seconds"),
    Column("extension", String(32), nullable=False, server_default="", comment="who talked"),
    Column("digits", String(64), nullable=False, server_default="", comment="keys that were pressed"),
    Column("amd", String(32), nullable=False, server_default="", comment="answering machine detector"),
    Column("queue", String(50), nullable=False, server_default="", comment="that the customer waited in"),
    Column("waited_ms", Integer, comment="from joining it to the agent, or to the end; NULL: never in a queue"),
    Column("abandoned", Integer, nullable=False, server_default="0", comment="1: a person, and no agent in time"),
    Column("talk_ms", Integer, comment="with an agent; NULL: with none"),
    Column("action_id", String(64), nullable=False, server_default="", comment="the client's, or the uid"),
    Index("uncall_call_number", "task_id", "number_id"),
    Index("uncall_call_ended", "ended_at"),
    Index("uncall_call_task", "task_id", "claimed_at"),
    **_OURS,
)

RETRIES = Table(
    "uncall_retry",
    FIXED,
    Column("task_id", Integer, primary_key=True, autoincrement=False),
    Column("number_id", Integer, primary_key=True, autoincrement=False),
    Column("uid", String(20), nullable=False, comment="of the last attempt"),
    Column("attempts", Integer, nullable=False, comment="made so far"),
    Column("due_at", _milliseconds(), nullable=False, comment="UTC; not dialled before"),
    Index("uncall_retry_due", "task_id", "due_at"),
    Index("uncall_retry_attempts", "task_id", "attempts"),
    **_OURS,
)

DO_NOT_CALL = Table(
    "uncall_dnc",
    FIXED,
    Column("number", String(32), primary_key=True),
    Column("reason", String(255), nullable=False, server_default=""),
    Column("added_at", _milliseconds(), nullable=False, comment="UTC"),
    **_OURS,
)

RESTS = Table(
    "uncall_rest",
    FIXED,
    Column("number", String(32), primary_key=True),
    Column("until_at", _milliseconds(), nullable=False, comment="UTC; not dialled before"),
    Column("reason", String(32), nullable=False, server_default="", comment="a cause word"),
    Index("uncall_rest_until", "until_at"),
    **_OURS,
)

STARTS = Table(
    "uncall_start",
    FIXED,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("started_at", _milliseconds(), nullable=False, comment="UTC"),
    Column("node", String(64), nullable=False, server_default=""),
    sqlite_autoincrement=True,
    **_OURS,
)

SCHEMA = Table(
    "uncall_schema",
    FIXED,
    Column("version", Integer, primary_key=True, autoincrement=False),
    **_OURS,
)


def number_table_name(task_id: int) -> str:
    """`o_task_run_N`: the ONE place where the name of a number table is made, and it is made from an
    integer. Raises ValueError for what cannot be a task's id."""
    if not 0 < int(task_id) < 2**31:
        raise ValueError(f"no task id: {task_id}")
    return f"o_task_run_{int(task_id)}"


def number_table(task_id: int, dialect: str) -> Table:
    """The table of one task's numbers. Its `task_id` has the task's own id as its default, as the vendor's
    program does it, so that a row inserted without one is right."""
    name = number_table_name(task_id)
    # The contract's keys are named like their columns. On SQLite such names belong to the whole database.
    prefix = f"{name}_" if dialect == "sqlite" else ""
    statuses = "0 未呼叫、1 呼叫成功、2 待回访、3 呼叫失败、4 呼叫中、5忽略"
    sources = "数据来源分类 1、client_file 2、callrecode 3、missed_calls 4、csv"
    source_ids = "数据来源编号 csv 记录行号,客户资料记录id, 通话记录记录 uniqueid"
    return Table(
        name,
        MetaData(),
        _id(),
        Column("mobile", String(16), comment="手机"),
        Column("contact", String(20), comment="联系人"),
        Column("remark", String(255), comment="备注"),
        Column("address", String(255), comment="地址"),
        Column("call_status", _int(2), server_default="0", comment=statuses),
        Column("call_time", DateTime, comment="呼叫时间"),
        Column("call_billsec", _int(3), server_default="0", comment="通话时长"),
        Column("call_uniqueid", String(20), comment="呼叫标识"),
        Column("tab_status", _int(2), comment="手工标记任务状态"),
        Column("customer_id", _int(10), comment="客户资料 ID"),
        Column("extension", _int(10), comment="所属坐席 (接听人)"),
        Column("author", _int(10), comment="记录所属(预览式外呼点击外呼使用)"),
        Column("action_id", String(20), comment="Originate标识"),
        Column("date_from_type", CHAR(12), comment=sources),
        Column("date_from_code", String(32), comment=source_ids),
        Column("addtime", TIMESTAMP, nullable=True, server_default=Now()),
        Column("del", _int(1), server_default="0", comment="0 不删除 1 删除"),
        Column("task_id", _int(11), server_default=str(task_id), comment="uncall_task id"),
        Index(f"{prefix}mobile", "mobile"),
        Index(f"{prefix}call_status", "call_status"),
        Index(f"{prefix}extension", "extension"),
        **_CONTRACT,
    )
