"""Seeing what goes on: the log of real calls in which things go wrong, the figures, and the commands, of one service."""

import asyncio
import json
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.campaigns import MENU, TRUNK, plain_settings, third_party, until
from tests.integration.served import Served
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import Carrier, Phone, answers, hearing
from uncall_ari.metrics.meters import QUICK

ROOT = Path(__file__).parents[2]
CUSTOMER, LOST, CLICKED, STRAY = "13800138000", "13800138001", "13800138002", "9900"
GONE = {"value": "sip/gone/", "endpoint": "no-such-endpoint", "allow": ["1[3-9]XXXXXXXXX", "99XX"]}

# Lines of the process, which concern no call. What is not here has the uid of its call.
OF_NO_CALL = {
    "serving",
    "connected to Asterisk",
    "connected to AMI",
    "no connection to Asterisk",
    "no connection to AMI",
    "a menu names a recording that is not uploaded yet",
    "the tables are brought up to date",
    "the tables are up to date",
    "number table put right",
    "counters put right",
    "a task is finished",
    "ending: no new calls are made; Ctrl-C again ends at once",
    "waiting for calls to end",
}

Make = Callable[[dict[str, Any]], Served]


def settings(lab: Lab, tmp_path: Path, **sections: Any) -> dict[str, Any]:
    plain = plain_settings(lab, f"sqlite:///{tmp_path}/uncall.db", web={"port": 0}, **sections)
    menu = {"keys": {"1": "hang up"}, "play": ["recording:missing.wav", "demo-menu"], "retries": 0}
    plain["ivr"][MENU]["step"]["main"] = menu
    plain["trunk"].append(plain["trunk"][0] | GONE)
    return plain


async def ask(url: str, model: str, **given: str) -> Any:
    params = {"model": model, **given}
    async with aiohttp.ClientSession() as web, web.get(f"{url}/http_uncall_api.php", params=params) as answer:
        told = await answer.json()
    return told["data"] if told["status"] else told["msg"]


async def figures(url: str) -> dict[str, dict[tuple[str, ...], float]]:
    """The figures by name of the sample and values of the labels."""
    async with aiohttp.ClientSession() as web, web.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def lines(service: Served) -> list[dict[str, Any]]:
    """All that the service has logged."""
    return [json.loads(line) for line in service._log_file.read_text().splitlines()]


def task_with(database: str, number: str, trunk: str, recording: str = "0") -> int:
    """A task with one number, set to run as another program does it."""
    columns = "task_name, task_type, task_trunk, task_ivr, task_status, task_call_max, task_play_file"
    return _insert(database, columns, number, trunk, recording)


def _insert(database: str, columns: str, number: str, trunk: str, recording: str) -> int:
    raise NotImplementedError
