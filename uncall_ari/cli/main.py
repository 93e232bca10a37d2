"""The commands. Each imports what it needs when it is called, so that `uncall --help` is quick."""

import enum
from pathlib import Path
from typing import Annotated

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
    database: Annotated[DemoDatabase, typer.Option(help="Where the service keeps its tables.")] = DemoDatabase.SQLITE,
    keep: Annotated[bool, typer.Option("--keep", help="Leave Asterisk and the database for a look.")] = False,
) -> None:
    """Run a whole campaign on a real Asterisk and check each outcome. Exit status 1 when one of them is wrong."""
    from uncall_ari.demo.run import Options, run

    with telling_mistakes():
        agrees = run(Options(numbers, seed, mariadb=database is DemoDatabase.MARIADB, keep=keep))
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


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    app()
