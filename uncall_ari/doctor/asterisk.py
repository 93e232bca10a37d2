"""Asterisk itself: is it reached, does it let us in, is it new enough, are its modules there, is its clock ours?"""

import re
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from uncall_ari.ari.errors import RequestFailed
from uncall_ari.config import Settings
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown, skipped, warning
from uncall_ari.doctor.modules import needed
from uncall_ari.doctor.questions import Info, Module, Questions
from uncall_ari.errors import ConnectionFailed

OLDEST = (22, 6)  # the first with requests over the event socket
ASTERISK = Words("Asterisk", " Asterisk ")
CLOCK_SECONDS = 3.0  # an HTTP date has whole seconds, and the answer takes a moment


async def greet(ask: Questions) -> tuple[Info | None, Finding]:
    """Whether Asterisk answers and lets us in; with no Info, nothing else can be asked of it."""
    try:
        info = await ask.info()
    except ConnectionFailed as failed:
        return None, error(
            Check.ASTERISK,
            Words(f"not reached at {ask.url}: {failed}", f"无法连接 {ask.url}：{failed}"),
            Words(
                "Start Asterisk; `asterisk -rx 'http show status'` says where it listens: http.conf needs enabled = "
                "yes, and asterisk.url the same address",
                "请启动 Asterisk；用 asterisk -rx 'http show status' 查看监听地址：http.conf 须有 enabled = yes，"
                "且与 asterisk.url 一致",
            ),
        )
    except RequestFailed as failed:
        return None, _refused(ask, failed.status)
    return info, fine(Check.ASTERISK, f"reached at {ask.url}", f"已连接 {ask.url}")


def _refused(ask: Questions, status: int) -> Finding:
    user = shown(ask.settings.user)
    if status in (401, 403):
        return error(
            Check.ASTERISK,
            Words(f"refuses the ARI user {user}: wrong name or password", f"拒绝 ARI 用户 {user}：用户名或密码错误"),
            Words(
                f"Make asterisk.user and asterisk.password those of [{user}] in ari.conf; after a change there: "
                "asterisk -rx 'module reload res_ari.so'",
                f"请使 asterisk.user、asterisk.password 与 ari.conf 的 [{user}] 一致；修改后执行 "
                "asterisk -rx 'module reload res_ari.so'",
            ),
        )
    if status == 503:
        return error(
            Check.ASTERISK,
            Words("is still starting (HTTP 503)", "正在启动（HTTP 503）"),
            Words("Ask again in a moment", "请稍后再试"),
        )
    return error(
        Check.ASTERISK,
        Words(f"no ARI at {ask.url} (HTTP {status})", f"{ask.url} 没有 ARI（HTTP {status}）"),
        Words(
            "Check asterisk.url; ari.conf needs enabled = yes, and the module res_ari.so must be loaded",
            "请检查 asterisk.url；ari.conf 须有 enabled = yes，并加载模块 res_ari.so",
        ),
    )


def version(info: Info) -> Finding:
    """Whether Asterisk is new enough."""
    said, oldest = shown(info.version, 60), ".".join(map(str, OLDEST))
    numbers = re.search(r"(\d+)\.(\d+)", info.version)
    if numbers is None:
        return warning(
            Check.VERSION,
            Words(f"Asterisk calls itself {said}: no version in it", f"Asterisk 自称 {said}，其中没有版本号"),
            Words(f"Make sure that it is {oldest} or later", f"请确认版本不低于 {oldest}"),
        )
    if (int(numbers[1]), int(numbers[2])) < OLDEST:
        return error(
            Check.VERSION,
            Words(f"Asterisk {said} is too old", f"Asterisk {said} 版本过旧"),
            Words(f"Install Asterisk {oldest} or later", f"请安装 Asterisk {oldest} 或更高版本"),
        )
    return fine(Check.VERSION, f"Asterisk {said}", f"Asterisk {said}")


async def running_modules(ask: Questions) -> set[str]:
    """The names of Asterisk's modules that run, with their `.so`. Raises RequestFailed, ConnectionFailed."""
    return {each.name for each in await ask.ask("asterisk/modules", list[Module]) if each.status == "Running"}


def modules(running: set[str], settings: Settings) -> list[Finding]:
    """Modules that these settings need and that do not run."""
    found = []
    for need in needed(settings):
        missing = [name for name in need.modules if f"{name}.so" not in running]
        if missing:
            load = "; ".join(f"asterisk -rx 'module load {name}.so'" for name in missing)
            found.append(
                error(
                    Check.MODULES,
                    Words(
                        f"missing for {need.purpose.en}: {listed(missing, 20)}",
                        f"缺少{need.purpose.zh}所需模块：{listed(missing, 20)}",
                    ),
                    Words(
                        f"{load}; and for the next start, autoload = yes or load = lines in modules.conf",
                        f"{load}；并在 modules.conf 中设置 autoload = yes 或 load =",
                    ),
                )
            )
    return found or [fine(Check.MODULES, "all that are needed run", "所需模块均已运行")]


async def engine(ask: Questions, app: str, *, ours: bool) -> Finding:
    """Whether an engine is connected already. `ours` says whether the service of these settings runs."""
    applications = await ask.ask("applications", list[dict[str, object]])
    if not any(each.get("name") == app for each in applications):
        if ours:
            return warning(
                Check.ENGINE,
                Words("the service runs, and is not connected to this Asterisk", "服务正在运行，但未连接到此 Asterisk"),
                Words("See its log", "请查看服务日志"),
            )
        return fine(Check.ENGINE, "none is connected", "没有其他引擎连接")
    if ours:
        return fine(Check.ENGINE, "the running service is connected", "正在运行的服务已连接")
    return warning(
        Check.ENGINE,
        Words(
            f"one is connected as {app}, and it is not the service of these settings: a start would take the calls "
            "from it",
            f"已有引擎以 {app} 连接，且不是本配置的服务：启动本服务会抢走它的通话",
        ),
        Words(
            "Stop the other one, or give this one another asterisk.app",
            "请停止另一个引擎，或为本服务设置不同的 asterisk.app",
        ),
    )


def clock(info: Info, now: float | None = None) -> Finding:
    """Whether Asterisk's clock and this machine's agree."""
    try:
        theirs = parsedate_to_datetime(info.date).timestamp()
    except (TypeError, ValueError):
        return skipped(Check.CLOCK, "Asterisk does not tell the time", "Asterisk 未提供时间")
    return compared_clock(ASTERISK, theirs - (time.time() if now is None else now))


def compared_clock(who: Words, ahead: float) -> Finding:
    """What a clock that is `ahead` by so many seconds means."""
    if abs(ahead) <= CLOCK_SECONDS:
        return fine(Check.CLOCK, f"{who.en} agrees", f"{who.zh} 时钟一致")
    return warning(
        Check.CLOCK,
        Words(
            f"{who.en} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine",
            f"{who.zh} 的时钟比本机{'快' if ahead > 0 else '慢'} {abs(ahead):.0f} 秒",
        ),
        Words("Have both set by NTP: timedatectl set-ntp true", "请用 NTP 校时：timedatectl set-ntp true"),
    )


def timezone(info: Info, zone: ZoneInfo) -> Finding:
    """Whether Asterisk's time zone is that of the settings, by its offset at the moment when it started."""
    try:
        started = datetime.strptime(info.started, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return skipped(Check.TIMEZONE, "Asterisk does not tell its own", "Asterisk 未提供时区")
    there, here = started.utcoffset(), started.astimezone(zone).utcoffset()
    if there is None or here is None:
        return skipped(Check.TIMEZONE, "Asterisk does not tell its own", "Asterisk 未提供时区")
    return compared_zone(ASTERISK, there.total_seconds(), here.total_seconds(), zone)


def compared_zone(who: Words, there: float, here: float, zone: ZoneInfo) -> Finding:
    """What offsets from UTC, in seconds, of another one and of the settings' zone mean."""
    if abs(there - here) < 60:
        return fine(Check.TIMEZONE, f"{who.en} has that of {zone.key}", f"{who.zh} 与 {zone.key} 一致")
    return warning(
        Check.TIMEZONE,
        Words(
            f"{who.en} is at {_offset(there)}, dialer.timezone {zone.key} at {_offset(here)}",
            f"{who.zh} 为 {_offset(there)}，dialer.timezone {zone.key} 为 {_offset(here)}",
        ),
        Words(
            f"Windows and tables go by dialer.timezone; times that {who.en} makes do not. Set the machine's zone "
            f"(timedatectl set-timezone {zone.key}) and restart {who.en}, or change dialer.timezone",
            f"外呼时段与数据表按 dialer.timezone，而{who.zh}自己产生的时间不同。请设置系统时区（timedatectl "
            f"set-timezone {zone.key}）并重启{who.zh}，或修改 dialer.timezone",
        ),
    )


def _offset(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
