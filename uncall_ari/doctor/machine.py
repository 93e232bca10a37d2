"""The machine: are the ports free, is there space for what is written, may enough files be open?"""

import asyncio
import errno
import resource
import shutil
import socket
from pathlib import Path

import aiohttp

from uncall_ari.config import Settings, WebSettings
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, shown, warning

SECONDS = 2.0
LEAST_MB, LITTLE_MB = 100, 1000  # free space that is an error, and a warning
FEW_FILES = 1024  # below it, clients are refused when some hundred are connected
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - listens on all addresses: asked on loopback


async def service_runs(web: WebSettings) -> bool:
    """Whether an uncall service answers where these settings have theirs."""
    host = _EVERYWHERE.get(web.host, web.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{web.port}/uncall_api/index.php?wsdl"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            return response.headers.get("Server") == "uncall"
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return False


async def port(key: str, host: str, number: int, *, ours: bool) -> Finding:
    """Whether the port can be listened on; `ours`: the service runs, so that it must be taken."""
    where = f"{shown(host)}:{number}"
    if number == 0:
        return fine(Check.PORT, f"{key}: any free one", f"{key}：任意空闲端口")
    try:
        await asyncio.to_thread(_bind, host, number)
    except OSError as refused:
        if refused.errno == errno.EADDRINUSE and ours:
            return fine(Check.PORT, f"{key}: {where}, the service runs", f"{key}：{where}，服务正在运行")
        return _not_ours(key, where, number, refused)
    return fine(Check.PORT, f"{key}: {where} is free", f"{key}：{where} 空闲")


def _bind(host: str, number: int) -> None:
    """Take the port for a moment, as the service does. Raises OSError."""
    for family, kind, protocol, _, address in socket.getaddrinfo(host, number, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            taken.bind(address)
            taken.listen(1)


def _not_ours(key: str, where: str, number: int, refused: OSError) -> Finding:
    if refused.errno == errno.EADDRINUSE:
        return error(
            Check.PORT,
            Words(f"{key}: {where} is taken by another program", f"{key}：{where} 已被其他程序占用"),
            Words(
                f"`ss -ltnp 'sport = :{number}'` says by which; stop it, or choose another {key}",
                f"用 ss -ltnp 'sport = :{number}' 查看占用者；停止它，或修改 {key}",
            ),
        )
    reason = refused.strerror or str(refused)
    return error(
        Check.PORT,
        Words(f"{key}: {where} cannot be listened on: {reason}", f"{key}：无法监听 {where}：{reason}"),
        Words(
            "The host must be an address of this machine (0.0.0.0 for all of them), the port one from 1024 on",
            "host 须为本机地址（0.0.0.0 表示全部），port 不小于 1024",
        ),
    )


async def space(settings: Settings) -> list[Finding]:
    """Free space where the engine, its clients and Asterisk write; one finding for each disk."""
    url = settings.database.url.get_secret_value()
    folders = {"media.recordings": settings.media.recordings, "recording.folder": settings.recording.folder}
    if url.startswith("sqlite:///"):
        folders["database.url"] = Path(url.removeprefix("sqlite:///")).parent
    found: dict[int, Finding] = {}
    for key, folder in folders.items():
        there = next((each for each in (folder, *folder.parents) if each.is_dir()), Path("/"))
        device = there.stat().st_dev
        if device not in found:
            found[device] = _space(key, there, shutil.disk_usage(there).free // 1_000_000)
    return list(found.values())


def _space(key: str, folder: Path, free: int) -> Finding:
    if free >= LITTLE_MB:
        return fine(Check.SPACE, f"{free / 1000:.1f} GB free for {key}", f"{key} 可用 {free / 1000:.1f} GB")
    make = error if free < LEAST_MB else warning
    return make(
        Check.SPACE,
        Words(f"{free} MB free in {shown(folder)} ({key})", f"{shown(folder)}（{key}）仅剩 {free} MB"),
        Words(
            "Make room there, or name a folder on another disk; recording.keep_days and recording.keep_megabytes limit "
            "the recordings of calls",
            "请清理磁盘，或改用其他磁盘的目录；recording.keep_days 与 recording.keep_megabytes 可限制通话录音",
        ),
    )


def open_files() -> Finding:
    """How many files and connections this process may have open: the same as the service, started from here."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY or limit >= FEW_FILES:
        told = "no limit" if limit == resource.RLIM_INFINITY else str(limit)
        return fine(Check.FILES, f"{told} for a process started here", f"在此启动的进程：{told}")
    return warning(
        Check.FILES,
        Words(
            f"{limit} for a process started here: too few for many clients", f"在此启动的进程仅 {limit}：客户端多时不足"
        ),
        Words("ulimit -n 65536, or LimitNOFILE=65536 in the unit", "ulimit -n 65536，或在 unit 中设 LimitNOFILE=65536"),
    )
