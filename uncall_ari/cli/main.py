"""The commands. Each imports what it needs when it is called, so that `uncall --help` is quick."""

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
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line."""
    app()
