"""What `uncall lab serve` prints at its start: where everything is, what the numbers do, and what to try."""

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from uncall_ari.config import Settings
from uncall_ari.demo.conducts import AGENT, AGENTS, COLLEAGUE, CONDUCTS, SUPERVISOR
from uncall_ari.demo.settings import ALLOWED, MENU, QUEUE, TRUNK
from uncall_ari.lab import Lab
from uncall_ari.share import shared

_TRY = """\
python - <<'END'
import zeep
uncall = zeep.Client("{base}/uncall_api/index.php?wsdl").service
task = uncall.addIvrTask("801", "try", "{trunk}", "{menu}", "5", "0", "00:00", "24:00", "")
print(task)
print(uncall.addPhoneToTask("o_task_run_1", "13800138001,13800138002,13800138008,13800138009"))
print(uncall.updateTask("1", "run", "", ""))
print(uncall.getAllTask("1"))
END
curl -F file=@{sound} {base}/uncall_api/recording_files.php
"""


def welcome(lab: Lab, settings: Settings, port: int, folder: Path) -> None:
    """Print it."""
    console = Console(highlight=False)
    base = f"http://{settings.web.host}:{port}"
    console.print(Text(f"uncall on a lab: {base}\n", style="bold green"))
    for name, value in _places(lab, settings, base, folder).items():
        console.print(Text(f"  {name:<23}", style="bold").append(value, "not bold"), soft_wrap=True)
    console.print()
    console.print(_numbers())
    console.print()
    console.print(Text("Try, in another terminal:\n", style="bold"))
    sound = shared("sounds") / "zh" / "demo-offer.wav"
    for line in _TRY.format(base=base, trunk=TRUNK, menu=MENU, sound=sound).splitlines():
        console.print(Text(f"  {line}"), soft_wrap=True)
    console.print(Text("\nCtrl-C ends it. What the service does follows.\n", style="bold"))


def _places(lab: Lab, settings: Settings, base: str, folder: Path) -> dict[str, str]:
    """Where everything is: lines, not a table with a frame, so that a terminal's selection takes a whole URL."""
    menus = ", ".join(f"{value} ({menu.description})" for value, menu in settings.ivr.items())
    return {
        "WSDL": f"{base}/uncall_api/index.php?wsdl",
        "upload page": f"{base}/uncall_api/upfiles.html",
        "agents' page": f"{base}/uncall_api/agents.html",
        "task_out_line": f"{TRUNK} (a simulated carrier)",
        "incoming_ivr_values": menus,
        "incoming_queue_values": f"{QUEUE} (agents {AGENTS[0]} to {AGENTS[-1]}, whose phones are like {AGENT}'s)",
        f"extension {AGENT}": "a simulated phone: answers, talks 3 s, hangs up",
        f"extensions {COLLEAGUE}, {SUPERVISOR}": "the same, but they stay until the other side hangs up",
        "database (SQLite)": str(folder / "uncall.db"),
        "settings": str(folder / "uncall.toml"),
        "Asterisk": f'uncall lab asterisk --name {lab.name} "core show channels"',
    }


def _numbers() -> Table:
    table = Table(box=box.ROUNDED, title=f"Numbers {ALLOWED}", title_justify="left", caption="all others are refused")
    table.add_column("ending in", justify="right")
    table.add_column("a number that …")
    for conduct in sorted(CONDUCTS, key=lambda each: (len(each.ending), each.ending)):
        table.add_row(conduct.ending, conduct.says)
    return table
