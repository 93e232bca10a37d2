"""Live call control: what agents and supervisors order (contract section 2), checked here and carried out by flows."""

import asyncio
from collections.abc import Coroutine

import structlog
from structlog.contextvars import bind_contextvars

from uncall_ari.ami import AmiRefused
from uncall_ari.ari import RequestFailed
from uncall_ari.ari.connection import path
from uncall_ari.ari.events import Channel
from uncall_ari.calls.extensions import DND
from uncall_ari.calls.ongoing import Call, Kind
from uncall_ari.calls.records import ExtensionStatus, Pop
from uncall_ari.calls.talk import Talk, What
from uncall_ari.errors import CommandRefused, ConnectionFailed, WhyNot
from uncall_ari.flows.click import Click, click_to_call
from uncall_ari.flows.means import Means
from uncall_ari.flows.spy import spy
from uncall_ari.logs import about

log = structlog.get_logger(__name__)


class Control:
    """The commands. All raise ConnectionFailed when Asterisk is not reached, CommandRefused with the reason."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self._flows: set[asyncio.Task[None]] = set()

    def run(self, flow: Coroutine[object, object, None], name: str, **facts: str) -> None:
        """Own a call's flow: it goes on after its command has been answered. Its log lines tell `facts`."""
        context = about(**facts)
        task = asyncio.create_task(flow, name=name, context=context)
        self._flows.add(task)
        task.add_done_callback(self._flow_done, context=context)

    async def close(self) -> None:
        """Give up the flows; live calls are left to the next process."""
        for task in self._flows:
            task.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    async def click(self, first: str, second: str, action_id: str, *, agent_first: bool) -> str:
        """Ring `first`, then `second`, and connect them; returns the action id, one of ours when it is "".

        `agent_first`: `first` must be an extension that is idle.
        """
        means = self.means
        one, two = await means.target(first), await means.target(second)
        if one is None or two is None or first == second or (agent_first and not one.is_extension):
            raise CommandRefused(WhyNot.UNAVAILABLE)
        uid = means.new_id()
        if one.is_extension:
            await self._reserve(one.number, uid)
        self.run(self._clicked(means, Click(uid, one, two, action_id or uid)), f"click {uid}", uid=uid)
        bind_contextvars(uid=uid)  # for the line that tells the command
        return action_id or uid

    async def hold(self, extension: str) -> str:
        """Let the extension's other party hear music; returns the name of its channel."""
        return await self._talk(extension).order(What.HOLD, extension)

    async def restore(self, extension: str, channel: str) -> None:
        """Ring the extension and give it the call that is held on this channel."""
        talk = self.means.board.talk_held(channel)
        if talk is None:
            raise CommandRefused(WhyNot.NO_SUCH_CHANNEL)
        bind_contextvars(uid=talk.uid)
        if extension not in self.means.hall.lines:  # who is on an open line has it free or not: the order tells
            await self._require_idle(extension, WhyNot.UNAVAILABLE)
        await talk.order(What.RESTORE, extension, extension)

    async def transfer(self, extension: str, target: str) -> None:
        """Give the extension's other party to another extension."""
        talk = self._talk(extension)
        if extension == target:
            raise CommandRefused(WhyNot.TARGET_NOT_IDLE)
        await self._require_idle(target, WhyNot.TARGET_NOT_IDLE)
        await talk.order(What.TRANSFER, extension, target)

    async def ask_feedback(self, extension: str) -> None:
        """Ask the extension's other party for a score when the extension's side has ended."""
        self._talk(extension).survey_after = extension

    async def spy(self, supervisor: str, extension: str, *, whisper: bool) -> None:
        """Let the supervisor hear the extension's call and, with `whisper`, speak to the extension."""
        live = [each for each in await self.means.extensions.channels(extension) if each.state == "Up"]
        if not live:
            raise CommandRefused(WhyNot.NO_CALL)
        if supervisor == extension:
            raise CommandRefused(WhyNot.CANNOT_LISTEN)
        uid = self.means.new_id()
        await self._reserve(supervisor, uid, WhyNot.CANNOT_LISTEN)
        self.run(self._spying(uid, supervisor, extension, live[0], whisper), f"spy {uid}", uid=uid, extension=extension)

    async def hang_up(self, extension: str) -> None:
        """End the extension's call, both sides, without a prompt; a call outside the engine too."""
        talk = self.means.board.talk_of(extension)
        if talk is not None:
            bind_contextvars(uid=talk.uid)
            await talk.order(What.HANG_UP, extension)
            return
        channels = await self.means.extensions.channels(extension)
        if not channels:
            raise CommandRefused(WhyNot.NO_CALL)
        for channel in channels:
            try:
                await self.means.ari.request("DELETE", path("channels", channel.id))
            except RequestFailed as error:
                if error.status != 404:
                    raise ConnectionFailed(f"Asterisk does not hang up: {error.reason}") from None

    async def set_busy(self, extension: str) -> None:
        """Set "do not disturb" in Asterisk's own database, where the dialplan and feature codes look, too."""
        if not await self.means.extensions.exists(extension):
            raise CommandRefused(WhyNot.NOT_CHANGED)
        try:
            await self.means.ami.db_put(DND, extension, "YES")
        except AmiRefused as error:
            log.error("do not disturb was not set", extension=extension, reason=str(error))
            raise CommandRefused(WhyNot.NOT_CHANGED) from None

    async def set_idle(self, extension: str) -> None:
        """Take "do not disturb" away. Refused when it was not set."""
        try:
            removed = await self.means.ami.db_del(DND, extension)
        except AmiRefused as error:
            log.error("do not disturb was not taken away", extension=extension, reason=str(error))
            removed = False
        if not removed:
            raise CommandRefused(WhyNot.NOT_CHANGED)

    def pop(self, extension: str) -> Pop | None:
        """The extension's call that its screen has not shown yet; by a setting, the one that lives."""
        pop = self.means.board.next_pop(extension)
        if pop is not None:
            self.means.scribe.popped(pop)
        elif self.means.settings.extensions.pop_repeat:
            pop = self.means.board.live_pop(extension, self.means.ari.knows)
        return pop

    def _talk(self, extension: str) -> Talk:
        talk = self.means.board.talk_of(extension)
        if talk is None:
            raise CommandRefused(WhyNot.NO_CALL)
        bind_contextvars(uid=talk.uid)
        return talk

    async def _require_idle(self, extension: str, why: WhyNot) -> None:
        if await self.means.extensions.status(extension) is not ExtensionStatus.IDLE:
            raise CommandRefused(why)

    async def _reserve(self, extension: str, uid: str, why: WhyNot | None = None) -> None:
        """Keep an idle extension for the leg `uid`. Raises CommandRefused, with `why` instead of the state's reason."""
        board = self.means.board
        try:
            board.reserve(extension, uid)
            status = await self.means.extensions.status(extension)
            if status is ExtensionStatus.RINGING:
                raise CommandRefused(WhyNot.RINGING)
            if status is not ExtensionStatus.IDLE:
                raise CommandRefused(WhyNot.UNAVAILABLE)
        except BaseException as error:
            board.release(extension, uid)
            if why is not None and isinstance(error, CommandRefused):
                raise CommandRefused(why) from None
            raise

    async def _clicked(self, means: Means, click: Click) -> None:
        first, second = click.first.number, click.second.number
        try:
            with means.board.ongoing.call(Call(click.uid, Kind.CLICK, second, first)):
                await click_to_call(means, click)
        finally:
            means.board.release(click.first.number, click.uid)

    async def _spying(self, uid: str, supervisor: str, extension: str, channel: Channel, whisper: bool) -> None:
        try:
            await spy(self.means, uid, supervisor, extension, channel, whisper=whisper)
        finally:
            self.means.board.release(supervisor, uid)

    def _flow_done(self, task: asyncio.Task[None]) -> None:
        self._flows.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a call failed by a mistake of ours", flow=task.get_name(), exc_info=task.exception())
