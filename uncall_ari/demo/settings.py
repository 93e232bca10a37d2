"""The uncall.toml of a demonstration: a lab's Asterisk, a trunk to the simulated carrier, two voice menus, a queue."""

import json
from pathlib import Path
from typing import Final

import jinja2

from uncall_ari.demo.conducts import AGENT, AGENTS
from uncall_ari.lab import Lab

TRUNK: Final = "sip/demo/"  # as tasks name it
ENDPOINT: Final = "carrier"  # as Asterisk names it
MENU: Final = "127000"
QUEUE: Final = "600"
OFFER: Final = ("press-1-to-go-on", "press-0-for-agent", "press-9-to-be-called-back")  # the menu's prompts
FAREWELL: Final = "goodbye"  # the prompt that ends it
LANGUAGE: Final = "zh"  # of the menu
ALLOWED: Final = "1[3-9]XXXXXXXXX"  # mobile numbers; all others are refused

_TEXT: Final = """\
# Written by uncall for a demonstration; read docs/configuration.md for what each key means.

[asterisk]
url = {{ lab.asterisk.url | quoted }}
user = {{ lab.asterisk.user | quoted }}
password = {{ lab.asterisk.password | quoted }}
ami_port = {{ lab.asterisk.ami_port }}

[database]
url = {{ database | quoted }}

[web]
host = {{ host | quoted }}
port = {{ port }}

[media]
recordings = {{ lab.recordings | quoted }}
sounds = {{ lab.sounds | quoted }}

[dialer]
ring_seconds = {{ ring_seconds }}
finish_after = 2

[survey]
seconds = 3

[[trunk]]
value = {{ trunk | quoted }}
description = "simulated carrier 模拟线路"
endpoint = {{ endpoint | quoted }}
channels = 30
calls_per_second = 10
allow = [{{ allowed | quoted }}]

[queue.{{ queue }}]
description = "demo 演示"
members = [{% for agent in agents %}{{ agent | quoted }}{{ ", " if not loop.last }}{% endfor %}]
wrap_up_seconds = 1
{% for menu, language, description in menus %}

[ivr.{{ menu }}]
description = {{ description | quoted }}
language = {{ language | quoted }}
start = "offer"

[ivr.{{ menu }}.step.offer]
play = [{% for prompt in offer %}{{ prompt | quoted }}{{ ", " if not loop.last }}{% endfor %}]
timeout = 1
retries = 0
keys = { 1 = "step ordered", 0 = "extension {{ agent }}", 9 = "call back" }
on_invalid = "step again"
on_timeout = "step bye"

[ivr.{{ menu }}.step.again]
play = ["try-again"]
timeout = 3
retries = 0
keys = { 1 = "step ordered", 0 = "extension {{ agent }}", 9 = "call back" }
on_timeout = "step bye"

[ivr.{{ menu }}.step.ordered]
play = ["demo-ordered"]
then = "step bye"

[ivr.{{ menu }}.step.bye]
play = [{{ farewell | quoted }}]
{% endfor %}
"""


def write_settings(path: Path, lab: Lab, *, database: str, host: str, port: int, ring_seconds: int) -> None:
    """Write the settings. Nobody else may read the file: passwords are in it."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    environment.filters["quoted"] = _quoted
    text = environment.from_string(_TEXT).render(
        lab=lab,
        database=database,
        host=host,
        port=port,
        ring_seconds=ring_seconds,
        trunk=TRUNK,
        endpoint=ENDPOINT,
        allowed=ALLOWED,
        offer=OFFER,
        farewell=FAREWELL,
        menus=((MENU, LANGUAGE, "demo 演示"), (f"{int(MENU) + 1}", "en", "demo in English 英文演示")),
        agent=AGENT,
        agents=AGENTS,
        queue=QUEUE,
    )
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _quoted(value: object) -> str:
    """A TOML string: JSON's way of writing one is TOML's too."""
    return json.dumps(str(value), ensure_ascii=False)
