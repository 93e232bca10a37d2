"""The commands. Each imports what it needs when it is called, so that `uncall --help` is quick."""

import enum
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from uncall_ari import __version__
from uncall_ari.cli.mistakes import telling_mistakes
from uncall_ari.lab.cli import lab

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A call-centre engine on Asterisk ARI that speaks the Uncall 3.0 web service.",
)
app.add_typer(lab)


class DemoDatabase(enum.StrEnum):
    """The databases that a demonstration can run on."""

    SQLITE = "sqlite"
    MARIADB = "mariadb"


DAY = ["%Y-%m-%d"]
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="The settings. Default: ./uncall.toml")]
Host = Annotated[str | None, typer.Option(help="Listen on this address instead of web.host.")]
Port = Annotated[int | None, typer.Option(help="Listen on this port instead of web.port.")]


@app.command()
def serve(config: ConfigFile = None, host: Host = None, port: Port = None) -> None:
    """Run the engine and the web service until Ctrl-C. SIGHUP reads the settings again."""
    from uncall_ari.cli import serving
    from uncall_ari.config import load_settings

    web = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    with telling_mistakes():
        serving.run(lambda: load_settings(config, {"web": web} if web else {}))


@app.command()
def demo(
    *,
    numbers: Annotated[int, typer.Option(min=12, max=300, help="Numbers to call.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed makes the same numbers.")] = 1,
    seconds: Annotated[int, typer.Option(min=10, max=60, help="Seconds of the campaign with agents.")] = 60,
    database: Annotated[DemoDatabase, typer.Option(help="Where the service keeps its tables.")] = DemoDatabase.SQLITE,
    keep: Annotated[bool, typer.Option("--keep", help="Leave Asterisk and the database for a look.")] = False,
) -> None:
    """Run a whole campaign on a real Asterisk and check each outcome. Exit status 1 when one of them is wrong."""
    from uncall_ari.demo.run import Options, run

    with telling_mistakes():
        agrees = run(Options(numbers, seed, seconds, mariadb=database is DemoDatabase.MARIADB, keep=keep))
    raise typer.Exit(0 if agrees else 1)


@lab.command("serve")
def lab_serve(
    host: Annotated[str, typer.Option(help="Listen on this address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Listen on this port.")] = 8080,
    data: Annotated[
        Path | None, typer.Option(help="Folder of database and recordings, kept. Default: a fresh one each time.")
    ] = None,
) -> None:
    """Run the web service on a lab with a simulated carrier, to try clients on, until Ctrl-C."""
    from uncall_ari.cli.serving import service
    from uncall_ari.demo.served import Options, run

    with telling_mistakes():
        run(Options(host, port, data), service)


@lab.command("carrier")
def lab_carrier(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Take calls on this port.")] = 5080,
    sip_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Asterisk's SIP.")] = 5060,
    extensions: Annotated[
        Path | None, typer.Option(help="File with NUMBER:SECRET a line: phones that register. Default: none")
    ] = None,
) -> None:
    """Run the simulated carrier, and phones, beside an Asterisk on this host, until Ctrl-C. Loopback only."""
    from uncall_ari.cli import carrying

    with telling_mistakes():
        carrying.run(carrying.Options(port, sip_port, extensions))


@app.command()
def report(
    config: ConfigFile = None,
    *,
    task: Annotated[int | None, typer.Option(min=1, max=2**31 - 1, help="Only this task.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="The first day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="The last day. Default: today")] = None,
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How it is written.")] = "table",
    output: Annotated[Path | None, typer.Option(help="Write into this file.")] = None,
) -> None:
    """Count the calls of each task and day, and those that no agent got: by default of the last 30 days."""
    from uncall_ari.cli import reporting
    from uncall_ari.config import load_settings

    first, last = since and since.date(), until and until.date()
    with telling_mistakes():
        reporting.run(load_settings(config), reporting.Order(task, first, last, reporting.Format(form), output))


@app.command()
def migrate(
    config: ConfigFile = None,
    *,
    sql: Annotated[bool, typer.Option("--sql", help="Only show the statements; nothing is changed.")] = False,
) -> None:
    """Bring the database's tables up to date, as `uncall serve` does at its start."""
    from uncall_ari.cli import migrating
    from uncall_ari.config import load_settings

    with telling_mistakes():
        migrating.run(load_settings(config), only_show=sql)


Url = Annotated[str | None, typer.Option(help="Where the service runs, instead of web.host and web.port.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Again every 2 seconds, until Ctrl-C.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON; with --watch one line each time.")]


@app.command()
def calls(config: ConfigFile = None, *, url: Url = None, watch: Watch = False, as_json: AsJson = False) -> None:
    """Show the calls that go on in the running service: who, since when, in which state. Exit status 2 when there is no
    answer."""
    from uncall_ari.cli import live

    with telling_mistakes(status=2):
        live.calls(config, url, live.How(watch, as_json))


@app.command()
def tasks(
    config: ConfigFile = None,
    *,
    url: Url = None,
    watch: Watch = False,
    as_json: AsJson = False,
    finished: Annotated[bool, typer.Option("--finished", help="Finished tasks, too.")] = False,
) -> None:
    """Show how far the tasks of the running service are, and what is in their way. Exit status 2 when there is no
    answer."""
    from uncall_ari.cli import live

    with telling_mistakes(status=2):
        live.tasks(config, url, live.How(watch, as_json), finished=finished)


@app.command()
def why(
    task: Annotated[str, typer.Argument(help="The task: 494 or o_task_run_494.")],
    number: Annotated[str | None, typer.Argument(help="A number of it. Left out: the task as a whole.")] = None,
    config: ConfigFile = None,
    *,
    url: Annotated[str | None, typer.Option(help="Where the service runs, instead of web.host and web.port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Ask the running service why a task, or a number of it, is not dialled now. Exit status 1 when something is in its
    way, 2 when there is no answer."""
    from uncall_ari.cli import why as asking

    with telling_mistakes(status=2):
        dialled = asking.run(task, number, config, url, as_json=as_json)
    raise typer.Exit(0 if dialled else 1)


@app.command()
def check(
    config: ConfigFile = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Look at settings, Asterisk, database and machine, and say what is wrong and what helps. Changes nothing. Exit
    status 1 with warnings, 2 with errors."""
    from uncall_ari.cli import checking

    raise typer.Exit(checking.run(config, as_json=as_json))


@app.command()
def simulate(
    *,
    agents: Annotated[str, typer.Option(help="Sizes of teams, with commas.")] = "5,10,30,100,200",
    scenario: Annotated[str, typer.Option(help="Kinds of days, with commas, or all.")] = "steady",
    rule: Annotated[str, typer.Option(help="Rules of pacing, with commas, or all.")] = "all",
    hours: Annotated[float, typer.Option(min=0.1, max=24.0, help="Length of a day.")] = 10.0,
    days: Annotated[int, typer.Option(min=1, max=1000, help="Days for each rule.")] = 1,
    ceiling: Annotated[float, typer.Option(min=0.1, max=100.0, help="The abandon ceiling, in percent.")] = 3.0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same days.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures into this file.")] = None,
    plot_file: Annotated[Path | None, typer.Option("--plot", help="Draw them: .png, .svg or .pdf.")] = None,
) -> None:
    """Compare rules of pacing on simulated days: talk time, abandoned calls and waits."""
    from uncall_ari.cli import simulating

    with telling_mistakes():
        wanted = simulating.options(agents, scenario, rule, hours, days, ceiling, seed)
        simulating.run(wanted, json_file, plot_file)


@app.command()
def dialplan(
    config: ConfigFile = None,
    *,
    kind: Annotated[Literal["asterisk", "freepbx"], typer.Option("--for", help="Whose files they are.")] = "asterisk",
    part: Annotated[
        Literal["extensions", "ari", "manager", "http", "pjsip", "stasis", "modules", "all"],
        typer.Option(help="Only this one."),
    ] = "all",
    with_passwords: Annotated[bool, typer.Option("--with-passwords", help="Show them, instead of a comment.")] = False,
    engine: Annotated[str, typer.Option(help="The engine's address as Asterisk sees it. Default: the same host")] = "",
    trunk_back: Annotated[str, typer.Option(help="Context for calls from trunks that no engine takes.")] = "",
    phone_back: Annotated[str, typer.Option(help="The same for calls that phones dial.")] = "",
) -> None:
    """Print what to add to the files of an Asterisk that is there already, with the reasons."""
    from uncall_ari.cli import dialplan as printing
    from uncall_ari.config import load_settings

    order = printing.Order(kind, part, with_passwords, engine, trunk_back, phone_back)
    with telling_mistakes():
        printing.run(load_settings(config), order)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    app()
