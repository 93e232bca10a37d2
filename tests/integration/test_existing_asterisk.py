"""An Asterisk that somebody else has configured, plus exactly what `uncall dialplan` prints: both go on to work.

Two of them: a plain one, where the text is put at the end of the files, and one whose files are divided and called like
FreePBX's. It is not FreePBX itself.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.campaigns import (
    calls_by_number,
    finished,
    plain_settings,
    start_task,
    until,
    write_settings,
)
from tests.integration.conftest import TONE, carrier_of, write_tone
from uncall_ari.config import load_settings
from uncall_ari.engine import Engine
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, Phone, busy, hearing, presses
from uncall_ari.store.records import Outcome

OURS, THEIRS = "4008001", "4009999"  # numbers that the engine leads, and that the old dialplan leads
CUSTOMER = "13800138000"

# The files as they were before. {…} are filled in; INCLUDES are FreePBX's.
HTTP = "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {http}\n"
ARI = """[general]
enabled = yes
pretty = yes
{ari_general}
[other]
type = user
password = somebody-elses
{ari_users}
"""
MANAGER = """[general]
enabled = yes
bindaddr = 127.0.0.1
port = {ami}

[admin]
secret = amp111
read = all
write = all
{manager}
"""
STASIS = "[threadpool]\ninitial_size = 5\n"
EXTENSIONS = """[general]
static = yes
{extensions}
[from-trunk]
include => from-pstn

[from-pstn]
include => from-pstn-custom
include => ext-did
exten => fax,1,Hangup()

[ext-did]
exten => _X.,1,Goto(from-internal,802,1)

[from-internal]
include => from-internal-custom
include => app-echo-test
include => ext-local

[app-echo-test]
exten => *43,1,Answer()
 same => n,Echo()

[ext-local]
exten => _80X,1,Dial(PJSIP/${{EXTEN}},20)
 same => n,Hangup()
exten => h,1,Set(GLOBAL(THEIR_HANGUPS)=$[0${{GLOBAL(THEIR_HANGUPS)}} + 1])

[from-pstn-custom]
exten => 5550000,1,Hangup()

[from-internal-custom]
exten => *99,1,Hangup()
"""
PJSIP = """[transport-udp]
type = transport
protocol = udp
bind = 127.0.0.1:{sip}

[global]
type = global
endpoint_identifier_order = ip,username

[SIP_Provider-1]
type = endpoint
transport = transport-udp
aors = SIP_Provider-1
context = from-trunk
disallow = all
allow = ulaw

[SIP_Provider-1]
type = aor
contact = sip:127.0.0.1:{carrier}

[SIP_Provider-1]
type = identify
endpoint = SIP_Provider-1
match = 127.0.0.1:{carrier}
"""
PHONE = """
[{number}]
type = endpoint
transport = transport-udp
aors = {number}
auth = {number}-auth
context = from-internal
disallow = all
allow = ulaw
callerid = {number} <{number}>
direct_media = no

[{number}]
type = aor
max_contacts = 1

[{number}-auth]
type = auth
auth_type = digest
username = {number}
password = {secret}
"""
INCLUDES = {
    "ari_general": "#include ari_general_custom.conf",
    "ari_users": "#include ari_additional_custom.conf",
    "manager": "#include manager_custom.conf",
    "extensions": "#include extensions_custom.conf",
}
# What the page tells the owner of a plain dialplan to write into contexts of his own.
HOOKS = "\n[from-pstn-custom]\ninclude => uncall-numbers\n\n[from-internal-custom]\ninclude => uncall-codes\n"


def foreign(lab: Lab, *, like_freepbx: bool) -> dict[str, str]:
    """The files of somebody else."""
    ports = {"http": lab.asterisk.http_port, "ami": lab.asterisk.ami_port, "sip": lab.asterisk.sip_port}
    ports["carrier"] = lab.spec.trunks[0].port
    includes = INCLUDES if like_freepbx else dict.fromkeys(INCLUDES, "")
    phones = "".join(PHONE.format(number=number, secret=secret) for number, secret in lab.spec.extensions)
    if like_freepbx:
        phones += "\n#include pjsip.endpoint_custom_post.conf\n"
    return {
        "http.conf": HTTP.format(**ports),
        "ari.conf": ARI.format(**includes),
        "manager.conf": MANAGER.format(**ports, **includes),
        "stasis.conf": STASIS,
        "extensions.conf": EXTENSIONS.format(**includes),
        "pjsip.conf": PJSIP.format(**ports) + phones,
    }


async def printed(config: Path, *options: str) -> dict[str, str]:
    """What the command prints for each file."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uncall_ari", "dialplan", "-c", str(config), "--with-passwords", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    text, mistakes = await process.communicate()
    assert process.returncode == 0, mistakes.decode()
    blocks = text.decode().split("; ======== for ")[1:]
    return {name: body for name, _, body in (block.partition("\n") for block in blocks)}


def settings_of(lab: Lab, database: str) -> dict[str, Any]:
    return plain_settings(
        lab,
        database,
        trunk=[{"endpoint": "SIP_Provider-1", "prefixes": ["9"]}],
        inbound=[{"match": OURS, "to": "extension 801"}],
        asterisk={"user": "uncall-engine", "password": "geheim;1"},
        queue={"600": {"members": [{"extension": "801"}]}},
    )


def rewrite(lab: Lab, added: dict[str, str], *, like_freepbx: bool) -> None:
    """Put somebody else's files in the place of the lab's, with what is added to them or beside them."""
    files = foreign(lab, like_freepbx=like_freepbx)
    for name, text in added.items():
        if name != "modules.conf":  # the lab's is there, and loads by name what the command names
            files[name] = files.get(name, "") + "\n" + text
    if not like_freepbx:
        files["extensions.conf"] += HOOKS
    for name, text in files.items():
        (lab.asterisk.folder / "etc" / name).write_text(text)


async def leads_one(engine: Engine) -> None:
    async def look() -> bool:
        return len(engine.live_calls()) == 1

    await until(look, "the engine to lead one call", 10)


@dataclass
class Site:
    """The Asterisk of somebody else with the engine beside it, a carrier and two phones."""

    lab: Lab
    engine: Engine
    carrier: Carrier
    agent: Phone  # 801
    clerk: Phone  # 802

    async def database(self, family: str) -> str:
        return await asyncio.to_thread(self.lab.asterisk.cli, f"database show {family}")


@asynccontextmanager
async def site(lab: Lab, config: Path, kind: str) -> AsyncIterator[Site]:
    plain = settings_of(lab, f"sqlite:///{config.parent}/uncall.db")
    write_settings(config, plain)
    added = await printed(config, "--for", kind)
    await asyncio.to_thread(lab.asterisk.kill)
    rewrite(lab, added, like_freepbx=kind == "freepbx")
    lab.asterisk.user, lab.asterisk.password = plain["asterisk"]["user"], plain["asterisk"]["password"]
    await asyncio.to_thread(lab.asterisk.start)
    assert "ERROR" not in lab.asterisk.log_tail(200), lab.asterisk.log_tail(200)
    secrets, port = dict(lab.spec.extensions), lab.asterisk.sip_port
    async with (
        carrier_of(lab) as carrier,
        Phone("801", secrets["801"], port) as agent,
        Phone("802", secrets["802"], port) as clerk,
        Engine.running(load_settings(config), farewell_seconds=0) as engine,
    ):
        await engine.ari.connection.wait_up(10)
        yield Site(lab, engine, carrier, agent, clerk)


@pytest.mark.parametrize("kind", ["asterisk", "freepbx"])
async def test_both_dialplans_work(kind: str, fresh_lab: Callable[..., Lab], tmp_path: Path) -> None:
    lab = fresh_lab()
    write_tone(lab.recordings / "tone.wav", TONE, 1.2)
    async with site(lab, tmp_path / "uncall.toml", kind) as there:
        await campaign_on_a_trunk_named_as_for_chan_sip(there)
        await our_number_goes_to_the_engine(there)
        await their_number_goes_where_it_always_went(there)
        await their_feature_code_and_their_way_between_phones(there)
        await our_codes(there)


async def campaign_on_a_trunk_named_as_for_chan_sip(there: Site) -> None:
    there.carrier.behaviour = lambda number: busy() if number.endswith("1") else presses("9", after=1.5)
    task = await start_task(there.engine, [CUSTOMER, "13800138001"], trunk="SIP/test/9")
    await (await there.carrier.called("9" + CUSTOMER)).hears(TONE)
    await finished(there.engine, task)
    calls = await calls_by_number(there.engine._store, task)
    assert {number: (call.outcome, call.keys) for number, (call,) in calls.items()} == {
        CUSTOMER: (Outcome.CALL_BACK, "9"),
        "13800138001": (Outcome.FAILED, ""),
    }


async def our_number_goes_to_the_engine(there: Site) -> None:
    outside = there.carrier.call(OURS, CUSTOMER)
    inside = await there.agent.ringing()
    inside.answer()
    await outside.until_answered()
    await leads_one(there.engine)
    await hearing({"outside": outside, "801": inside}, {"outside": ["801"], "801": ["outside"]})
    outside.hang_up()
    await inside.until_ended()


async def their_number_goes_where_it_always_went(there: Site) -> None:
    outside = there.carrier.call(THEIRS, CUSTOMER)
    inside = await there.clerk.ringing()
    inside.answer()
    await outside.until_answered()
    await hearing({"outside": outside, "802": inside}, {"outside": ["802"], "802": ["outside"]})
    assert there.engine.live_calls() == []
    outside.hang_up()
    await inside.until_ended()


async def their_feature_code_and_their_way_between_phones(there: Site) -> None:
    echo = await there.clerk.call("*43")
    await echo.hears(echo.tone)
    echo.hang_up()
    call = there.clerk.dial("801")
    inside = await there.agent.ringing()
    inside.answer()
    await hearing({"801": inside, "802": call}, {"801": ["802"], "802": ["801"]})
    assert there.engine.live_calls() == []
    call.hang_up()
    await inside.until_ended()


async def our_codes(there: Site) -> None:
    await (await there.agent.call("*23")).until_ended()
    assert "uncall-out/801" in await there.database("uncall-out")
    await (await there.agent.call("*22")).until_ended()
    assert "uncall-in/801" in await there.database("uncall-in")
    line = await there.agent.call("*24")

    async def on_an_open_line() -> bool:
        return any(channel.caller.number == "801" for channel in await there.engine.ari.channels())

    await until(on_an_open_line, "801's open line to be in Stasis", 10)
    line.hang_up()
    await line.until_ended()
