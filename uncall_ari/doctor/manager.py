"""AMI: is it reached, does it let us in, may we do there what the engine does? One login: no second attempt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from uncall_ari.ami import AmiRefused, Message
from uncall_ari.config import AsteriskSettings
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown
from uncall_ari.errors import ConnectionFailed

SECONDS = 5.0  # for one answer
LONGEST = 1 << 20  # bytes of one message: ListCommands has a line for each action of Asterisk's
ACTIONS = {"dbput": "DBPut", "dbdel": "DBDel", "dbget": "DBGet", "dbgettree": "DBGetTree", "mixmonitor": "MixMonitor"}


class Manager:
    """A manager session. `ask` is for one question at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, last: str = "", **fields: str) -> list[Message]:
        """The answer to an action, with the events that follow up to `last`. Raises AmiRefused, ConnectionFailed."""
        try:
            async with asyncio.timeout(SECONDS):
                lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
                self._writer.write(f"{lines}\r\n".encode())
                await self._writer.drain()
                found = [await self._message()]
                if found[0].get("response") != "Success":
                    raise AmiRefused(found[0].get("message", "Asterisk gave no reason"))
                while last and found[-1].get("event") != last:
                    found.append(await self._message())
                return found
        except TimeoutError:
            raise ConnectionFailed(f"no answer to {fields['Action']} in {SECONDS:g} s") from None
        except (OSError, EOFError, asyncio.LimitOverrunError) as broken:
            raise ConnectionFailed(str(broken) or type(broken).__name__) from None

    async def _message(self) -> Message:
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
        pairs = (line.partition(":") for line in text.split("\r\n"))
        return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


@asynccontextmanager
async def manager(settings: AsteriskSettings) -> AsyncIterator[tuple[Manager | None, Finding]]:
    """A session, or None, and what there is to say of it."""
    where = f"{settings.ami_host}:{settings.ami_port}"
    user = settings.ami_user or settings.user
    password = settings.ami_password.get_secret_value() or settings.password.get_secret_value()
    writer: asyncio.StreamWriter | None = None
    try:
        try:
            async with asyncio.timeout(SECONDS):
                reader, writer = await asyncio.open_connection(settings.ami_host, settings.ami_port, limit=LONGEST)
                greeting = await reader.readline()
        except (OSError, ValueError) as failed:
            reason = "no answer" if isinstance(failed, TimeoutError) else getattr(failed, "strerror", None) or failed
            yield None, _not_reached(where, str(reason))
            return
        if not greeting.startswith(b"Asterisk Call Manager"):
            yield None, _not_reached(where, "what listens there is not AMI")
            return
        session = Manager(reader, writer)
        yield await _signed_in(session, where, user, password)
    finally:
        if writer is not None:
            writer.close()


async def _signed_in(session: Manager, where: str, user: str, password: str) -> tuple[Manager | None, Finding]:
    if any(not each.isprintable() for each in user + password):  # a line's end would begin another header
        return None, _refused(user, "a control character in it")
    try:
        await session.ask(Action="Login", Username=user, Secret=password, Events="off")
        commands = (await session.ask(Action="ListCommands"))[0]
    except AmiRefused as refused:
        return None, _refused(user, shown(refused))
    except ConnectionFailed as failed:
        return None, _not_reached(where, str(failed))
    lacking = [name for key, name in ACTIONS.items() if key not in commands]
    if lacking:
        return session, error(
            Check.AMI,
            Words(
                f"the user {shown(user)} may not {listed(lacking)}", f"用户 {shown(user)} 无权执行 {listed(lacking)}"
            ),
            Words(
                f"In manager.conf, [{shown(user)}]: write = system,call and read = system; load app_mixmonitor.so for "
                "MixMonitor; then asterisk -rx 'manager reload'",
                f"请在 manager.conf 的 [{shown(user)}] 设置 write = system,call 与 read = system；MixMonitor 需要模块 "
                "app_mixmonitor.so；然后 asterisk -rx 'manager reload'",
            ),
        )
    return session, fine(Check.AMI, f"reached at {where}", f"已连接 {where}")


def _not_reached(where: str, reason: str) -> Finding:
    return error(
        Check.AMI,
        Words(f"not reached at {where}: {shown(reason)}", f"无法连接 {where}：{shown(reason)}"),
        Words(
            "manager.conf needs enabled = yes, and asterisk.ami_host and asterisk.ami_port its address. Without AMI: "
            "no do not disturb, no signing in, no recordings of calls",
            "manager.conf 须有 enabled = yes，且 asterisk.ami_host、asterisk.ami_port 与其一致。没有 AMI："
            "无法示忙、签入签出和通话录音",
        ),
    )


def _refused(user: str, reason: str) -> Finding:
    name = shown(user)
    return error(
        Check.AMI,
        Words(f"refuses the user {name}: {reason}", f"拒绝用户 {name}：{reason}"),
        Words(
            f"Make asterisk.ami_user and asterisk.ami_password (empty: those of ARI) those of [{name}] in "
            "manager.conf, and let its permit line have this machine's address",
            f"请使 asterisk.ami_user、asterisk.ami_password（留空则同 ARI）与 manager.conf 的 [{name}] 一致，"
            "并在 permit 中允许本机地址",
        ),
    )
