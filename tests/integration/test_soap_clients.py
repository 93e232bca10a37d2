"""Real SOAP clients against a real server: each goes through the same scenario and must print the same.

zeep and suds come with the project's test packages. The others are used where they are installed, and
skipped, with their name, where they are not:

    apt-get install php-cli php-soap libsoap-lite-perl default-jdk-headless libaxis-java
"""

import asyncio
import functools
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
import suds.client
import zeep
from lxml import etree

from api.app import make_app
from api.serve import serving
from tests.facade_engine import FacadeEngine
from uncall_ari.config import WebSettings

SECONDS = 60  # for one scenario; a Java machine needs five
SCRIPTS = Path(__file__).parent / "soap_clients"
JARS = [
    f"/usr/share/java/{name}.jar"
    for name in ("axis", "axis-jaxrpc", "axis-saaj", "wsdl4j", "commons-logging", "commons-discovery")
]
HEAD = '<?xml version="1.0" encoding="utf-8"?>'
EXPECTED = [
    f"{HEAD}<uncall><UncallWorld><Response>UncallWorld:春节&lt;&amp;&gt;</Response></UncallWorld></uncall>",
    f"{HEAD}<unallcc><result>1</result><addIvrTask><Response>success</Response>"
    "<TaskID>o_task_run_494</TaskID></addIvrTask></unallcc>",
    f"{HEAD}<unallcc><result>1</result><addPhoneToTask><Response>success</Response>"
    "<AffectedRows>2</AffectedRows></addPhoneToTask></unallcc>",
    f"{HEAD}<unallcc><result>1</result><updateTask><Response>error</Response>"
    "<Message>id is empty</Message></updateTask></unallcc>",
]


@pytest.fixture
def engine(tmp_path: Path) -> FacadeEngine:
    return FacadeEngine(tmp_path / "recordings")


@pytest.fixture
async def root(engine: FacadeEngine) -> AsyncIterator[str]:
    """The URL of a running service, without a path."""
    async with serving(make_app(engine, WebSettings()), "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


@functools.cache
def works(*command: str) -> bool:
    """Whether a command is there and succeeds: how the tests find out what is installed."""
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, timeout=SECONDS, check=False).returncode == 0


def needs(reason: str, there: bool) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not there, reason=f"not installed: {reason}")


php = needs("php with soap", works("php", "-r", "exit(extension_loaded('soap') ? 0 : 1);"))
perl = needs("perl with SOAP::Lite", works("perl", "-MSOAP::Lite", "-e", "1"))
axis = needs("java with Axis 1.4", works("javac", "-version") and Path(JARS[0]).exists())


def _php(*arguments: str) -> Sequence[str]:
    return ("php", str(SCRIPTS / "scenario.php"), "BASE", *arguments)


COMMANDS = [
    *(
        pytest.param(_php(mode, *options), "/uncall_api/index.php", marks=php, id=f"php {mode} {' '.join(options)}")
        for mode in ("encoded", "literal", "none")
        for options in ((), ("soap_version=2",), ("compression=37",), ("compression=53",), ("keep_alive=0",))
    ),
    pytest.param(_php("encoded"), "/uncall_lib/", marks=php, id="php lib"),
    pytest.param(_php("none"), "//uncall_lib//index.php", marks=php, id="php doubled slashes"),
    pytest.param(("perl", str(SCRIPTS / "scenario.pl"), "BASE"), "/uncall_api/", marks=perl, id="SOAP::Lite"),
    pytest.param(
        ("java", "-cp", ":".join(JARS), str(SCRIPTS / "Scenario.java"), "BASE"), "/uncall_lib", marks=axis, id="Axis"
    ),
]


@pytest.mark.parametrize(("command", "path"), COMMANDS)
async def test_a_program_in_another_language(
    engine: FacadeEngine, root: str, command: Sequence[str], path: str
) -> None:
    filled = [root + path if word == "BASE" else word for word in command]
    done = await asyncio.to_thread(
        subprocess.run, filled, capture_output=True, timeout=SECONDS, check=False, encoding="utf-8"
    )
    *documents, fault = done.stdout.splitlines() or [""]
    assert documents == EXPECTED, done.stdout + done.stderr
    assert fault.startswith("fault: ")
    assert "Nope" in fault
    assert engine.numbers == {494: ["18681471811", "18681471812"]}
    assert [task.name for task in await engine.tasks()] == ["春节回访"]


def with_zeep(wsdl: str) -> list[str]:
    with zeep.Client(wsdl) as client:
        return scenario(client.service)


def with_suds(wsdl: str) -> list[str]:
    return scenario(suds.client.Client(wsdl, cache=None, timeout=SECONDS).service)


def scenario(service) -> list[str]:
    """The same steps as in the scripts, with parameters by position and by name."""
    return [
        service.UncallWorld("春节<&>"),
        service.addIvrTask("801", "春节回访", "sip/test/", "127000", "10", "0", "", "", ""),
        service.addPhoneToTask(Phones="18681471811,18681471812", TaskID="o_task_run_494"),
        service.updateTask("", "run", "", ""),
    ]


@pytest.mark.parametrize("client", [with_zeep, with_suds])
@pytest.mark.parametrize("path", ["/uncall_api/index.php?wsdl", "/uncall_lib/?WSDL", "/uncall_api?wsdl=literal"])
async def test_a_python_client(engine: FacadeEngine, root: str, client: Callable[[str], list[str]], path: str) -> None:
    assert await asyncio.to_thread(client, root + path) == EXPECTED
    assert engine.numbers == {494: ["18681471811", "18681471812"]}


async def test_a_client_reads_a_list_and_its_text_comes_back_whole(root: str, engine: FacadeEngine) -> None:
    text = "a\r\nb\tc <![CDATA[d]]> \"e\" 'f' &amp; 😀"

    def talk() -> tuple[str, str]:
        with zeep.Client(f"{root}/uncall_api/?wsdl") as client:
            return client.service.UncallWorld(text), client.service.getTrunkList("801")

    hello, trunks = await asyncio.to_thread(talk)
    assert etree.fromstring(hello.encode()).findtext("UncallWorld/Response") == f"UncallWorld:{text}"
    found = etree.fromstring(trunks.encode()).findall("getTrunkList")
    assert [item.findtext("value") for item in found] == [choice.value for choice in engine.trunks()]
