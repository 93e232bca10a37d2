"""A CRM as integrators write it: SOAP with zeep, JSON and the upload by HTTP. It knows the service by its URL only."""

import asyncio
import time
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol, Self

from lxml import etree

from uncall_ari.demo.errors import DemoFailed

SECONDS = 20.0  # for one request
ANSWER = 70  # characters of an answer that are shown
_MISSING = "uncall demo needs zeep, a SOAP client: pip install 'uncall-ari[demo]'"

Item = dict[str, str]  # one element of an answer: its children by name


class Teller(Protocol):
    """Is told of each request: its kind, what was said, what was answered, how many seconds it took."""

    def __call__(self, kind: str, said: str, answer: str, seconds: float) -> None: ...


class Crm:
    """`async with Crm("http://127.0.0.1:8080", tell) as crm: await crm.call("getTrunkList", "801")`"""

    def __init__(self, base: str, tell: Teller) -> None:
        """Raises DemoFailed when zeep is not installed."""
        zeep, requests = libraries()
        self.wsdl = f"{base}/uncall_api/index.php?wsdl"
        self._upload = f"{base}/uncall_api/recording_files.php"
        self._json = f"{base}/uncall_api/http_uncall_api.php"
        self._tell = tell
        self._http: Any = requests.Session()
        self._http.trust_env = False  # no proxy stands between us and this computer
        transport = zeep.Transport(session=self._http, timeout=SECONDS, operation_timeout=SECONDS)
        self._connect: Callable[[], Any] = lambda: zeep.Client(self.wsdl, transport=transport)
        self._client: Any = None
        self._failures = (requests.RequestException, zeep.exceptions.Error)

    async def __aenter__(self) -> Self:
        began = time.monotonic()
        self._client = await self._run(self._connect)
        names = sorted(name for name in dir(self._client.service) if not name.startswith("_"))
        self._tell("HTTP", f"GET {self.wsdl}", f"{len(names)} methods", time.monotonic() - began)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    async def upload(self, name: str, data: bytes) -> None:
        """Upload a recording as the demo page does it. Raises DemoFailed when it is not taken."""
        began = time.monotonic()
        files = {"file": (name, data, "audio/wav")}
        answer = await self._run(lambda: self._http.post(self._upload, files=files, timeout=SECONDS).text)
        said = f"POST recording_files.php {name}, {len(data) / 1000:.0f} kB"
        self._tell("HTTP", said, answer, time.monotonic() - began)
        if not answer.startswith("S1"):
            raise DemoFailed(f"the recording was not taken: {answer}")

    async def call(self, method: str, *values: object, quiet: bool = False) -> list[Item]:
        """Call a web method; return what its answer lists. Raises DemoFailed for the answer `error`, and for none."""
        began = time.monotonic()
        texts = [str(value) for value in values]
        answer = await self._run(lambda: getattr(self._client.service, method)(*texts))
        items = read(answer, method)
        if not quiet:
            said = f"{method}({', '.join(map(_short, texts))})"
            self._tell("SOAP", said, _shown(items), time.monotonic() - began)
        if items and items[0].get("Response") == "error":
            raise DemoFailed(f"{method} was answered {_shown(items)}")
        return items

    async def ask(self, model: str, **values: object) -> Any:
        """Ask the JSON interface, without a line on the screen; return its `data`. Raises DemoFailed for a refusal."""
        parameters = {"model": model, **{name: str(value) for name, value in values.items()}}
        answer = await self._run(lambda: self._http.get(self._json, params=parameters, timeout=SECONDS).json())
        if not answer["status"]:
            raise DemoFailed(f"{model} was answered {answer['msg']}")
        return answer["data"]

    async def _run(self, work: Callable[[], Any]) -> Any:
        try:
            return await asyncio.to_thread(work)
        except self._failures as error:
            raise DemoFailed(f"the service did not answer: {error}") from error


def libraries() -> tuple[Any, Any]:
    """Return zeep, and requests, which comes with it. Raises DemoFailed when they are not installed."""
    try:
        return import_module("zeep"), import_module("requests")
    except ImportError as error:
        raise DemoFailed(_MISSING) from error


def read(answer: str, method: str) -> list[Item]:
    """Take an answer's document apart: one item for each element that is called like the method; what stands beside
    it (AffectedRows) belongs to the first. Raises DemoFailed for what is no such document."""
    try:
        root = etree.fromstring(answer.encode())
    except etree.XMLSyntaxError as error:
        raise DemoFailed(f"{method} was answered with what is no XML: {answer[:200]!r}") from error
    items = [{child.tag: child.text or "" for child in item} for item in root.findall(method)]
    beside = {child.tag: child.text or "" for child in root if child.tag not in ("result", method)}
    if beside:
        items = [{**(items[0] if items else {}), **beside}, *items[1:]]
    return items


def _short(text: str) -> str:
    count = text.count(",") + 1
    return text if len(text) <= 30 else f"{text[:11]}, … {count} numbers" if count > 2 else f"{text[:27]}…"


def _shown(items: list[Item]) -> str:
    text = "; ".join(" ".join(value for value in item.values() if value) for item in items) or "nothing"
    return text if len(text) <= ANSWER else f"{text[: ANSWER - 1]}…"
