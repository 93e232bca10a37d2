"""Our ARI client alone: the same flow on `Leg`, without dialler and database, to see what those two cost."""

import uvloop

from tests.bench.sides.place import Orders, at_rate, measured, orders
from uncall_ari.ari import Ari, HungUp, IdMaker
from uncall_ari.logs import log_to_stderr

APP = "bench-client"


async def main(told: Orders) -> None:
    ids = IdMaker(1)
    async with Ari(told.url, told.user, told.password, APP) as ari:
        await ari.connection.wait_up(10)
        ended: list[str] = []

        async def call(number: int) -> None:
            leg = ari.leg(ids.new())
            await ari.originate(leg, told.endpoint(number), seconds=told.timeout)
            try:
                async with leg:
                    await leg.answered(told.timeout + 5)
                    await leg.play(told.media)
            except HungUp:
                return
            ended.append(leg.id)

        async def calls(count: int) -> int:
            ended.clear()
            await at_rate(told.rate, count, call)
            return len(ended)

        await measured(told, calls)


if __name__ == "__main__":
    log_to_stderr("warning")
    uvloop.run(main(orders()))
