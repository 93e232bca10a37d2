"""`uncall why`: asks the running service what keeps a task, or a number of it, from being dialled now."""

import asyncio
import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from rich.console import Console
from rich.text import Text

from uncall_ari.config import WebSettings, load_settings
from uncall_ari.errors import ConfigError, UncallError

SECONDS = 70.0  # the service gives a large table a minute
_PATH = "/uncall_api/http_uncall_api.php"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listens on all addresses: asked on loopback


class NotAnswered(UncallError):
    """The service was not reached, or did not answer the question; the message names the remedy."""


class Told(msgspec.Struct, frozen=True):
    """One obstacle, as the JSON interface tells it."""

    code: str
    zh: str
    en: str
    until: str


class _Data(msgspec.Struct):
    obstacles: list[Told]


class _Answer(msgspec.Struct):
    status: bool
    msg: Any = ""
    data: _Data | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where."""

    task: str
    number: str | None
    url: str
    headers: dict[str, str]


def run(task: str, number: str | None, config: Path | None, url: str | None, *, as_json: bool) -> bool:
    """Ask and print. Returns whether nothing is in the way. Raises NotAnswered, ConfigErrors."""
    web = _web(config, url)
    told = asyncio.run(ask(Question(task, number, url or address(web), credentials(web))))
    if as_json:
        print(json.dumps([msgspec.to_builtins(each) for each in told], ensure_ascii=False, indent=2))
    else:
        show(told, task, number, Console(highlight=False))
    return not told


def _web(config: Path | None, url: str | None) -> WebSettings:
    """The settings of the web service; with a `url`, and none at hand, those that a service has by default."""
    try:
        return load_settings(config).web
    except ConfigError as error:
        if config is not None:
            raise
        if url is None:
            remedy = "Name the settings of the service with --config, or its address with --url"
            raise NotAnswered(f"{error}\n{remedy}") from None
        return WebSettings()


def address(web: WebSettings) -> str:
    """Where these settings have the service, seen from the same machine. Raises NotAnswered when they leave it open."""
    if not web.port:
        raise NotAnswered("web.port is 0, so the port is not known: give the address with --url http://HOST:PORT")
    host = _EVERYWHERE.get(web.host, web.host)
    return f"http://[{host}]:{web.port}" if ":" in host else f"http://{host}:{web.port}"


def credentials(web: WebSettings) -> dict[str, str]:
    """The headers that let us in: a key or a user of the settings, none when they have neither."""
    if web.api_keys:
        return {"X-API-Key": web.api_keys[0].get_secret_value()}
    for name, password in web.users.items():
        pair = f"{name}:{password.get_secret_value()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


async def ask(question: Question) -> list[Told]:
    """The obstacles, the most basic first. Raises NotAnswered."""
    url = question.url.rstrip("/").removesuffix(_PATH)
    if not url.startswith(("http://", "https://")):
        raise NotAnswered(f"{_plain(url)} is no address of a service: write http://HOST:PORT")
    form = {"model": "whyNot", "id": question.task} | ({"number": question.number} if question.number else {})
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=5)) as session,
            session.post(url + _PATH, data=form, headers=question.headers, allow_redirects=False) as response,
        ):
            status, body = response.status, await response.content.read(1 << 20)
    except TimeoutError:
        raise NotAnswered(f"{_plain(url)} did not answer in time: see its log") from None
    except (aiohttp.ClientError, ValueError, OSError) as error:
        reason = _plain(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        remedy = "start the service with `uncall serve`, or give its address with --url"
        raise NotAnswered(f"{_plain(url)} is not reached ({reason}): {remedy}") from None
    return _obstacles(status, body, url, question)


def _obstacles(status: int, body: bytes, url: str, question: Question) -> list[Told]:
    if status in (401, 403):
        reason = _plain(body.decode(errors="replace").strip())
        raise NotAnswered(
            f"{_plain(url)} refuses us ({status}: {reason}): give --config with its settings, whose web.api_keys or "
            "web.users let us in, or add this machine to web.networks"
        )
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError:
        raise NotAnswered(f"{_plain(url)} is no uncall service (HTTP status {status}): check --url") from None
    if answer.status and answer.data is not None:
        return answer.data.obstacles
    message = _plain(str(answer.msg))
    remedy = {
        "id is error": f"{_plain(question.task)!r} is no task: write 494 or o_task_run_494",
        "number is error": "a number has up to 32 characters",
        "model is unknown": "the service is older than this command: start it again with this version",
    }.get(message, "see the log of the service")
    raise NotAnswered(f"{_plain(url)} answers: {message}: {remedy}")


def show(told: list[Told], task: str, number: str | None, console: Console) -> None:
    """Print the answer for people, in Chinese where the environment speaks it."""
    chinese = _speaks_chinese()
    task_id = _plain(task.lower().removeprefix("o_task_run_"))
    if chinese:
        about = f"任务 {task_id}" + (f" 的号码 {_plain(number)}" if number else "")
        head = f"{about} 当前未外呼，原因 {len(told)} 个：" if told else f"{about}：没有障碍，正在外呼或即将外呼"
    else:
        about = (f"number {_plain(number)} of " if number else "") + f"task {task_id}"
        reasons = "1 reason" if len(told) == 1 else f"{len(told)} reasons"
        head = f"{about} is not dialled now, for {reasons}:" if told else f"{about}: nothing is in its way"
    console.print(Text(head, style="bold"), soft_wrap=True)
    width = max((len(each.code) for each in told), default=0)
    for each in told:
        line = Text("  ").append(_plain(each.code).ljust(width), style="yellow")
        console.print(line.append("  " + _plain(each.zh if chinese else each.en)), soft_wrap=True)


def _speaks_chinese() -> bool:
    """As the C library finds the language of messages: the first of these that is set."""
    variables = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in variables if value), "").startswith("zh")


def _plain(text: str) -> str:
    """For a terminal: nothing that it obeys."""
    return "".join(each if each.isprintable() else "?" for each in text)
