"""The database: is it reached, may we do there what the engine does, will its tables do, is its clock ours?

Nothing is made and nothing is changed: SQLite is opened to read, and rights on MySQL are asked for with statements
about a table that is not there. Who may not do it is told so before the server looks for the table.
"""

import asyncio
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from uncall_ari.config import Settings
from uncall_ari.doctor.asterisk import compared_clock, compared_zone
from uncall_ari.doctor.finding import Check, Finding, Level, Words, error, fine, shown, skipped
from uncall_ari.doctor.tables import tables
from uncall_ari.errors import ConfigError, StoreUnavailable
from uncall_ari.store.database import error_code
from uncall_ari.store.mysql import MysqlDatabase
from uncall_ari.store.url import parse_url, spoken

_TASKS_NEED = {
    "SELECT": "SELECT 1 FROM {} LIMIT 1",
    "INSERT": "INSERT INTO {} VALUES (1)",
    "UPDATE": "UPDATE {} SET id = 1",
    "DELETE": "DELETE FROM {}",
    "CREATE": "CREATE TABLE {} LIKE {}",
    "DROP": "DROP TABLE {}",
    "ALTER": "ALTER TABLE {} ADD COLUMN a INT",
    "INDEX": "CREATE INDEX a ON {} (id)",
}
_CALLS_NEED = {right: _TASKS_NEED[right] for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE")}
_DENIED = {1044, 1142, 1227}  # MySQL: no right to a database, to a table, to such a statement
_SERVER = Words("the database", "数据库")
_CLOCK = text(
    "SELECT UNIX_TIMESTAMP(NOW(6)), "
    "TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone))"
)

Work = Callable[[Connection], list[Finding]]


async def database(settings: Settings) -> list[Finding]:
    """All that there is to say of the database."""
    try:
        url = parse_url(settings.database.url.get_secret_value())
    except ConfigError as wrong:
        return [error(Check.DATABASE, Words(wrong.problem, wrong.problem), Words(wrong.remedy, wrong.remedy))]
    if url.get_backend_name() == "sqlite":
        return await asyncio.to_thread(_sqlite, Path(url.database or ""))
    reached = fine(Check.DATABASE, f"reached at {shown(spoken(url))}", f"已连接 {shown(spoken(url))}")
    zone, calls = settings.dialer.timezone, settings.database.calls
    looks: list[Work] = [
        lambda connection: [_rights(connection, url.database or "", calls)],
        lambda connection: [tables(connection, calls)],
        lambda connection: _clock(connection, zone),
    ]
    server = MysqlDatabase(url)
    try:
        found = [each for look in looks for each in await server.read(look)]
    except StoreUnavailable as away:
        return [_away(url, str(away)), _not_asked(Check.RIGHTS), _not_asked(Check.TABLES)]
    finally:
        await server.close()
    return [reached, *found]


def _away(url: URL, said: str) -> Finding:
    """What keeps us out, and what helps, by MySQL's number of the error."""
    number = re.search(r"\((\d{4}),", said)
    name, user = shown(url.database or ""), shown(url.username or "")
    remedy = {
        "1045": Words(
            f"Name and password in database.url must be those of the account: ALTER USER '{user}'@'…' IDENTIFIED BY "
            "'…'; special characters in the password as %HH",
            f"database.url 中的账号与密码须正确：ALTER USER '{user}'@'…' IDENTIFIED BY '…'；密码中的特殊字符写作 %HH",
        ),
        "1044": Words(f"{_grant(name, _TASKS_NEED)} the account {user}", f"{_grant(name, _TASKS_NEED)} 账号 {user}"),
        "1049": Words(
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4, or correct the name at the end of database.url",
            f"执行 CREATE DATABASE {name} CHARACTER SET utf8mb4，或改正 database.url 末尾的库名",
        ),
    }.get(
        number[1] if number else "",
        Words(
            "Start the server; host and port in database.url must be where it listens (bind-address, port, firewall)",
            "请启动数据库；database.url 的主机与端口须与其监听地址一致（bind-address、port、防火墙）",
        ),
    )
    return error(Check.DATABASE, Words(shown(said, 240), shown(said, 240)), remedy)


def _not_asked(check: Check) -> Finding:
    return skipped(check, "the database is not reached", "无法连接数据库")


def _rights(connection: Connection, name: str, calls: str) -> Finding:
    """Whether the account has the rights that the engine uses."""
    lacking = [(name, _lacking(connection, name, _TASKS_NEED), _TASKS_NEED)]
    if calls and calls != name:
        lacking.append((calls, _lacking(connection, calls, _CALLS_NEED), _CALLS_NEED))
    denied = [(where, rights, need) for where, rights, need in lacking if rights]
    if not denied:
        return fine(Check.RIGHTS, "the account has those that are needed", "账号权限齐全")
    told = "; ".join(f"{', '.join(rights)} ON {shown(where)}" for where, rights, _ in denied)
    grants = "; ".join(f"{_grant(shown(where), need)} the account" for where, _, need in denied)
    return error(
        Check.RIGHTS,
        Words(f"the account lacks {told}", f"账号缺少权限：{told}"),
        Words(grants, grants.replace("the account", "该账号")),
    )


def _grant(name: str, need: dict[str, str]) -> str:
    return f"GRANT {', '.join(need)} ON {name}.* TO"


def _lacking(connection: Connection, name: str, need: dict[str, str]) -> list[str]:
    """The rights that are refused for a table that is not there."""
    nothing = f"`{name.replace('`', '``')}`.uncall_check_{secrets.token_hex(6)}"
    lacking = []
    for right, statement in need.items():
        try:
            connection.exec_driver_sql(statement.format(nothing, nothing).replace("%", "%%"))
        except DBAPIError as refused:
            if error_code(refused) in _DENIED:
                lacking.append(right)
            elif refused.connection_invalidated:
                raise
    return lacking


def _clock(connection: Connection, zone: ZoneInfo) -> list[Finding]:
    """The server's clock, and the time zone that other programs' NOW() has there."""
    moment, minutes = connection.execute(_CLOCK).one()
    found = [compared_clock(_SERVER, float(moment) - time.time())]
    if minutes is not None:
        here = _offset_now(zone)
        found.append(compared_zone(_SERVER, float(minutes) * 60, here, zone))
    return found


def _offset_now(zone: ZoneInfo) -> float:
    offset = datetime.now(zone).utcoffset()
    assert offset is not None
    return offset.total_seconds()


def _sqlite(file: Path) -> list[Finding]:
    """A file: is it a database, may we write it, will its tables do?"""
    name = shown(file)
    if not file.exists():
        if os.access(file.parent, os.W_OK | os.X_OK, effective_ids=True):
            return [fine(Check.DATABASE, f"{name} is made at the start", f"{name} 将在启动时创建")]
        return [
            error(
                Check.DATABASE,
                Words(f"{name} cannot be made in {shown(file.parent)}", f"无法在 {shown(file.parent)} 中创建 {name}"),
                Words(
                    f"Make the folder, and give it to the account that runs the service: "
                    f"install -d -o uncall {shown(file.parent)}",
                    f"请创建目录并归运行服务的账号所有：install -d -o uncall {shown(file.parent)}",
                ),
            )
        ]
    rights = _may_write(file)
    # Without a log beside it nobody has it open: then it is read as it lies there, and SQLite makes no file either.
    mode = "mode=ro" if file.with_name(f"{file.name}-wal").exists() else "mode=ro&immutable=1"
    uri = f"file:{quote(str(file.absolute()))}?{mode}"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=3))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT COUNT(*) FROM sqlite_master")
            looked = tables(connection, "")
    except (SQLAlchemyError, sqlite3.Error) as broken:
        if rights.level is Level.ERROR:  # SQLite must write even to read, after a crash
            return [rights, _not_asked(Check.TABLES)]
        reason = shown(getattr(broken, "orig", None) or broken)
        return [
            error(
                Check.DATABASE,
                Words(f"{name}: {reason}", f"{name}：{reason}"),
                Words(
                    "It must be a SQLite file that the account which runs the service can read; if it is broken, bring "
                    "back the backup",
                    "须为运行服务的账号可读的 SQLite 文件；若已损坏，请恢复备份",
                ),
            ),
            _not_asked(Check.TABLES),
        ]
    finally:
        engine.dispose()
    return [fine(Check.DATABASE, name, name), rights, looked]


def _may_write(file: Path) -> Finding:
    beside = [file.with_name(f"{file.name}-{end}") for end in ("wal", "shm")]
    locked = [each for each in (file, *beside) if each.exists() and not os.access(each, os.W_OK, effective_ids=True)]
    if not os.access(file.parent, os.W_OK, effective_ids=True):
        locked.append(file.parent)  # SQLite makes files beside it
    if not locked and os.geteuid() == 0:
        return fine(Check.RIGHTS, "root can write it; whether the service can is not known", "root 可写；服务账号未知")
    if not locked:
        return fine(Check.RIGHTS, "it can be written", "可写")
    names = ", ".join(map(shown, locked))
    return error(
        Check.RIGHTS,
        Words(f"this account cannot write {names}", f"当前账号无法写入 {names}"),
        Words(
            f"Give it to the account that runs the service (chown uncall {names}), and run `uncall check` as "
            "that account",
            f"请将其归运行服务的账号所有（chown uncall {names}），并以该账号运行 uncall check",
        ),
    )
