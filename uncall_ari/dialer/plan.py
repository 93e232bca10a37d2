"""What a task's row means for dialling: a plan that can be carried out, or the reason why not. Pure.

Third parties write the rows (contract section 5), so nothing in one is taken for granted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

from uncall_ari.config import Settings, Trunk
from uncall_ari.dialer.numbers import caller_id
from uncall_ari.dialer.window import is_open, parse_time
from uncall_ari.media.library import NoSuchRecording
from uncall_ari.pacing import Mode
from uncall_ari.store.records import Task

DAY_START, DAY_END = "09:00", "18:00"  # contract section 3: where a row says nothing
MENU, QUEUE, CLICK = "ivr", "queue", "click"  # task_type (contract section 5)
MOST_OVERRIDE = 999_999  # what the web methods take
NONE = ("", "0")  # how a row says that it has no recording


@dataclass(frozen=True, slots=True)
class Plan:
    """A running task whose row is usable."""

    task_id: int
    trunk: Trunk
    menu: str  # "" for a task of agents
    queue: str  # of agents; "" for a task of menus
    call_max: int
    caller_id: str  # "" where neither the task nor its trunk has one
    recording: str  # media URI of the uploaded file, "" for none
    day_start: time
    day_end: time
    mode: Mode = Mode.PLAIN
    override: float = 1.0  # calls per free agent
    ceiling: float = 0.0  # highest share of abandoned calls, 0 to 1; 0: the row sets none

    @property
    def by_agents(self) -> bool:
        """Whether nothing is dialled by itself: agents look at the numbers and ask for their calls."""
        return not self.menu and not self.queue

    def open_at(self, now_local: datetime) -> bool:
        """Whether the task's daily window is open."""
        return is_open(self.day_start, self.day_end, now_local)


class UnusableTask(ValueError):
    """A row that cannot be dialled; the message names the column, what is wrong and what would be right."""


def plan(task: Task, settings: Settings, sound: Callable[[str], str]) -> Plan:
    """Return what `task` means. Raises UnusableTask. `sound` gives the media URI of an uploaded recording, or raises
    NoSuchRecording."""
    if task.type not in (MENU, QUEUE, CLICK):
        raise UnusableTask(f"task_type {task.type!r} is none of {MENU}, {QUEUE} and {CLICK}")
    trunk = settings.find_trunk(task.trunk)
    if trunk is None:
        raise UnusableTask(f"task_out_line {task.trunk!r} is no trunk of uncall.toml")
    if task.type == MENU and task.target not in settings.ivr:
        raise UnusableTask(f"task_queue {task.target!r} is no IVR of uncall.toml")
    if task.type == QUEUE:
        _require_queue(task, settings)
    if task.call_max < 1:
        raise UnusableTask(f"call_max is {task.call_max}: at least 1 call at once is needed")
    shown = caller_id(task.caller_id)
    if shown is None:
        raise UnusableTask(f"task_callerid {task.caller_id!r} is no number: digits only, or 0 for none")
    return Plan(
        task_id=task.id,
        trunk=trunk,
        menu=task.target if task.type == MENU else "",
        queue=task.target if task.type == QUEUE else "",
        call_max=task.call_max,
        caller_id=shown or trunk.caller_id,
        recording=_recording(task.recording, sound),
        day_start=_time("task_day_start", task.day_start or DAY_START, as_end=False),
        day_end=_time("task_day_end", task.day_end or DAY_END, as_end=True),
        mode=_mode(task.control),
        override=_override(task.override),
        ceiling=_ceiling(task.loss_ceiling),
    )


def _require_queue(task: Task, settings: Settings) -> None:
    queue = settings.queue.get(task.target)
    if queue is None:
        raise UnusableTask(f"task_queue {task.target!r} is no queue of uncall.toml")
    if not queue.members:
        raise UnusableTask(f"queue {task.target!r} has no members in uncall.toml")


def _mode(text: str) -> Mode:
    try:
        return Mode(text.strip().lower() or Mode.PLAIN)
    except ValueError:
        raise UnusableTask(f"task_cortrol_type {text!r} is none of g, i and ai") from None


def _override(number: float) -> float:
    if not 0 < number <= MOST_OVERRIDE:
        raise UnusableTask(f"task_override is {number}: above 0 to {MOST_OVERRIDE} calls per free agent are possible")
    return number


def _ceiling(text: str) -> float:
    """A share from what people write as per cent: `3`, `3.5`, `3%`; 0 or nothing: none."""
    try:
        percent = float(text.strip().removesuffix("%").strip() or "0")
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise UnusableTask(f"task_loss_ceiling {text!r} is no number of per cent: write 3 for 3 %")
    return percent / 100


def _recording(name: str, sound: Callable[[str], str]) -> str:
    try:
        return "" if name in NONE else sound(name)
    except NoSuchRecording:
        raise UnusableTask(f"recording_files {name!r} is not among the uploaded recordings") from None


def _time(column: str, text: str, *, as_end: bool) -> time:
    try:
        return parse_time(text, as_end=as_end)
    except ValueError as error:
        raise UnusableTask(f"{column} {text!r} {error}") from None
