"""`uncall why`: asks the running service what keeps a task, or a number of it, from being dialled now."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from uncall_ari.cli import asking
from uncall_ari.cli.asking import Service
from uncall_ari.cli.terminal import plain, speaks_chinese


class Told(msgspec.Struct, frozen=True):
    """One obstacle, as the JSON interface tells it."""

    code: str
    zh: str
    en: str
    until: str


class _Data(msgspec.Struct):
    obstacles: list[Told]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where."""

    task: str
    number: str | None
    service: Service


def run(task: str, number: str | None, config: Path | None, url: str | None, *, as_json: bool) -> bool:
    """Ask and print. Returns whether nothing is in the way. Raises NotAnswered, ConfigErrors."""
    told = asyncio.run(ask(Question(task, number, asking.service(config, url))))
    if as_json:
        print(json.dumps([msgspec.to_builtins(each) for each in told], ensure_ascii=False, indent=2))
    else:
        show(told, task, number, Console(highlight=False))
    return not told


async def ask(question: Question) -> list[Told]:
    """The obstacles, the most basic first. Raises NotAnswered."""
    form = {"model": "whyNot", "id": question.task} | ({"number": question.number} if question.number else {})
    remedies = {
        "id is error": f"{plain(question.task)!r} is no task: write 494 or o_task_run_494",
        "number is error": "a number has up to 32 characters",
    }
    data = await asking.ask(question.service, form, remedies)
    try:
        return msgspec.convert(data, _Data).obstacles
    except msgspec.ValidationError:
        raise asking.no_service(question.service.url) from None


def show(told: list[Told], task: str, number: str | None, console: Console) -> None:
    """Print the answer for people, in Chinese where the environment speaks it."""
    chinese = speaks_chinese()
    task_id = plain(task.lower().removeprefix("o_task_run_"))
    if chinese:
        about = f"任务 {task_id}" + (f" 的号码 {plain(number)}" if number else "")
        head = f"{about} 当前未外呼，原因 {len(told)} 个：" if told else f"{about}：没有障碍，正在外呼或即将外呼"
    else:
        about = (f"number {plain(number)} of " if number else "") + f"task {task_id}"
        reasons = "1 reason" if len(told) == 1 else f"{len(told)} reasons"
        head = f"{about} is not dialled now, for {reasons}:" if told else f"{about}: nothing is in its way"
    console.print(Text(head, style="bold"), soft_wrap=True)
    width = max((len(each.code) for each in told), default=0)
    for each in told:
        line = Text("  ").append(plain(each.code).ljust(width), style="yellow")
        console.print(line.append("  " + plain(each.zh if chinese else each.en)), soft_wrap=True)
