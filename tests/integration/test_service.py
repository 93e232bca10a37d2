"""`uncall serve` as a process: what an engineer does with it, and what is wrong around it."""

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.integration.campaigns import plain_settings, until
from tests.integration.served import Served
from uncall_ari.lab import Lab

ENVELOPE = (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
    "<{method}>{parameters}</{method}></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
Make = Callable[[dict[str, Any]], Served]


async def ask(url: str, method: str, **parameters: str) -> str:
    """Call a web method as a bare client does; return the answer's text."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
    async with aiohttp.ClientSession() as session:
        body = ENVELOPE.format(method=method, parameters=inner)
        async with session.post(f"{url}/uncall_api/index.php", data=body.encode()) as answer:
            assert answer.status == 200
            return await answer.text()


def settings(lab: Lab, tmp_path: Path, **sections: Any) -> dict[str, Any]:
    return plain_settings(lab, f"sqlite:///{tmp_path}/uncall.db", web={"port": 0}, **sections)


async def test_a_reload_takes_what_is_right_and_refuses_what_is_wrong(lab: Lab, tmp_path: Path, served: Make) -> None:
    plain = settings(lab, tmp_path)
    service = served(plain)
    await service.start()
    url = await service.url()
    assert "127001" not in await ask(url, "getIncomingIVR", strAgent="801")

    menu = {"description": "second", "step": {"main": {"play": ["goodbye"]}}}
    service.write(plain | {"ivr": plain["ivr"] | {"127001": menu}})
    service.tell(signal.SIGHUP)
    await service.says("the settings are taken")
    assert "127001" in await ask(url, "getIncomingIVR", strAgent="801")

    wrong = {"description": "third", "step": {"main": {"play": ["no-such-prompt"]}}}
    service.write(plain | {"ivr": {"127002": wrong}})
    service.tell(signal.SIGHUP)
    await service.says("ivr.127002.step.main.play.0")
    service.spoil("\n[dialer.retrry]\n")
    service.tell(signal.SIGHUP)
    await service.says("retrry")
    assert "127001" in await ask(url, "getIncomingIVR", strAgent="801"), "the old settings stay"
    assert await service.end(signal.SIGTERM) == 0, service.log


async def test_without_asterisk_it_serves_and_says_why_it_does_not_dial(lab: Lab, tmp_path: Path, served: Make) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    asterisk = {"url": f"http://127.0.0.1:{port}", "user": "uncall", "password": "secret-of-nobody"}
    service = served(settings(lab, tmp_path, asterisk=asterisk))
    await service.start()
    url = await service.url()
    await service.says("Asterisk is not reached")
    assert "sip/test/" in await ask(url, "getTrunkList", strAgent="801")
    assert await service.end(signal.SIGTERM) == 0, service.log
    assert "secret-of-nobody" not in service.log
    assert "Traceback" not in service.log


async def test_a_wrong_password_is_told_without_it(lab: Lab, tmp_path: Path, served: Make) -> None:
    service = served(settings(lab, tmp_path, asterisk={"password": "wrong-one"}))
    await service.start()
    await service.says("asterisk.password")
    assert await service.end(signal.SIGTERM) == 0, service.log
    assert "wrong-one" not in service.log


async def test_a_missing_database_ends_it_with_one_line(lab: Lab, tmp_path: Path, served: Make) -> None:
    service = served(plain_settings(lab, "mysql://nobody:secret-of-db@127.0.0.1:9/outbound", web={"port": 0}))
    await service.start()
    assert await service.ended() == 1
    assert "127.0.0.1:9" in service.log
    assert "secret-of-db" not in service.log
    assert "Traceback" not in service.log


async def test_a_mistake_in_the_settings_ends_it_with_file_key_and_remedy(
    lab: Lab, tmp_path: Path, served: Make
) -> None:
    service = served(settings(lab, tmp_path, dialer={"timezone": "Mars/Olympus"}))
    await service.start()
    assert await service.ended() == 1
    assert "uncall0.toml" in service.log
    assert "dialer.timezone" in service.log
    assert "Traceback" not in service.log


async def test_a_second_engine_takes_over_and_the_first_one_ends(lab: Lab, tmp_path: Path, served: Make) -> None:
    plain = settings(lab, tmp_path)
    first, second = served(plain), served(plain)
    await first.start()
    await first.says("connected to Asterisk")
    await second.start()
    await second.says("connected to Asterisk")
    assert await first.ended() == 1
    assert "another engine" in first.log
    assert await second.end(signal.SIGTERM) == 0, second.log


async def test_ctrl_c_twice_ends_at_once(lab: Lab, tmp_path: Path, served: Make) -> None:
    service = served(settings(lab, tmp_path))
    await service.start()
    await service.url()
    service.tell(signal.SIGINT)
    await service.says("ending")
    service.tell(signal.SIGINT)

    async def over() -> bool:
        return not service.running

    await until(over, "the end", 15)
    assert "Traceback" not in service.log
