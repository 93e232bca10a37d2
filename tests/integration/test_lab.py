"""The lab itself: servers come up, are alone with their ports, survive faults and leave nothing."""

from collections.abc import Callable

import aiomysql

from uncall_ari.lab import Lab


def test_ari_wants_the_right_password(lab: Lab) -> None:
    assert lab.asterisk.ari_status(lab.asterisk.user, "wrong") == 401
    assert lab.asterisk.ari_status(lab.asterisk.user, lab.asterisk.password) == 200


async def test_mariadb_takes_the_contracts_account(fresh_lab: Callable[..., Lab]) -> None:
    server = fresh_lab(asterisk=False, mariadb=True).mariadb
    connection = await aiomysql.connect(
        host="127.0.0.1", port=server.port, user="unacall_api", password=server.password, db="outbound"
    )
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT DATABASE(), @@character_set_database")
        assert await cursor.fetchone() == ("outbound", "utf8mb4")
    connection.close()
