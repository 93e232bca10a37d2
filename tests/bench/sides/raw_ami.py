"""(a) The floor: AMI's Originate from a plain socket, and a dialplan that plays and hangs up. Events are off: Python
only writes lines, and asks now and then whether all calls are over."""

import asyncio
import itertools
import re

from tests.bench.sides.place import Orders, at_rate, measured, orders

LOOK_SECONDS = 0.5


class Manager:
    """One AMI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.refused = 0
        self.current = 0  # calls, by the last CoreStatus
        self._told = asyncio.Event()

    def say(self, **fields: object) -> None:
        self._writer.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")

    async def read(self) -> None:
        while True:
            message = await self._reader.readuntil(b"\r\n\r\n")
            self.refused += b"Response: Error" in message
            found = re.search(rb"CoreCurrentCalls: (\d+)", message)
            if found:
                self.current = int(found[1])
                self._told.set()

    async def until_none_is_left(self) -> None:
        while True:
            self._told.clear()
            self.say(Action="CoreStatus")
            await self._told.wait()
            if not self.current:
                return
            await asyncio.sleep(LOOK_SECONDS)


async def main(told: Orders) -> None:
    manager = Manager(*await asyncio.open_connection("127.0.0.1", told.ami_port))
    reading = asyncio.create_task(manager.read())
    manager.say(Action="Login", Username="bench", Secret=told.password, Events="off")
    numbers = itertools.count(1)

    async def call(number: int) -> None:
        manager.say(
            Action="Originate",
            Channel=told.endpoint(number),
            Context=told.context,
            Exten="s",
            Priority=1,
            Timeout=1000 * told.timeout,
            ChannelId=f"bench-ami-{next(numbers):07d}",
            Async="true",
        )

    async def calls(count: int) -> int:
        before = manager.refused
        await at_rate(told.rate, count, call)
        await manager.until_none_is_left()
        return count - (manager.refused - before)

    await measured(told, calls)
    reading.cancel()


if __name__ == "__main__":
    asyncio.run(main(orders()))
