"""The `uncall lab` commands: up, down, status, asterisk, sql."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from .errors import LabError
from .lab import Lab
from .root import build, default_place
from .spec import LabSpec, Ports, TrunkSpec

lab = typer.Typer(
    name="lab",
    help="Real servers without Docker: Asterisk and MariaDB for trying things out.",
    no_args_is_help=True,
)
out, errors = Console(), Console(stderr=True)

Name = Annotated[str, typer.Argument(help="The lab's name; several may be up at once.")]
Rootfs = Annotated[
    Path | None,
    typer.Option(help="The root file system; default: where docker/rootfs builds it.", show_default=False),
]


@lab.command()
def up(
    name: Name = "lab",
    *,
    trunk: Annotated[
        list[str] | None, typer.Option(help="NAME:PORT of a carrier on loopback; may be given often.")
    ] = None,
    extension: Annotated[
        list[str] | None, typer.Option(help="NUMBER:SECRET of an extension; may be given often.")
    ] = None,
    asterisk: Annotated[bool, typer.Option(help="With Asterisk.")] = True,
    mariadb: Annotated[bool, typer.Option(help="With MariaDB.")] = True,
    base_port: Annotated[
        int, typer.Option(help="HTTP, AMI, SIP and MariaDB get this port and the next three; 0: free ones.")
    ] = 0,
    http_port: Annotated[int, typer.Option(help="ARI's port.")] = 0,
    ami_port: Annotated[int, typer.Option(help="AMI's port.")] = 0,
    sip_port: Annotated[int, typer.Option(help="SIP's port (UDP).")] = 0,
    mariadb_port: Annotated[int, typer.Option(help="MariaDB's port.")] = 0,
    rtp_port: Annotated[int, typer.Option(help="The first of 4000 ports for audio (UDP).")] = 0,
    rootfs: Rootfs = None,
) -> None:
    """Start a lab, and leave it running. The first time, its root file system is built (a minute)."""
    base = Ports.based_on(base_port) if base_port else Ports()
    try:
        spec = LabSpec(
            name=name,
            trunks=tuple(_trunk(text) for text in trunk or ["carrier:5080"]),
            extensions=tuple(_extension(text) for text in extension or ["801:801", "802:802", "803:803"]),
            asterisk=asterisk,
            mariadb=mariadb,
            ports=Ports(
                http=http_port or base.http,
                ami=ami_port or base.ami,
                sip=sip_port or base.sip,
                mariadb=mariadb_port or base.mariadb,
                rtp=rtp_port,
            ),
            rootfs=rootfs,
            keep=True,
        )
        build(rootfs or default_place())
        with errors.status(f"Starting lab {name} …"):
            made = Lab.up(spec)
    except (LabError, ValueError) as error:
        _fail(error)
    out.print(_table([made]))
    out.print("\n[dim]For uncall.toml:[/dim]")
    out.print(settings(made), highlight=False, markup=False)


@lab.command()
def down(
    name: Name = "lab",
    *,
    all_labs: Annotated[
        bool, typer.Option("--all", help="Every lab that no program holds, as tests hold theirs.")
    ] = False,
    rootfs: Rootfs = None,
) -> None:
    """End a lab's servers and remove what they wrote."""
    try:
        free = [each for each in Lab.all(rootfs) if not each.owner]
        labs = free if all_labs else [Lab.load(name, rootfs)]
        for each in labs:
            each.down()
            out.print(f"lab {each.name} is down")
    except LabError as error:
        _fail(error)


@lab.command()
def status(*, rootfs: Rootfs = None) -> None:
    """Show the labs and their servers. Exit code 1 when one of them does not answer."""
    try:
        labs = Lab.all(rootfs)
    except LabError as error:
        _fail(error)
    if not labs:
        out.print("no lab is up; `uncall lab up` starts one")
        return
    out.print(_table(labs))
    if not all(all(each.status().values()) for each in labs):
        raise typer.Exit(1)


@lab.command(context_settings={"ignore_unknown_options": True})
def asterisk(
    command: Annotated[list[str], typer.Argument(help="e.g. core show channels")],
    *,
    name: Annotated[str, typer.Option(help="The lab's name.")] = "lab",
    rootfs: Rootfs = None,
) -> None:
    """Give a command to a lab's Asterisk, as on its console."""
    try:
        typer.echo(Lab.load(name, rootfs).asterisk.cli(" ".join(command)), nl=False)
    except LabError as error:
        _fail(error)


@lab.command()
def sql(
    statements: Annotated[str, typer.Argument(help='e.g. "SELECT * FROM outbound.o_uncall_task"')],
    *,
    name: Annotated[str, typer.Option(help="The lab's name.")] = "lab",
    rootfs: Rootfs = None,
) -> None:
    """Give SQL statements to a lab's MariaDB."""
    try:
        typer.echo(Lab.load(name, rootfs).mariadb.sql(statements), nl=False)
    except LabError as error:
        _fail(error)


def settings(made: Lab) -> str:
    """The part of uncall.toml that makes an engine use this lab."""
    lines: list[str] = []
    if made.spec.asterisk:
        server = made.asterisk
        lines += ["[asterisk]", f'url = "{server.url}"', f'user = "{server.user}"']
        lines += [f'password = "{server.password}"']
    if made.spec.mariadb:
        lines += ["[database]", f'url = "{made.mariadb.url}"']
    lines += ["[media]", f'recordings = "{made.recordings}"', f'sounds = "{made.sounds}"']
    return "\n".join(lines)


def _table(labs: list[Lab]) -> Table:
    table = Table("lab", "server", "state", "pid", "where", "until")
    for each in labs:
        answers = each.status()
        until = f"program {each.owner.pid} ends" if each.owner else f"uncall lab down {each.name}"
        for name, server in each.servers.items():
            process = server.process
            state = "[green]up[/green]" if answers[name] else "[yellow]no answer[/yellow]"
            if not process:
                state = "[red]down[/red]"
            pid = str(process.pid) if process else ""
            table.add_row(each.name, server.title, state, pid, server.where, until)
        table.add_section()
    return table


def _trunk(text: str) -> TrunkSpec:
    name, _, port = text.partition(":")
    if not port.isdecimal():
        raise ValueError(f"--trunk {text}: NAME:PORT is wanted, e.g. carrier:5080")
    return TrunkSpec(name, port=int(port))


def _extension(text: str) -> tuple[str, str]:
    number, colon, secret = text.partition(":")
    if not colon:
        raise ValueError(f"--extension {text}: NUMBER:SECRET is wanted, e.g. 801:secret")
    return number, secret


def _fail(error: Exception) -> NoReturn:
    errors.print(str(error), style="red", highlight=False, markup=False)
    raise typer.Exit(1)
