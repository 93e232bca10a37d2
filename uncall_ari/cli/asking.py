"""Asking the running service over its JSON interface: where it is, what lets us in, and what its answer says."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from uncall_ari.cli.terminal import plain
from uncall_ari.config import WebSettings, load_settings
from uncall_ari.errors import ConfigError, UncallError

SECONDS = 70.0  # the service gives a large table a minute
MOST_BYTES = 16 << 20  # of an answer
_PATH = "/uncall_api/http_uncall_api.php"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listens on all addresses: asked on loopback


class NotAnswered(UncallError):
    """The service was not reached, or did not answer the question; the message names the remedy."""


class _Answer(msgspec.Struct):
    status: bool
    msg: Any = ""
    data: Any = None


@dataclass(frozen=True, slots=True)
class Service:
    """Where it is, and the headers that let us in."""

    url: str
    headers: Mapping[str, str]


def service(config: Path | None, url: str | None) -> Service:
    """The service of these settings, or at `url`. Raises NotAnswered, ConfigErrors."""
    web = _web(config, url)
    return Service(url or address(web), credentials(web))


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


async def ask(service: Service, form: Mapping[str, str], remedies: Mapping[str, str]) -> Any:
    """Return the `data` of the answer to a `model` with its parameters. Raises NotAnswered; `remedies` says what helps
    against the messages of this model."""
    url = service.url.rstrip("/").removesuffix(_PATH)
    if not url.startswith(("http://", "https://")):
        raise NotAnswered(f"{plain(url)} is no address of a service: write http://HOST:PORT")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=5)) as session,
            session.post(url + _PATH, data=form, headers=service.headers, allow_redirects=False) as response,
        ):
            status, body = response.status, await _read(response.content)
    except TimeoutError:
        raise NotAnswered(f"{plain(url)} did not answer in time: see its log") from None
    except (aiohttp.ClientError, ValueError, OSError) as error:
        reason = plain(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        remedy = "start the service with `uncall serve`, or give its address with --url"
        raise NotAnswered(f"{plain(url)} is not reached ({reason}): {remedy}") from None
    return _data(status, body, url, remedies)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """All that comes, up to MOST_BYTES."""
    body = b""
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            break
    return body


def _data(status: int, body: bytes, url: str, remedies: Mapping[str, str]) -> Any:
    if status in (401, 403):
        reason = plain(body.decode(errors="replace").strip())
        raise NotAnswered(
            f"{plain(url)} refuses us ({status}: {reason}): give --config with its settings, whose web.api_keys or "
            "web.users let us in, or add this machine to web.networks"
        )
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError:
        raise no_service(url, status) from None
    if answer.status and answer.data is not None:
        return answer.data
    message = plain(str(answer.msg))
    known = {"model is unknown": "the service is older than this command: start it again with this version", **remedies}
    raise NotAnswered(f"{plain(url)} answers: {message}: {known.get(message, 'see the log of the service')}")


def no_service(url: str, status: int = 200) -> NotAnswered:
    """What is to be raised of an answer that no service of ours gives."""
    return NotAnswered(f"{plain(url)} is no uncall service (HTTP status {status}): check --url")
