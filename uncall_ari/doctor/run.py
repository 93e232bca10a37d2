"""All checks, at the same time where they do not need each other. What a check needs and is not there, skips it."""

import asyncio
from collections.abc import Awaitable, Iterable

from uncall_ari.ari.errors import RequestFailed
from uncall_ari.config import Settings
from uncall_ari.doctor import asterisk, machine
from uncall_ari.doctor.account import call_recordings
from uncall_ari.doctor.database import database
from uncall_ari.doctor.dialplan import dialplan
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, shown, skipped, warning
from uncall_ari.doctor.manager import Manager, manager
from uncall_ari.doctor.playing import Player
from uncall_ari.doctor.probe import Probe, probe
from uncall_ari.doctor.questions import Questions, questions
from uncall_ari.doctor.sounds import music, prompts, recordings
from uncall_ari.doctor.trunks import agents, endpoints, trunks
from uncall_ari.errors import ConnectionFailed

SECONDS = 60.0  # for one group of checks, whatever happens

_OF_ASTERISK = (Check.VERSION, Check.MODULES, Check.EVENTS, Check.ENGINE, Check.TRUNK, Check.AGENTS)
_OF_THE_PROBE = (Check.DIALPLAN, Check.PROMPTS, Check.RECORDINGS, Check.MUSIC, Check.CALLS)


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; the findings in the order of `Check`. Changes nothing. Takes a few seconds."""
    groups = await asyncio.gather(
        _within(Check.ASTERISK, of_asterisk(settings)),
        _within(Check.DATABASE, database(settings)),
        _within(Check.PORT, of_machine(settings)),
    )
    order = list(Check)
    return sorted((each for group in groups for each in group), key=lambda each: order.index(each.check))


async def _within(check: Check, looking: Awaitable[Iterable[Finding] | Finding]) -> list[Finding]:
    """What `looking` finds; when it fails, that is what was found."""
    try:
        async with asyncio.timeout(SECONDS):
            found = await looking
        return [found] if isinstance(found, Finding) else list(found)
    except TimeoutError:
        said = f"no result in {SECONDS:g} s"
    except (ConnectionFailed, RequestFailed, OSError) as failed:
        said = shown(failed)
    return [error(check, Words(said, said), Words("See the server's log, and ask again", "请查看服务器日志后重试"))]


async def of_asterisk(settings: Settings) -> list[Finding]:
    """What there is to say of Asterisk, and of all that it must know."""
    async with questions(settings.asterisk) as ask, manager(settings.asterisk) as (session, ami):
        info, greeting = await asterisk.greet(ask)
        if info is None:
            nothing = (*_OF_ASTERISK, *_OF_THE_PROBE)
            return [greeting, ami, *_skipped(nothing, "Asterisk is not to be asked", "无法查询 Asterisk")]
        zone = settings.dialer.timezone
        found = [greeting, ami, asterisk.version(info), asterisk.clock(info), asterisk.timezone(info, zone)]
        return found + await _within(Check.ASTERISK, _with_modules(ask, settings, session))


async def _with_modules(ask: Questions, settings: Settings, session: Manager | None) -> list[Finding]:
    """One after another: AMI answers one question at a time."""
    running = await asterisk.running_modules(ask)
    found = asterisk.modules(running, settings)
    ours = await machine.service_runs(settings.web)
    found += await _within(Check.ENGINE, asterisk.engine(ask, settings.asterisk.app, ours=ours))
    if "res_ari_endpoints.so" in running:
        known = await endpoints(ask)
        found += [*await trunks(settings, known, session), agents(settings, known)]
    else:
        found += _skipped((Check.TRUNK, Check.AGENTS), "res_ari_endpoints is not loaded", "未加载 res_ari_endpoints")
    try:
        async with probe(ask, settings.asterisk.app) as tried:
            player = Player(settings, tried, service_runs=ours)
            groups = [
                await _within(Check.PROMPTS, prompts(settings, player)),
                await _within(Check.RECORDINGS, recordings(settings, player)),
                await _within(Check.MUSIC, music(tried, can_listen="func_talkdetect.so" in running)),
                await _within(Check.DIALPLAN, dialplan(settings, tried, session)),
            ]
            calls = call_recordings(settings, player.proven)
            return [*found, _marks(tried), calls, *(each for group in groups for each in group)]
    except (RequestFailed, ConnectionFailed) as failed:
        return [*found, _no_probe(failed), *_skipped(_OF_THE_PROBE, "no channel for trying", "无法建立试验通道")]


def _marks(tried: Probe) -> Finding:
    """Whether the engine's mark of a call is in each event."""
    if "UNCALL_CALL" in tried.marks:
        return fine(Check.EVENTS, "come, and carry the engine's mark", "正常，并带有引擎标记")
    return warning(
        Check.EVENTS,
        Words(
            "do not carry UNCALL_CALL: a restarted engine does not know its calls again",
            "事件中没有 UNCALL_CALL：引擎重启后无法认出自己的通话",
        ),
        Words(
            "channelvars = UNCALL_CALL in [general] of ari.conf, then asterisk -rx 'module reload res_ari.so'",
            "在 ari.conf 的 [general] 设置 channelvars = UNCALL_CALL，然后 asterisk -rx 'module reload res_ari.so'",
        ),
    )


def _no_probe(failed: Exception) -> Finding:
    if isinstance(failed, RequestFailed) and failed.status == 403:
        return error(
            Check.EVENTS,
            Words("the ARI user may only read", "ARI 用户只读"),
            Words(
                "read_only = no for it in ari.conf, then asterisk -rx 'module reload res_ari.so'",
                "请在 ari.conf 为该用户设 read_only = no，然后 asterisk -rx 'module reload res_ari.so'",
            ),
        )
    return error(
        Check.EVENTS,
        Words(f"a channel for trying cannot be made: {shown(failed)}", f"无法建立试验通道：{shown(failed)}"),
        Words("See the findings about modules, and Asterisk's log", "请先处理模块问题，并查看 Asterisk 日志"),
    )


async def of_machine(settings: Settings) -> list[Finding]:
    """What there is to say of the machine."""
    ours = await machine.service_runs(settings.web)
    found = [await machine.port("web.port", settings.web.host, settings.web.port, ours=ours)]
    asked = settings.fastagi
    if asked.enabled:
        found.append(await machine.port("fastagi.port", asked.host, asked.port, ours=ours))
    return [*found, *await machine.space(settings), machine.open_files()]


def _skipped(checks: Iterable[Check], en: str, zh: str) -> list[Finding]:
    return [skipped(check, en, zh) for check in checks]
