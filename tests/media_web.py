"""The recordings' pages on a real HTTP server, and the programs that talk to it."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from api.recordings import UPLOAD_SECONDS, recording_routes
from uncall_ari.media.library import RecordingLibrary

STORED = "S1 上传成功"
FORMAT = "E1 文件名不存在或者格式错误"
TOO_LARGE = "E2 文件大小必须小于3MB"
EXISTS = "E3 文件已经存在"
FAILED = "F1 上传失败"
ANSWERS = {STORED, FORMAT, TOO_LARGE, EXISTS, FAILED}

BOUNDARY = "----WebKitFormBoundaryAbC123"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


class Web:
    """The server's address, its library, and an HTTP client."""

    def __init__(self, address: str, library: RecordingLibrary, http: aiohttp.ClientSession) -> None:
        self.address, self.library, self.http = address, library, http
        self.upload_url = f"{address}/uncall_api/recording_files.php"
        self.play_url = f"{address}/uncall_api/play_files.php"

    async def post(self, body: bytes, query: str = "", **headers: str | None) -> str:
        """Uploads `body`, with headers named with underscores; returns the answer, which must be a text."""
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        async with self.http.post(
            self.upload_url + query, data=io.BytesIO(body), headers=sent, skip_auto_headers=["Content-Type"]
        ) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
            return await response.text()

    async def curl(self, *arguments: str | Path) -> str:
        """Runs curl, which must end well, and returns what it printed."""
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", "--max-time", "60", *arguments, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode()


@asynccontextmanager
async def serving(
    folder: Path, upload_seconds: float = UPLOAD_SECONDS, app: web.Application | None = None
) -> AsyncIterator[Web]:
    """Serves the recordings in `folder` on a free port, by themselves or with `app`, which has their routes."""
    library = RecordingLibrary(folder)
    if app is None:
        app = web.Application()
        app.add_routes(recording_routes(library, upload_seconds))
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
            yield Web(f"http://{host}:{port}", library, http)
    finally:
        await runner.cleanup()


def part(disposition: str | bytes, content: bytes, more: bytes = b"Content-Type: audio/wav\r\n") -> bytes:
    """Returns one part of a form, from its boundary to its last byte."""
    if isinstance(disposition, str):
        disposition = disposition.encode()
    return (
        b"--%s\r\nContent-Disposition: " % BOUNDARY.encode()
        + disposition
        + b"\r\n"
        + more
        + b"\r\n"
        + content
        + b"\r\n"
    )


def form(*parts: bytes) -> bytes:
    """Returns a whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
