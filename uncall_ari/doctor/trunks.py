"""Trunks and agents: are they endpoints of Asterisk's, and are the trunks reached?"""

from uncall_ari.ami import AmiRefused, Message
from uncall_ari.ari.events import Endpoint
from uncall_ari.config import Settings, Trunk
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown, skipped, warning
from uncall_ari.doctor.manager import Manager
from uncall_ari.doctor.questions import Questions
from uncall_ari.errors import remedy_for_unknown
from uncall_ari.ivr.action import CallExtension


async def endpoints(ask: Questions) -> dict[str, Endpoint]:
    """All PJSIP endpoints, by name."""
    return {each.resource: each for each in await ask.ask("endpoints/PJSIP", list[Endpoint])}


async def details(manager: Manager | None, name: str) -> list[Message]:
    """What AMI says of an endpoint and its contacts; nothing without AMI, or when it will not say."""
    if manager is None:
        return []
    try:
        return await manager.ask("EndpointDetailComplete", Action="PJSIPShowEndpoint", Endpoint=name)
    except AmiRefused:
        return []


async def trunks(settings: Settings, known: dict[str, Endpoint], manager: Manager | None) -> list[Finding]:
    """One finding for each trunk."""
    if not settings.trunk:
        return [
            warning(
                Check.TRUNK,
                Words("there is none in the settings: no number can be dialled", "配置中没有中继：无法外呼"),
                Words("Add a [[trunk]] table", "请添加 [[trunk]]"),
            )
        ]
    return [
        _trunk(trunk, known, await details(manager, trunk.endpoint) if trunk.endpoint in known else [])
        for trunk in settings.trunk
    ]


def _trunk(trunk: Trunk, known: dict[str, Endpoint], told: list[Message]) -> Finding:
    name, value = shown(trunk.endpoint), shown(trunk.value)
    if trunk.endpoint not in known:
        hint = shown(remedy_for_unknown(trunk.endpoint, sorted(known)))
        return error(
            Check.TRUNK,
            Words(f"{value}: Asterisk has no PJSIP endpoint {name}", f"{value}：Asterisk 没有 PJSIP 端点 {name}"),
            Words(
                f"Make the endpoint in pjsip.conf, or name another in [[trunk]] endpoint. {hint}",
                f"请在 pjsip.conf 中添加该端点，或修改 [[trunk]] endpoint。{hint}",
            ),
        )
    contacts = [each for each in told if each.get("event") == "ContactStatusDetail"]
    states = sorted({each.get("status", "") for each in contacts})
    if known[trunk.endpoint].state == "offline":
        why = f"its contacts are {listed(states)}" if states else "it has no contact"
        return error(
            Check.TRUNK,
            Words(
                f"{value}: {name} is not reached: {why}", f"{value}：{name} 不可达（{listed(states) or '无联系地址'}）"
            ),
            Words(
                f"See `pjsip show endpoint {name}`: its aor's contact must be the carrier's address, and the carrier "
                "must answer OPTIONS (or qualify_frequency = 0); firewall, account, registration",
                f"请查看 pjsip show endpoint {name}：aor 的 contact 应为运营商地址，且对方须应答 OPTIONS（否则设 "
                "qualify_frequency = 0）；检查防火墙、账号与注册",
            ),
        )
    if any(each.get("directmedia") == "true" for each in told):
        return warning(
            Check.TRUNK,
            Words(
                f"{value}: {name} has direct_media: audio may go past Asterisk, which then hears no key",
                f"{value}：{name} 启用了 direct_media：语音可能绕过 Asterisk，收不到按键",
            ),
            Words(
                f"direct_media = no in [{name}] of pjsip.conf", f"请在 pjsip.conf 的 [{name}] 设置 direct_media = no"
            ),
        )
    watched = any(state != "NonQualified" for state in states)
    if contacts and not watched:
        return fine(
            Check.TRUNK,
            f"{value}: {name} is there; whether it answers is not known (qualify_frequency is 0)",
            f"{value}：{name} 存在；未探测是否应答（qualify_frequency 为 0）",
        )
    return fine(Check.TRUNK, f"{value}: {name} is there", f"{value}：{name} 正常")


def agents(settings: Settings, known: dict[str, Endpoint]) -> Finding:
    """Whether the members of queues, and the extensions that calls are led to, are endpoints."""
    named = {each.extension for queue in settings.queue.values() for each in queue.members}
    ways = [route.way for route in settings.inbound] + [queue.onward for queue in settings.queue.values()]
    named |= {way.extension for way in ways if isinstance(way, CallExtension)}
    if not named:
        return skipped(Check.AGENTS, "no queue has members", "没有队列成员")
    template = settings.extensions.endpoint
    missing = sorted(each for each in named if template.format(extension=each) not in known)
    if not missing:
        return fine(
            Check.AGENTS, f"all {len(named)} are endpoints of Asterisk's", f"{len(named)} 个坐席均为 Asterisk 端点"
        )
    return error(
        Check.AGENTS,
        Words(
            f"no endpoint of Asterisk's: {listed(missing)}; their queues never ring them",
            f"不是 Asterisk 端点：{listed(missing)}；队列无法振铃",
        ),
        Words(
            f"Make the endpoint {shown(template.format(extension=missing[0]))} in pjsip.conf, take the number out of "
            "the settings, or say in extensions.endpoint how the phones' endpoints are called",
            f"请在 pjsip.conf 添加端点 {shown(template.format(extension=missing[0]))}，或从配置中删除该号码，"
            "或用 extensions.endpoint 说明端点命名方式",
        ),
    )
