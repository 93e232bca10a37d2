"""How fast ours reacts: from an event's timestamp, which is Asterisk's, and from our reading of it, to the moment when
the request that answers it has been written to the socket. A campaign as in `campaign`, watched at aiohttp's edge."""

import re
import time

import aiohttp
import uvloop

from tests.bench.sides import campaign
from tests.bench.sides.place import orders
from tests.bench.spread import percentile
from uncall_ari.logs import log_to_stderr

# A start is answered by a playback, its end by the hang-up.
_event = re.compile(
    r'"type":"StasisStart".*?"channel":\{"id":"(?P<started>[^"]+)"'
    r'|"type":"PlaybackFinished".*?"target_uri":"channel:(?P<played>[^"]+)"',
    re.DOTALL,
)
_stamp = re.compile(r'"timestamp":"[^"]*:(\d\d\.\d{3})')
_request = re.compile(r'"uri":"channels/([^/"]+)')


class Reactions:
    """Watches one socket. All in milliseconds."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[float, float]] = {}
        self.from_stamp: list[float] = []
        self.from_reading: list[float] = []

    def heard(self, text: str) -> None:
        """A message was read."""
        event, stamp = _event.search(text), _stamp.search(text)
        if event and stamp:
            now = time.time()
            behind = (now - float(stamp[1])) % 60.0  # the second within the minute is enough
            self._asked[event["started"] or event["played"]] = (now - behind, now)

    def said(self, text: str) -> None:
        """A message was written."""
        request = _request.search(text)
        stamps = self._asked.pop(request[1], None) if request else None
        if stamps:
            now = time.time()
            self.from_stamp.append(1000 * (now - stamps[0]))
            self.from_reading.append(1000 * (now - stamps[1]))

    def begin(self) -> None:
        """Forget what was before."""
        self.from_stamp.clear()
        self.from_reading.clear()

    def figures(self) -> dict[str, float]:
        """What was seen since."""
        return {
            "reactions": len(self.from_stamp),
            **{f"stamp_p{part}": percentile(self.from_stamp, part) for part in (50, 99, 100)},
            **{f"reading_p{part}": percentile(self.from_reading, part) for part in (50, 99, 100)},
        }


def watch(reactions: Reactions) -> None:
    """Watch all sockets of this process; there is one."""
    socket = aiohttp.ClientWebSocketResponse
    receive, send = socket.receive, socket.send_str

    async def heard(self: aiohttp.ClientWebSocketResponse, timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109
        message = await receive(self, timeout)
        if message.type is aiohttp.WSMsgType.TEXT:
            reactions.heard(message.data)
        return message

    async def said(self: aiohttp.ClientWebSocketResponse, data: str, compress: int | None = None) -> None:
        await send(self, data, compress)
        reactions.said(data)

    socket.receive, socket.send_str = heard, said  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    log_to_stderr("warning")
    seen = Reactions()
    watch(seen)
    uvloop.run(campaign.main(orders(), begin=seen.begin, more=seen.figures))
