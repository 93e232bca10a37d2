"""The dialplan: are the extensions there that the engine sends calls to, and that calls come from?

Asked with the function DIALPLAN_EXISTS: ARI cannot list a dialplan, and AMI needs a right for it that the engine has
no use for.
"""

import re

from uncall_ari.ari.errors import RequestFailed
from uncall_ari.config import Settings
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown, skipped, warning
from uncall_ari.doctor.manager import Manager
from uncall_ari.doctor.probe import Probe
from uncall_ari.doctor.trunks import details

CODES = ("*22", "*23")  # agents sign in and out with them
_context = re.compile(r"[A-Za-z0-9_.-]{1,79}").fullmatch  # all others would be taken apart


async def dialplan(settings: Settings, probe: Probe, manager: Manager | None) -> list[Finding]:
    """What is missing."""
    app = settings.asterisk.app
    try:
        found = [] if await _has(probe, f"{app}-witness", "s") else [_witness(app)]
    except RequestFailed as failed:
        if failed.status != 500:  # Asterisk's answer for a function that is not loaded
            raise
        return [
            skipped(
                Check.DIALPLAN,
                "cannot be asked: func_dialplan is not loaded",
                "无法查询：未加载 func_dialplan",
                Words("asterisk -rx 'module load func_dialplan.so'", "asterisk -rx 'module load func_dialplan.so'"),
            )
        ]
    if any(trunk.amd for trunk in settings.trunk) and not (
        await _has(probe, f"{app}-amd", "s") and await _has(probe, f"{app}-amd", "back")
    ):
        found.append(_detector(app))
    found += await _ways_in(settings, probe, manager)
    found += await _codes(settings, probe, manager)
    return found or [fine(Check.DIALPLAN, "what the engine needs is there", "引擎所需的上下文均存在")]


async def _has(probe: Probe, context: str, extension: str, priority: str = "1") -> bool:
    return await probe.variable(f"DIALPLAN_EXISTS({context},{extension},{priority})") == "1"


def _witness(app: str) -> Finding:
    return error(
        Check.DIALPLAN,
        Words(
            f"there is no [{app}-witness]: what ends while the engine is away is lost",
            f"没有 [{app}-witness]：引擎停止期间结束的通话结果会丢失",
        ),
        Words(
            f"Add [{app}-witness] to extensions.conf as docs/install.md has it (section 2); asterisk -rx "
            "'dialplan reload'",
            f"请按 docs/install.md 第 2 节在 extensions.conf 添加 [{app}-witness]；asterisk -rx 'dialplan reload'",
        ),
    )


def _detector(app: str) -> Finding:
    return error(
        Check.DIALPLAN,
        Words(
            f"there is no [{app}-amd] with s and back: calls of trunks with amd = true end at their answer",
            f"没有含 s 与 back 的 [{app}-amd]：amd = true 的中继通话应答后即断",
        ),
        Words(
            f"Add [{app}-amd] to extensions.conf as docs/install.md has it (section 2), or set amd = false; asterisk "
            "-rx 'dialplan reload'",
            f"请按 docs/install.md 第 2 节添加 [{app}-amd]，或设 amd = false；asterisk -rx 'dialplan reload'",
        ),
    )


async def _ways_in(settings: Settings, probe: Probe, manager: Manager | None) -> list[Finding]:
    """Contexts of trunks in which a number of `[[inbound]]` has no extension, or one without a fallback."""
    found = []
    for trunk in settings.trunk if settings.inbound else ():
        context = await _context_of(manager, trunk.endpoint)
        if not context:
            continue
        numbers = [example(route.match) for route in settings.inbound]
        lost = [number for number in numbers if not await _has(probe, context, number)]
        stuck = [each for each in numbers if each not in lost and not await _has(probe, context, each, "fallback")]
        if lost:
            found.append(
                warning(
                    Check.DIALPLAN,
                    Words(
                        f"calls from {shown(trunk.endpoint)} to {listed(lost)} have no extension in [{context}]",
                        f"来自 {shown(trunk.endpoint)}、拨打 {listed(lost)} 的来电在 [{context}] 中没有对应的 exten",
                    ),
                    Words(
                        f"Hand them over in [{context}] as docs/install.md has it (How calls get into Stasis)",
                        f"请按 docs/install.md（How calls get into Stasis）在 [{context}] 中转交来电",
                    ),
                )
            )
        if stuck:
            found.append(
                warning(
                    Check.DIALPLAN,
                    Words(
                        f"{listed(stuck)} in [{context}] has no priority labelled fallback: what the engine knows no "
                        "way for is hung up",
                        f"[{context}] 的 {listed(stuck)} 没有标签 fallback：引擎不处理的来电会被挂断",
                    ),
                    Words(
                        f"same => n(fallback),… in [{context}], as docs/install.md has it",
                        f"请按 docs/install.md 在 [{context}] 添加 same => n(fallback),…",
                    ),
                )
            )
    return found


async def _codes(settings: Settings, probe: Probe, manager: Manager | None) -> list[Finding]:
    """Contexts of agents without the codes to sign in and out."""
    members = {each.extension for queue in settings.queue.values() for each in queue.members}
    names = {settings.extensions.endpoint.format(extension=each) for each in members}
    contexts = {await _context_of(manager, name) for name in sorted(names)} - {""}
    found = []
    for context in sorted(contexts):
        missing = [code for code in CODES if not await _has(probe, context, code)]
        if missing:
            found.append(
                warning(
                    Check.DIALPLAN,
                    Words(
                        f"agents cannot dial {listed(missing)} in [{context}] to sign in and out",
                        f"坐席在 [{context}] 中无法拨 {listed(missing)} 签入签出",
                    ),
                    Words(
                        f"Add the codes to [{context}] as dialplan/extensions.conf.j2 has them; the page and the "
                        "methods do it, too",
                        f"请按 dialplan/extensions.conf.j2 在 [{context}] 添加这些代码；也可用网页或接口签入签出",
                    ),
                )
            )
    return found


async def _context_of(manager: Manager | None, endpoint: str) -> str:
    """The context of an endpoint's calls, "" when it is not known."""
    told = (
        each.get("context", "") for each in await details(manager, endpoint) if each.get("event") == "EndpointDetail"
    )
    context = next(told, "")
    return context if _context(context) else ""


def example(pattern: str) -> str:
    """A number that a dial pattern of `[[inbound]]` matches."""
    digits = {"X": "5", "Z": "5", "N": "5", ".": "5", "!": "", "-": ""}
    text = re.sub(r"\[([0-9*#])[^\]]*\]", r"\1", pattern.removeprefix("_"))
    return "".join(digits.get(each.upper(), each) for each in text)
