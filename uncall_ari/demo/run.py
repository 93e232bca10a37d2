"""`uncall demo`: bring up everything that is real, run campaigns and steer a call from outside, compare, tell."""

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from uncall_ari.demo import checks
from uncall_ari.demo.campaign import Campaign, Outcome, Plan, plan
from uncall_ari.demo.checks import Check
from uncall_ari.demo.conducts import AGENT, AGENT_HZ, RECORDING_SECONDS
from uncall_ari.demo.crm import Crm, libraries
from uncall_ari.demo.display import Display
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.evidence import deeds
from uncall_ari.demo.judge import Deed, Finding, Row, judge
from uncall_ari.demo.minute import Minute
from uncall_ari.demo.report import report, verdict
from uncall_ari.demo.scene import Scene
from uncall_ari.demo.service import service
from uncall_ari.demo.settings import FAREWELL, LANGUAGE, OFFER, write_settings
from uncall_ari.demo.tables import Tables
from uncall_ari.demo.world import RECORDING_HZ, World, lab_of, outside, seconds_of
from uncall_ari.lab import Lab
from uncall_ari.lab.phones import PhoneError
from uncall_ari.lab.ports import free_port

HOST = "127.0.0.1"
RING_SECONDS = 5  # the settings allow no less
LINE_SECONDS = 60.0  # beyond the campaign with agents, for which their phones keep what they hear


@dataclass(frozen=True, slots=True)
class Options:
    """What may be chosen. `numbers` is at least 12, so that nearly each kind of number is there; `seconds` are those of
    the campaign with agents."""

    numbers: int = 60
    seed: int = 1
    seconds: int = 60
    mariadb: bool = False
    keep: bool = False


def run(options: Options) -> bool:
    """Run the demo; return whether everything agrees. Raises LabError, DemoFailed, KeyboardInterrupt.

    The folder with the database, the settings and the service's log stays when they are worth a look.
    """
    libraries()  # told before a minute is spent on the servers
    display = Display()
    folder = Path(tempfile.mkdtemp(prefix="uncall-demo-"))
    worth_a_look = True
    try:
        agrees = _run(options, folder, display)
        worth_a_look = options.keep or not agrees
        return agrees
    except KeyboardInterrupt:
        worth_a_look = options.keep
        raise
    finally:
        if worth_a_look:
            display.say(f"The database, the settings and the service's log are in {folder}", "yellow")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _run(options: Options, folder: Path, display: Display) -> bool:
    began = time.monotonic()
    display.head("Setting up: real servers, a simulated carrier")
    with lab_of(f"demo-{os.getpid()}", mariadb=options.mariadb, keep=options.keep) as lab:
        try:
            version = lab.asterisk.cli("core show version").partition("+")[0].partition(" built")[0]
            display.say(f"          {version}: {lab.asterisk.where}; {time.monotonic() - began:.1f} s")
            return uvloop.run(_Demo(options, lab, folder, display).run())
        except PhoneError as error:
            raise DemoFailed(f"the simulated phones: {error}") from error
        finally:
            if options.keep:
                _tell_what_stays(display, lab, folder)


class _Demo:
    """One run, within a lab."""

    def __init__(self, options: Options, lab: Lab, folder: Path, display: Display) -> None:
        self._lab, self._folder, self._display = lab, folder, display
        self._options, self._plan = options, plan(options.numbers, options.seed)
        self._database = lab.mariadb.url if options.mariadb else f"sqlite:///{folder / 'uncall.db'}"

    async def run(self) -> bool:
        """Run the campaign beside carrier and service, judge it, report it; then the scene of call control, and the
        campaign with agents."""
        port = free_port()
        config = self._folder / "uncall.toml"
        write_settings(config, self._lab, database=self._database, host=HOST, port=port, ring_seconds=RING_SECONDS)
        began = time.monotonic()
        keep = LINE_SECONDS + self._options.seconds
        async with outside(self._lab, keep) as world, service(config, self._folder / "service.log") as serving:
            await serving.answers(HOST, port)
            self._tell_start(world, port, time.monotonic() - began)
            tables = Tables(self._database, self._display.request)
            try:
                async with Crm(f"http://{HOST}:{port}", self._display.request) as crm:
                    outcome = await Campaign(self._plan, crm, tables, world, self._display).run()
                    self._display.head("Comparing the database with the carrier's books")
                    findings, statements = await self._judge(outcome, tables, world)
                    report(self._display, findings, statements)
                    statements += await Scene(crm, tables, world, self._display).run()
                    chosen = self._options.seconds, self._options.seed
                    minute = Minute(*chosen, crm, tables, world, self._display)
                    statements += await minute.run()
            finally:
                tables.close()
            status = await serving.end()
        self._display.say("")
        statements.append(Check(f"the service ended well: exit status {status}", status == 0))
        self._display.check(statements[-1])
        return verdict(self._display, [*findings, *minute.numbers], statements)

    def _tell_start(self, world: World, port: int, seconds: float) -> None:
        display, carrier = self._display, world.carrier
        display.say(
            f"          carrier on {carrier.host}:{carrier.port}, extensions {', '.join(world.phones)} are registered"
        )
        display.say(f"          uncall serve on http://{HOST}:{port}, {self._database_kind()}; {seconds:.1f} s")
        display.head(f"A campaign of {len(self._plan.all_numbers)} numbers, as a CRM runs it")

    def _database_kind(self) -> str:
        return "MariaDB" if self._database.startswith("mysql") else "SQLite"

    async def _judge(self, outcome: Outcome, tables: Tables, world: World) -> tuple[list[Finding], list[Check]]:
        numbers = self._plan.all_numbers
        recorded = await tables.rows(outcome.task)
        rows = {row.number: row for row in recorded}
        counters = await tables.counters(outcome.task)
        seen = deeds(numbers, world.carrier.calls, world.agent.incoming, RECORDING_HZ, AGENT_HZ)
        findings = [_finding(number, self._plan, seen[number], rows.get(number)) for number in numbers]
        script = RECORDING_SECONDS + seconds_of(self._lab, (*OFFER, FAREWELL), LANGUAGE)
        campaign = checks.Campaign(
            counters=counters,
            listed=outcome.listed,
            call_max=self._plan.call_max,
            most_at_once=world.carrier.most_at_once(),
            started_while_paused=outcome.started_while_paused,
            script_seconds=script,
            rows=len(recorded),
            strangers=sorted(set(seen) - set(numbers)),
        )
        return findings, checks.checks(findings, campaign)


def _finding(number: str, plan: Plan, deed: Deed, row: Row | None) -> Finding:
    problems = judge(deed, row, plan.forbidden.get(number, ""), AGENT)
    return Finding(number, plan.kind(number), deed, row, problems)


def _tell_what_stays(display: Display, lab: Lab, folder: Path) -> None:
    display.head("Kept for a look")
    display.say(f'          Asterisk: uncall lab asterisk --name {lab.name} "core show channels"')
    if lab.spec.mariadb:
        statement = "SELECT * FROM outbound.o_uncall_task"
        display.say(f'          MariaDB: uncall lab sql --name {lab.name} "{statement}"')
    display.say(f"          the service again: uncall serve --config {folder / 'uncall.toml'}")
    display.say(f"          when you are done: uncall lab down {lab.name}; rm -r {folder}\n")
