"""The SOAP endpoint over real HTTP: what old and odd clients do to the transport, and who is let in."""

import asyncio
import gzip
import random
import re
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from lxml import etree
from structlog.testing import capture_logs

from api.app import make_app, use_settings
from api.context import FACADE
from api.serve import serving
from api.soap import routes
from api.soap.envelope import SOAP11, SOAP12
from api.soap.text import BODY_LIMIT
from tests.facade_engine import FacadeEngine
from uncall_ari.config import WebSettings
from uncall_ari.errors import ConfigError

WAIT = 10  # seconds, for anything that the server should do at once
PATHS = [
    f"/{folder}{rest}"
    for folder in ("uncall_api", "uncall_lib")
    for rest in ("", "/", "/index.php", "//index.php", "/index.php/", "/index.php?x=1", "/?a", "?wsdl")
] + ["//uncall_api/index.php"]


def soap(method: str = "UncallWorld", **values: str) -> bytes:
    """An envelope as hand-written programs send it."""
    parameters = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<e:Body><{method}>{parameters}</{method}></e:Body></e:Envelope>"
    ).encode()


HELLO = soap(text="你好")
TASK = soap(
    "addIvrTask",
    create_users="801",
    task_name="t",
    task_out_line="sip/test/",
    incoming_ivr_values="127000",
    call_max="1",
    task_callerid="0",
)
GREETING = "UncallWorld:你好"


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path / "recordings")


@pytest.fixture
async def port(engine: FacadeEngine) -> AsyncIterator[int]:
    """A server with the default settings on a free port of the loopback."""
    async with serving(make_app(engine, WebSettings()), "127.0.0.1", 0) as port:
        yield port


class Answer:
    """An HTTP answer, taken apart."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(status.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def response(self) -> str:
        """The Response of the result document in a SOAP answer."""
        inner = etree.fromstring(self.body).find(".//{*}Body/*/*").text.encode()
        return etree.fromstring(inner).findtext(".//Response") or ""

    @property
    def fault(self) -> str:
        """The reason of a SOAP fault."""
        fault = etree.fromstring(self.body).find(".//{*}Body/{*}Fault")
        return fault.findtext("faultstring") or fault.findtext("{*}Reason/{*}Text") or ""


async def exchange(port: int, request: bytes) -> Answer:
    """Send raw bytes, return the answer."""
    async with connected(port) as (reader, writer):
        writer.write(request)
        return await answer_from(reader)


async def answer_from(reader: asyncio.StreamReader) -> Answer:
    """The next answer on a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return Answer(head + await reader.readexactly(int(length[1]) if length else 0))


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to the server, closed at the end whatever happens."""
    async with asyncio.timeout(WAIT):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()


def post(body: bytes, *headers: str, path: str = "/uncall_api/index.php", version: str = "1.1") -> bytes:
    """A raw POST request that closes its connection."""
    lines = [f"POST {path} HTTP/{version}", "Connection: close", *headers]
    if not any(line.lower().startswith(("transfer-encoding", "content-length")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    if version == "1.1" and not any(line.startswith("Host") for line in headers):
        lines.append("Host: pbx")
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, *headers: str, version: str = "1.1") -> bytes:
    host = () if version == "1.0" or any(line.startswith("Host") for line in headers) else ("Host: pbx:8080",)
    return "\r\n".join([f"GET {path} HTTP/{version}", "Connection: close", *host, *headers, "", ""]).encode()


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_takes_calls_without_a_redirect(port: int, path: str) -> None:
    answer = await exchange(port, post(HELLO, path=path))
    assert (answer.status, answer.response) == (200, GREETING)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Content-Type: text/xml; charset=utf-8", 'SOAPAction: "urn:Uncall#Uncall#UncallWorld"'),
        ("Content-Type: application/x-www-form-urlencoded",),
        ("Content-Type: garbage;;=",),
        ('SOAPAction: ""',),
        ("Accept-Encoding: gzip, deflate", "Accept: text/xml, multipart/*"),
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_any_headers_and_both_versions_of_http(port: int, headers: tuple[str, ...], version: str) -> None:
    answer = await exchange(port, post(HELLO, *headers, version=version))
    assert (answer.status, answer.response) == (200, GREETING)


def _raw_deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("encoding", "squeeze"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", _raw_deflate),
        ("identity", bytes),
    ],
)
async def test_compressed_bodies(port: int, encoding: str, squeeze) -> None:
    answer = await exchange(port, post(squeeze(HELLO), f"Content-Encoding: {encoding}"))
    assert (answer.status, answer.response) == (200, GREETING)


async def test_chunked_bodies(port: int) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (HELLO[:7], HELLO[7:90], HELLO[90:]))
    answer = await exchange(port, post(chunks + b"0\r\n\r\n", "Transfer-Encoding: chunked"))
    assert answer.response == GREETING


async def test_expect_100_continue(port: int) -> None:
    async with connected(port) as (reader, writer):
        head, _, body = post(HELLO, "Expect: 100-continue").partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        assert (await answer_from(reader)).status == 100
        writer.write(body)
        assert (await answer_from(reader)).response == GREETING


async def test_many_calls_on_one_connection(port: int) -> None:
    async with connected(port) as (reader, writer):
        for number in range(20):
            body = soap(text=str(number))
            writer.write(post(body).replace(b"Connection: close\r\n", b""))
            assert (await answer_from(reader)).response == f"UncallWorld:{number}"


async def test_soap_12_is_answered_in_soap_12(port: int) -> None:
    body = HELLO.replace(b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope")
    answer = await exchange(port, post(body, "Content-Type: application/soap+xml; charset=utf-8"))
    assert answer.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert answer.response == GREETING
    answer = await exchange(port, post(b"<", "Content-Type: application/soap+xml"))
    assert (answer.status, answer.headers["content-type"]) == (500, "application/soap+xml; charset=utf-8")
    assert answer.fault


async def test_a_list_that_is_shared_is_answered_to_each_in_his_own_form_and_as_it_is_now(port: int) -> None:
    old, new = soap("getAllTask"), soap("getAllTask").replace(SOAP11.encode(), SOAP12.encode())
    for tasks in range(3):
        answers = await asyncio.gather(*(exchange(port, post(body)) for body in (old, new) * 4))
        for answer, version in zip(answers, (SOAP11, SOAP12) * 4, strict=True):
            assert (answer.status, version.encode() in answer.body) == (200, True), answer.body
            assert answer.body.count(b"&lt;id&gt;") == tasks, answer.body
        await exchange(port, post(TASK))


async def test_the_action_of_soap_12_is_in_the_content_type(port: int) -> None:
    body = soap("request", text="x").replace(
        b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope"
    )
    kind = 'Content-Type: application/soap+xml; charset=utf-8; action="urn:Uncall#Uncall#UncallWorld"'
    assert (await exchange(port, post(body, kind))).response == "UncallWorld:x"


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (post(b""), "Document is empty"),
        (post(b"<a><b></a>"), "not well-formed"),
        (post(soap("Nope")), "unknown operation 'Nope'"),
        (post(b"<!DOCTYPE a><a/>"), "document type"),
        (post(b"\xff\xff"), "character set"),
        (post(b"x" * (BODY_LIMIT + 1)), "too large"),
        (
            post(b"%x\r\n%b\r\n0\r\n\r\n" % (BODY_LIMIT + 1, b"x" * (BODY_LIMIT + 1)), "Transfer-Encoding: chunked"),
            "too large",
        ),
        (post(gzip.compress(b"x" * 64 * BODY_LIMIT), "Content-Encoding: gzip"), "too large"),
        (post(zlib.compress(b"x" * 64 * BODY_LIMIT), "Content-Encoding: deflate"), "too large"),
        (post(gzip.compress(b"x" * 64 * BODY_LIMIT)), "too large"),
        (post(HELLO, "Content-Encoding: gzip"), "damaged"),
        (post(HELLO, "Origin: http://evil.example"), "another site"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_call_gets_a_fault_with_500(port: int, request_: bytes, reason: str) -> None:
    answer = await exchange(port, request_)
    assert answer.status == 500
    assert reason in answer.fault
    assert (await exchange(port, post(HELLO))).response == GREETING  # and the service goes on


async def test_the_largest_allowed_request_is_taken(port: int) -> None:
    body = soap(text="x" * (BODY_LIMIT - len(soap(text=""))))
    assert len(body) == BODY_LIMIT
    assert len((await exchange(port, post(body))).response) > BODY_LIMIT - 1000


async def test_a_page_of_another_site_changes_nothing(port: int, engine: FacadeEngine) -> None:
    assert (await exchange(port, post(TASK, "Origin: http://evil.example"))).status == 500
    assert await engine.tasks() == []
    assert (await exchange(port, post(TASK, "Origin: http://pbx"))).response == "success"
    assert len(await engine.tasks()) == 1


async def test_a_request_that_never_ends_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_SECONDS", 0.05)
    answer = await exchange(port, post(HELLO, f"Content-Length: {len(HELLO) + 1}"))
    assert "did not arrive in time" in answer.fault


async def test_a_client_that_leaves_early_harms_nobody(port: int, engine: FacadeEngine) -> None:
    with capture_logs() as logs:
        for cut in (10, 60, 200, len(post(TASK)) - 5):
            async with connected(port) as (_, writer):
                writer.write(post(TASK)[:cut])
                await writer.drain()
        assert (await exchange(port, post(HELLO))).response == GREETING
    assert await engine.tasks() == []
    assert logs == []


async def test_no_bytes_bring_down_the_service(port: int) -> None:
    chance = random.Random(7)
    for _ in range(150):
        body = bytearray(TASK)
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        answer = await exchange(port, post(bytes(body)))
        assert answer.status in (200, 500)
        assert answer.status == 200 or answer.fault
        assert "incident" not in answer.body.decode()


@pytest.mark.parametrize(
    "path", ["/uncall_api/index.php?wsdl", "/uncall_lib/?WSDL", "/uncall_api?wsdl=1", "/uncall_lib?a&Wsdl"]
)
async def test_the_wsdl_has_the_address_that_was_asked(port: int, path: str) -> None:
    answer = await exchange(port, get(path))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    folder = "uncall_lib" if "lib" in path else "uncall_api"
    assert f'location="http://pbx:8080/{folder}/index.php"' in answer.body.decode()
    assert 'use="encoded"' in answer.body.decode()


async def test_the_literal_wsdl(port: int) -> None:
    text = (await exchange(port, get("/uncall_api/index.php?wsdl=literal"))).body.decode()
    assert 'use="literal"' in text
    assert "encodingStyle" not in text


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("pbx", "http://pbx/"),
        ("192.168.160.211:8080", "http://192.168.160.211:8080/"),
        ("[2001:db8::1]:80", "http://[2001:db8::1]:80/"),
        ('x"/><evil', "http://127.0.0.1:"),
        ("a&b", "http://127.0.0.1:"),
        ("pbx/evil", "http://127.0.0.1:"),
        ("user@pbx", "http://127.0.0.1:"),
        ("", "http://127.0.0.1:"),
        ("x" * 300, "http://127.0.0.1:"),
    ],
)
async def test_hosts_in_the_wsdl(port: int, host: str, location: str) -> None:
    answer = await exchange(
        port, get("/uncall_api/?wsdl", f"Host: {host}", "X-Forwarded-Host: evil", "X-Forwarded-Proto: ftp")
    )
    assert answer.status == 200
    assert etree.fromstring(answer.body).find(".//{*}address").get("location").startswith(location)
    assert b"evil" not in answer.body


async def test_the_wsdl_over_http_10_without_a_host(port: int) -> None:
    answer = await exchange(port, get("/uncall_api/index.php?wsdl", version="1.0"))
    assert f'location="http://127.0.0.1:{port}/uncall_api/index.php"' in answer.body.decode()


async def test_a_person_gets_a_page(port: int) -> None:
    answer = await exchange(port, get("/uncall_api/"))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "创建语音外呼" in answer.body.decode()


async def test_every_answer_has_the_security_headers(port: int) -> None:
    for request in (get("/uncall_api/"), get("/none"), post(HELLO), post(b"<")):
        headers = (await exchange(port, request)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["server"] == "uncall"
        assert "default-src" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [(get("/"), 404), (get("/uncall_api/index.phpx"), 404), (get("/uncall_apix"), 404), (get("/../etc/passwd"), 404)],
)
async def test_other_paths_are_not_there(port: int, request_: bytes, status: int) -> None:
    assert (await exchange(port, request_)).status == status


async def test_200_calls_at_once(port: int) -> None:
    url = f"http://127.0.0.1:{port}/uncall_api/index.php"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(WAIT)) as session, asyncio.TaskGroup() as group:

        async def ask(number: int) -> str:
            async with session.post(url, data=soap(text=f"[{number}]")) as answer:
                return await answer.text()

        calls = [group.create_task(ask(number)) for number in range(200)]
    assert all(f"UncallWorld:[{number}]" in call.result() for number, call in enumerate(calls))


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        (WebSettings(networks=()), (), 403),
        (WebSettings(networks=("10.0.0.0/8",)), ("X-Forwarded-For: 10.0.0.1",), 403),
        (WebSettings(networks=(), api_keys=("k1",)), (), 401),
        (WebSettings(networks=(), api_keys=("k1",)), ("X-API-Key: k1",), 200),
        (WebSettings(networks=(), api_keys=("k1",)), ("Authorization: Bearer k1",), 200),
        (WebSettings(networks=(), users={"crm": "pw"}), ("Authorization: Basic Y3JtOnB3",), 200),
        (WebSettings(users={"crm": "pw"}), ("Authorization: Basic Y3JtOng=",), 401),
        (WebSettings(), ("Authorization: Basic Y3JtOng=",), 200),
    ],
)
async def test_who_is_let_in(
    engine: FacadeEngine, settings: WebSettings, headers: tuple[str, ...], status: int
) -> None:
    async with serving(make_app(engine, settings), "127.0.0.1", 0) as port:
        for request in (
            post(HELLO, *headers),
            get("/uncall_api/?wsdl", *headers),
            get("/uncall_api/upfiles.html", *headers),
        ):
            answer = await exchange(port, request)
            assert answer.status == status
            if status == 401:
                assert ("Basic" in answer.headers["www-authenticate"]) == bool(settings.users)
                assert answer.body.count(b"\n") == 1


async def test_changes_and_refusals_are_logged_without_secrets(engine: FacadeEngine) -> None:
    settings = WebSettings(networks=(), users={"crm": "s3cret"})
    async with serving(make_app(engine, settings), "127.0.0.1", 0) as port:
        with capture_logs() as logs:
            await exchange(port, post(HELLO, "Authorization: Basic Y3JtOnMzY3JldA=="))
            await exchange(port, post(TASK, "Authorization: Basic Y3JtOnMzY3JldA=="))
            await exchange(port, post(soap("delTask", id="7"), "Authorization: Basic Y3JtOnMzY3JldA=="))
            await exchange(port, post(TASK, "Authorization: Basic Y3JtOnMzY3JldHg="))
    assert [(line["event"], line.get("method"), line.get("outcome")) for line in logs] == [
        ("call", "addIvrTask", "success"),
        ("call", "delTask", "id is error"),
        ("refused", None, None),
    ]
    assert logs[0]["who"] == "user crm"
    assert logs[0]["sent"]["task_out_line"] == "sip/test/"
    assert logs[2]["reason"] == "wrong credentials"
    assert not any(secret in str(logs) for secret in ("s3cret", "Y3JtOnMz"))


async def test_new_settings_take_effect_at_once(engine: FacadeEngine) -> None:
    app = make_app(engine, WebSettings())
    async with serving(app, "127.0.0.1", 0) as port:
        assert (await exchange(port, post(TASK))).response == "success"
        use_settings(app, WebSettings(success_word="Success"))
        assert (await exchange(port, post(TASK))).response == "Success"
        use_settings(app, WebSettings(networks=()))
        assert (await exchange(port, post(TASK))).status == 403


async def test_a_failure_that_nobody_foresaw_shows_no_stack_trace(
    engine: FacadeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(engine, WebSettings())
    async with serving(app, "127.0.0.1", 0) as port:
        monkeypatch.setattr(app[FACADE], "settings", None)
        with capture_logs() as logs:
            answer = await exchange(port, get("/uncall_api/"))
    assert answer.status == 500
    incident = re.fullmatch(r"internal error, incident ([0-9a-f]{8})\n", answer.body.decode())
    assert incident
    assert [line["incident"] for line in logs] == [incident[1]]


async def test_a_taken_port_is_explained_and_a_free_one_is_given_back(engine: FacadeEngine) -> None:
    async with serving(make_app(engine, WebSettings()), "127.0.0.1", 0) as port:
        with pytest.raises(ConfigError, match=rf"web\.port: port {port} on 127\.0\.0\.1 is taken"):
            async with serving(make_app(engine, WebSettings()), "127.0.0.1", port):
                pass
    async with serving(make_app(engine, WebSettings()), "127.0.0.1", port) as again:
        assert again == port


async def test_an_address_of_another_computer_is_explained(engine: FacadeEngine) -> None:
    for host in ("192.0.2.1", "no-such-host.invalid"):
        with pytest.raises(ConfigError, match=r"web\.host"):
            async with serving(make_app(engine, WebSettings()), host, 0):
                pass


async def test_ipv6(engine: FacadeEngine) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this computer has no IPv6 loopback")
    async with (
        serving(make_app(engine, WebSettings()), "::1", 0) as port,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(WAIT)) as session,
        session.post(f"http://[::1]:{port}/uncall_api/", data=HELLO) as answer,
    ):
        assert GREETING in await answer.text()
