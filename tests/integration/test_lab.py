"""The lab itself: servers come up clean, are alone with their ports, survive faults, leave nothing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiomysql
import pytest

from uncall_ari.lab import Lab, LabError, LabSpec, Ports, wait_until
from uncall_ari.lab.mariadb import MariaDB

MakeLab = Callable[..., Lab]


def test_ari_wants_the_right_password(lab: Lab) -> None:
    assert lab.asterisk.ari_status(lab.asterisk.user, "wrong") == 401
    assert lab.asterisk.ari_status(lab.asterisk.user, lab.asterisk.password) == 200


def test_every_listed_module_runs(lab: Lab) -> None:
    listed = {
        line.partition("=")[2].strip()
        for line in (lab.asterisk.folder / "etc" / "modules.conf").read_text().splitlines()
        if line.startswith("load =")
    }
    shown = [line.split() for line in lab.asterisk.cli("module show").splitlines()]
    running = {words[0] for words in shown if words and "Running" in words and "Not" not in words}
    assert len(listed) > 40
    assert listed - running == set()


def test_a_start_logs_no_warning(fresh_lab: MakeLab) -> None:
    log = fresh_lab().asterisk.log_tail(lines=500)
    assert "modules will be loaded" in log  # it is the log of a start
    assert [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line] == []


def test_asterisk_is_not_root(lab: Lab) -> None:
    process = lab.asterisk.process
    assert process
    assert Path(f"/proc/{process.pid}").stat().st_uid != 0


def test_two_labs_side_by_side(fresh_lab: MakeLab) -> None:
    first, second = fresh_lab(), fresh_lab()
    assert first.asterisk.url != second.asterisk.url
    assert first.asterisk.password != second.asterisk.password
    for lab in (first, second):
        assert lab.asterisk.ari_status(lab.asterisk.user, lab.asterisk.password) == 200
    assert second.asterisk.ari_status("uncall", first.asterisk.password) == 401
    first.asterisk.kill()
    assert second.status() == {"asterisk": True}


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_an_asterisk_that_ended_starts_again(fresh_lab: MakeLab, end: str) -> None:
    server = fresh_lab().asterisk
    before = server.process
    getattr(server, end)()
    assert server.process is None
    assert server.ari_status(server.user, server.password) == 0
    with pytest.raises(LabError, match="failed"):
        server.cli("core show version")

    server.start()

    assert server.ready()
    assert server.process != before


def test_an_asterisk_that_crashed_by_itself_starts_again(fresh_lab: MakeLab) -> None:
    server = fresh_lab().asterisk
    process = server.process
    assert process
    os.kill(process.pid, 9)
    wait_until(lambda: server.process is None, "the killed Asterisk to be seen as gone")
    server.start()
    assert server.ready()


def test_what_is_committed_survives_a_killed_mariadb(fresh_lab: MakeLab) -> None:
    server = fresh_lab(asterisk=False, mariadb=True).mariadb
    server.sql("CREATE TABLE outbound.t (a INT); INSERT INTO outbound.t VALUES (42)")
    server.kill()
    assert not server.ready()
    server.start()
    assert server.sql("SELECT a FROM outbound.t").strip() == "42"


@pytest.mark.parametrize("port", ["http", "ami", "sip", "mariadb"])
def test_a_port_in_use_is_named_and_nothing_is_left(fresh_lab: MakeLab, port: str) -> None:
    lab = fresh_lab(mariadb=True)
    taken = getattr(lab.spec.ports, port)
    name = f"{lab.name}-second"
    with pytest.raises(LabError, match=rf"port {taken} \({port}\) is in use"):
        fresh_lab(name=name, mariadb=True, ports=Ports(**{port: taken}))
    assert not (lab.root.labs / name).exists()


def test_a_port_that_was_taken_while_it_was_away_is_named(fresh_lab: MakeLab) -> None:
    first, second = fresh_lab(), fresh_lab()
    port = first.spec.ports.ami
    first.asterisk.stop()
    second.asterisk.stop()
    manager = second.asterisk.folder / "etc" / "manager.conf"
    manager.write_text(manager.read_text().replace(str(second.spec.ports.ami), str(port)))
    second.asterisk.start()
    with pytest.raises(LabError, match=rf"port {port} \(ami\) is in use"):
        first.asterisk.start()


def test_an_asterisk_that_cannot_start_says_why(fresh_lab: MakeLab) -> None:
    server = fresh_lab().asterisk
    server.stop()
    (server.folder / "etc" / "modules.conf").write_text("[modules]\nrequire = no_such_module.so\n")
    with pytest.raises(LabError, match="Asterisk has ended at its start") as raised:
        server.start()
    assert "no_such_module" in raised.value.log
    assert server.process is None


def test_a_name_can_be_up_only_once(fresh_lab: MakeLab) -> None:
    lab = fresh_lab()
    with pytest.raises(LabError, match=f"lab {lab.name} is up already"):
        Lab.up(lab.spec)
    assert lab.status() == {"asterisk": True}


def test_another_program_finds_it_and_takes_it_down(fresh_lab: MakeLab) -> None:
    lab = fresh_lab(mariadb=True)
    processes = [server.process for server in lab.servers.values()]

    found = Lab.load(lab.name)
    assert found.asterisk.password == lab.asterisk.password
    assert found.mariadb.url == lab.mariadb.url
    assert found.status() == {"asterisk": True, "mariadb": True}
    assert lab.name in [each.name for each in Lab.all()]
    found.down()

    assert [process for process in processes if process is None or process.alive()] == []
    assert not lab.folder.exists()
    with pytest.raises(LabError, match=f"there is no lab {lab.name}"):
        Lab.load(lab.name)


def test_there_is_no_lab_outside_the_labs() -> None:
    with pytest.raises(LabError, match="there is no lab"):
        Lab.load("../../etc")


def test_down_leaves_nothing(fresh_lab: MakeLab) -> None:
    lab = fresh_lab(mariadb=True)
    processes = [server.process for server in lab.servers.values()]
    assert None not in processes
    lab.down()
    lab.down()
    assert [process for process in processes if process and process.alive()] == []
    assert not lab.folder.exists()


PROGRAM = """
import sys, time
from uncall_ari.lab import Lab, LabSpec
lab = Lab.up(LabSpec(name=sys.argv[1], mariadb=True))
print(lab.name, flush=True)
time.sleep(60)
"""


def test_a_killed_program_leaves_no_server_and_the_next_lab_sweeps(fresh_lab: MakeLab) -> None:
    argv = [sys.executable, "-c", PROGRAM, f"killed-{os.getpid()}"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment, text=True) as program:
        assert program.stdout
        lab = Lab.load(program.stdout.readline().strip())
        processes = [server.process for server in lab.servers.values()]
        program.kill()
    assert None not in processes
    assert [process for process in processes if process and not process.wait(5.0)] == []

    fresh_lab()

    assert not lab.folder.exists()


def test_paths_mean_the_same_inside_and_outside(lab: Lab) -> None:
    file = lab.recordings / "same.txt"
    file.write_text("the same file\n")
    assert lab.root.run("asterisk", "cat", str(file)) == "the same file\n"
    file.unlink()


async def test_the_contracts_account_works_with_aiomysql(mariadb: MariaDB) -> None:
    connection = await aiomysql.connect(
        host="127.0.0.1", port=mariadb.port, user="unacall_api", password=mariadb.password, db="outbound"
    )
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT DATABASE(), @@character_set_database")
        assert await cursor.fetchone() == ("outbound", "utf8mb4")
        with pytest.raises(aiomysql.OperationalError):  # access denied
            await cursor.execute("SELECT * FROM mysql.user")
    connection.close()


def test_without_a_root_file_system_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"there is no root file system at .*\n.*docker/rootfs"):
        Lab.up(LabSpec(rootfs=tmp_path))
