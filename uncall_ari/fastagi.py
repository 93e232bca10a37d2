"""FastAGI: a port on which a dialplan asks the engine something, outside Stasis, and gets channel variables for answer.

Each connection of Asterisk's is one question: headers, of which `agi_network_script` is the URL's part behind the
host; then our commands, each answered by a line. Whoever reaches the port is taken for hostile: lengths, counts and
times are limited, and nothing that comes in is sent back. A question without an answer leaves the dialplan's own
default as it is.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from types import TracebackType
from typing import Self
from urllib.parse import unquote

import structlog

from uncall_ari.errors import ConfigError, UncallError

log = structlog.get_logger(__name__)

REQUEST_SECONDS = 2.0  # for a whole question, from the connection to its end
ANSWER_SECONDS = 0.5  # of these, kept for telling Asterisk the answer
LONGEST_LINE = 1000  # bytes
MOST_HEADERS = 100
MOST_SESSIONS = 100  # at once; what comes beyond that is closed unread

ERROR = "UNCALL_ERROR"  # the channel variable that says why there is no answer; "" when there is one


class Why:
    """The values of UNCALL_ERROR."""

    SCRIPT = "script"  # nobody knows this question
    VALUE = "value"  # what was asked about is no number
    TIME = "time"  # no answer in time
    AWAY = "away"  # Asterisk's ARI or the database is not reached
    MISTAKE = "mistake"  # of ours; the log has it


@dataclass(frozen=True, slots=True)
class Question:
    """What a dialplan asks: `agi://HOST:PORT/SCRIPT?NAME=VALUE`, or the value as AGI's first argument."""

    script: str
    values: Mapping[str, str] = field(default_factory=dict)
    argument: str = ""

    def value(self, name: str) -> str:
        """Return the value of this name, else the first argument, else ""."""
        return self.values.get(name, self.argument)


Answer = tuple[str, str]  # a channel variable and its value
Script = Callable[[Question], Awaitable[Answer]]  # ValueError: what was asked about is not usable


class FastAgi:
    """The port. Use as `async with`; nobody is answered after that."""

    def __init__(self, host: str, port: int, scripts: Mapping[str, Script]) -> None:
        self._host, self._port, self._scripts = host, port, scripts
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else self._port

    async def __aenter__(self) -> Self:
        """Listen. Raises ConfigError when the address cannot be listened on."""
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port, limit=LONGEST_LINE)
        except OSError as error:
            raise _explained(error, self._host, self._port) from error
        log.info("answering questions of the dialplan", host=self._host, port=self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for each in self._sessions:
            each.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._sessions) >= MOST_SESSIONS:
            log.warning("too many questions of the dialplan at once", most=MOST_SESSIONS)
            writer.transport.abort()
            return
        session = asyncio.create_task(self._session(reader, writer), name="fastagi")
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question, or close the connection without a word, within REQUEST_SECONDS."""
        began = perf_counter()
        end = asyncio.get_running_loop().time() + REQUEST_SECONDS
        script = ""
        try:
            async with asyncio.timeout_at(end):
                async with asyncio.timeout_at(end - ANSWER_SECONDS):
                    question = parse(await _headers(reader))
                script = question.script
                name, value, why = await self._decide(question, end - ANSWER_SECONDS)
                if name:
                    await _set(reader, writer, name, value)
                await _set(reader, writer, ERROR, why)
            writer.close()  # nothing waits to be sent: each command was answered
            if not why:  # else it is told already
                took = round((perf_counter() - began) * 1000, 1)
                log.info("the dialplan has asked", script=script, answer=value, milliseconds=took)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            reason = str(error) or f"{REQUEST_SECONDS:g} s have passed"
            log.warning("a question of the dialplan broke off", script=_shown(script), reason=_shown(reason))
        finally:
            if not writer.is_closing():
                writer.transport.abort()

    async def _decide(self, question: Question, end: float) -> tuple[str, str, str]:
        """Return variable, value and error; the variable is "" where there is no answer."""
        script = self._scripts.get(question.script)
        why = Why.SCRIPT
        reason = f"known: {', '.join(self._scripts)}"
        try:
            if script is not None:
                async with asyncio.timeout_at(end):
                    return (*await script(question), "")
        except TimeoutError:
            why, reason = Why.TIME, "no decision in time"
        except ValueError as error:
            why, reason = Why.VALUE, str(error)
        except UncallError as error:
            why, reason = Why.AWAY, str(error)
        except Exception:  # the edge: whatever it is, the call goes on with the dialplan's default
            log.exception("a question of the dialplan failed by a mistake of ours", script=question.script)
            return "", "", Why.MISTAKE
        log.warning(
            "a question of the dialplan has no answer", script=_shown(question.script), error=why, reason=reason
        )
        return "", "", why


def parse(headers: Mapping[str, str]) -> Question:
    """Return what is asked. A `+` in a value is a plus, since Asterisk encodes nothing; %2B is one, too."""
    path, _, query = headers.get("agi_network_script", "").partition("?")
    return Question(path.strip("/"), dict(_pairs(query)), headers.get("agi_arg_1", ""))


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        if equals:
            yield unquote(name), unquote(value)


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    """Read the headers up to the empty line. Raises ValueError, EOFError, TimeoutError by the caller's limit."""
    headers: dict[str, str] = {}
    for _ in range(MOST_HEADERS + 1):
        line = await _line(reader)
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    raise ValueError(f"more than {MOST_HEADERS} headers")


async def _line(reader: asyncio.StreamReader) -> str:
    line = await reader.readline()  # ValueError above the limit
    if not line.endswith(b"\n"):
        raise EOFError("the connection was closed")
    return line.decode(errors="replace").rstrip("\r\n")


async def _set(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str, value: str) -> None:
    """Set a variable of the channel. Raises ValueError when Asterisk does not take it, OSError, EOFError."""
    command = f'SET VARIABLE {name} "{value}"'
    if not command.isascii() or not command.isprintable() or command.count('"') != 2 or "\\" in command:
        raise ValueError("an answer that cannot be sent")
    writer.write(f"{command}\n".encode())
    await writer.drain()
    answer = await _line(reader)
    if answer == "HANGUP":  # the caller has gone; a variable can be set all the same
        answer = await _line(reader)
    if not answer.startswith("200"):
        raise ValueError(f"Asterisk answered {answer[:60]}")


def _shown(text: str) -> str:
    """What came from outside, as it may stand in a log."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:100])


def _explained(error: OSError, host: str, port: int) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        remedy = "End the program that has it, choose another port, or set fastagi.enabled = false"
        return ConfigError("[fastagi]", "fastagi.port", f"port {port} on {host} is taken", remedy)
    if error.errno == errno.EACCES:
        return ConfigError("[fastagi]", "fastagi.port", f"port {port} needs special rights", "Choose a port above 1023")
    remedy = 'Write an address that this computer has, "127.0.0.1" for questions from the same host'
    return ConfigError("[fastagi]", "fastagi.host", f"cannot listen on {host}", remedy)
