"""AMI, for what ARI cannot do: the AstDB and MixMonitor. One connection, kept up in the background.

Asterisk answers each action by its ActionID; events are turned off. An action whose connection is lost is not sent
again by us: whoever asked is told (ConnectionFailed), and asks again when that is harmless.
"""

import asyncio
import contextlib
import itertools
import os
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import structlog

from uncall_ari.errors import ConnectionFailed, UncallError

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 5.0  # for one answer; Asterisk needs 1 ms
BACKOFF_SECONDS = (0.2, 5.0)  # first pause between two attempts to connect, and the longest
LONGEST = 64 * 1024  # bytes of one message

LONGEST_LINE = 1000  # bytes of one header; Asterisk takes 1024 with the line's end

# How Asterisk says that the AstDB has no such key; it says something else for any other reason.
ABSENT = ("Database entry not found", "Database entry could not be deleted")

Message = dict[str, str]

_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]").search


class AmiRefused(UncallError):
    """Asterisk has answered an action with an error; the text is Asterisk's."""


@dataclass(slots=True)
class _Asked:
    """An action that waits for its answer, or for the last of the events that are its answer."""

    last: str  # the event's name, "" where the response is all
    answer: asyncio.Future[list[Message]]
    messages: list[Message] = field(default_factory=list)

    def take(self, message: Message) -> None:
        """Take one message of Asterisk's that carries the action's id."""
        if self.answer.done():
            return
        self.messages.append(message)
        if message.get("response", "Success") != "Success":
            self.answer.set_exception(AmiRefused(message.get("message", "Asterisk gave no reason")))
        elif self.last in ("", message.get("event")):
            self.answer.set_result(self.messages)


class Ami:
    """The manager interface of one Asterisk. Use as `async with`; it reconnects until then."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self._host, self._port, self._user, self._password = host, port, user, password
        self._writer: asyncio.StreamWriter | None = None
        self._asked: dict[str, _Asked] = {}
        self._numbers = itertools.count(1)
        self._up = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self.problem = "AMI is not connected yet"

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run(), name="ami-connection")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self.problem = "AMI is closed"

    @property
    def up(self) -> bool:
        """Whether Asterisk answers us now."""
        return self._up.is_set()

    async def wait_up(self, seconds: float) -> None:
        """Wait until Asterisk has let us in. Raises ConnectionFailed, with the reason, after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._up.wait()
        if not self._up.is_set():
            raise ConnectionFailed(self.problem)

    async def db_put(self, family: str, key: str, value: str) -> None:
        """Write into the AstDB. Raises ConnectionFailed, AmiRefused, ValueError."""
        await self._ask(Action="DBPut", Family=family, Key=key, Val=value)

    async def db_del(self, family: str, key: str) -> bool:
        """Delete from the AstDB; False when it was not there. Raises ConnectionFailed, AmiRefused, ValueError."""
        return await self._found(Action="DBDel", Family=family, Key=key)

    async def db_keys(self, family: str) -> set[str]:
        """Return the keys of a family of the AstDB. Raises ConnectionFailed, ValueError."""
        events = await self._ask("DBGetTreeComplete", Action="DBGetTree", Family=family)
        return {event["key"].rpartition("/")[2] for event in events if event.get("event") == "DBGetTreeResponse"}

    async def db_has(self, family: str, key: str) -> bool:
        """Whether the AstDB has this key. Raises ConnectionFailed, AmiRefused, ValueError."""
        return await self._found("DBGetComplete", Action="DBGet", Family=family, Key=key)

    async def start_mixmonitor(self, channel: str, file: str, options: str = "") -> None:
        """Record a channel, by its name, both directions mixed, to `file`, until it ends.

        Raises ConnectionFailed, AmiRefused, ValueError.
        """
        if "," in file + options:  # what follows a second one would be run as a command
            raise ValueError("a comma in MixMonitor's file or options")
        await self._ask(Action="MixMonitor", Channel=channel, File=file, **({"Options": options} if options else {}))

    async def _found(self, last: str = "", **fields: str) -> bool:
        try:
            await self._ask(last, **fields)
        except AmiRefused as error:
            if str(error) not in ABSENT:
                raise
            return False
        return True

    async def _ask(self, last: str = "", **fields: str) -> list[Message]:
        """Send an action and return Asterisk's answer; with `last`, also the events that follow, up to that one."""
        _require_harmless(fields)
        await self.wait_up(ANSWER_SECONDS)
        return await self._send(fields, last)

    async def _send(self, fields: Message, last: str = "") -> list[Message]:
        writer = self._writer
        if writer is None:
            raise ConnectionFailed(self.problem)
        number = str(next(self._numbers))
        asked = self._asked[number] = _Asked(last, asyncio.get_running_loop().create_future())
        lines = "".join(f"{name}: {value}\r\n" for name, value in (fields | {"ActionID": number}).items())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(f"{lines}\r\n".encode())
                await writer.drain()
                return await asked.answer
        except (TimeoutError, OSError) as error:
            if writer is self._writer:  # at once: the next ones wait for the next connection, not on a silent one
                self._up.clear()
            writer.transport.abort()
            why = str(error) or f"{ANSWER_SECONDS:g} s have passed"
            raise ConnectionFailed(f"AMI gave no answer to {fields['Action']}: {why}") from None
        finally:
            self._asked.pop(number, None)

    async def _run(self) -> None:
        """Connect, stay until the connection ends, and again: with growing pauses, until cancelled."""
        pause = BACKOFF_SECONDS[0]
        while True:
            greeted = False
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=LONGEST)
                    greeted = (await reader.readline()).startswith(b"Asterisk Call Manager")
                if not greeted:
                    raise ConnectionFailed("what listens there is not AMI")
                await self._serve(reader)
            except (AmiRefused, OSError, EOFError, ConnectionFailed, asyncio.LimitOverrunError, ValueError) as error:
                if not self.problem:  # it was up
                    pause = BACKOFF_SECONDS[0]
                self._tell(self._explain(error, greeted))
            finally:
                self._lost()
            await asyncio.sleep(pause)
            pause = min(pause * 2, BACKOFF_SECONDS[1])

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        """Log in, and read until the connection ends, which raises."""
        login = {"Action": "Login", "Username": self._user, "Secret": self._password, "Events": "off"}
        _require_harmless(login)
        reading = asyncio.create_task(self._read(reader), name="ami-reader")
        reading.add_done_callback(self._ended)
        try:
            await self._send(login)
            self.problem = ""
            self._up.set()
            log.info("connected to AMI", host=self._host, port=self._port)
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            text = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
            pairs = (line.partition(":") for line in text.split("\r\n"))
            message = {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
            asked = self._asked.get(message.get("actionid", ""))
            if asked is not None:
                asked.take(message)

    def _explain(self, error: Exception, greeted: bool) -> str:
        match error:
            case AmiRefused():
                return (
                    f"Asterisk refuses the AMI user {self._user!r} ({error}): check asterisk.ami_user and "
                    "asterisk.ami_password"
                )
            case ValueError():
                return f"asterisk.ami_user or asterisk.ami_password cannot be sent to AMI: {error}"
            case ConnectionFailed() if greeted:
                return str(error)
            case EOFError():
                reason = "Asterisk has closed the connection"
            case asyncio.LimitOverrunError():
                reason = "a message has no end"
            case TimeoutError():
                reason = f"no answer in {CONNECT_SECONDS:g} s"
            case OSError(errno=int(number)) if number > 0:
                reason = os.strerror(number)  # the error's own text repeats the address
            case _:
                reason = str(error) or type(error).__name__
        where = f"{self._host}:{self._port}"
        if greeted:
            return f"the connection to AMI at {where} was lost: {reason}"
        return f"AMI is not reached at {where}: {reason}. Check asterisk.ami_host and asterisk.ami_port"

    def _ended(self, reading: asyncio.Task[None]) -> None:
        """Tell whoever waits for an answer, at once, that there will be none."""
        self._up.clear()
        error = None if reading.cancelled() else reading.exception()
        reason = self._explain(error, True) if isinstance(error, Exception) else "the connection to AMI was closed"
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(ConnectionFailed(reason))

    def _lost(self) -> None:
        self._up.clear()
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def _tell(self, problem: str) -> None:
        if problem != self.problem:
            log.error("no connection to AMI", reason=problem)
        self.problem = problem


def _require_harmless(fields: Message) -> None:
    """Raise ValueError for what Asterisk would take for something else than one value."""
    for name, value in fields.items():
        if _control(value):  # a line's end would begin a header of somebody else's choice
            raise ValueError(f"{name} has a control character")
        if len(f"{name}: {value}".encode()) > LONGEST_LINE:
            raise ValueError(f"{name} is longer than AMI takes")
