"""Sounds: does Asterisk play the prompts, the recordings, the music? Tried on a channel that nobody hears."""

import asyncio
from pathlib import Path

from uncall_ari.config import Settings
from uncall_ari.doctor.account import empty_folder
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown, skipped, warning
from uncall_ari.doctor.playing import Player
from uncall_ari.doctor.probe import Probe
from uncall_ari.ivr.check import missing_sounds
from uncall_ari.media.names import file_name
from uncall_ari.media.prompts import Prompts
from uncall_ari.share import shared

MOST = 500  # recordings that are tried: 10 s


async def prompts(settings: Settings, player: Player) -> list[Finding]:
    """Whether each prompt of the languages that are spoken is there and plays."""
    folder = (settings.media.sounds or shared("sounds")).absolute()
    languages = {settings.media.language} | {menu.language for menu in settings.ivr.values() if menu.language}
    books = [Prompts(folder, language) for language in sorted(languages)]
    known = Prompts(folder, settings.media.language)
    names = await asyncio.to_thread(known.names)
    if not names:
        return [_no_prompts(folder)]
    files = sorted({Path(book.sound(name).removeprefix("sound:") + ".wav") for book in books for name in names})
    tried = await player.tried(Check.PROMPTS, files, folder)
    missing = _not_there(settings, known)
    if not missing:
        return [tried]
    return [
        tried,
        error(
            Check.PROMPTS,
            Words(f"not there: those of {listed(missing)}", f"不存在：{listed(missing)} 所指的提示音"),
            Words(
                f"Name one of the files in {shown(folder)}/zh or en, without .wav",
                f"请使用 {shown(folder)}/zh 或 en 中的文件名（不含 .wav）",
            ),
        ),
    ]


def _not_there(settings: Settings, known: Prompts) -> list[str]:
    """The keys of the settings that name a prompt which is not there."""
    missing = [f"ivr.{'.'.join(map(str, each.place))}" for each in missing_sounds(settings.ivr, known.exists, _any)]
    survey = {"survey.prompt": settings.survey.prompt, "survey.thanks": settings.survey.thanks}
    return missing + [key for key, name in survey.items() if not known.exists(name)]


def _no_prompts(folder: Path) -> Finding:
    return error(
        Check.PROMPTS,
        Words(f"there are none in {shown(folder)}", f"{shown(folder)} 中没有提示音"),
        Words(
            "media.sounds must name a folder with zh/ and en/ in it that we may read; empty: those of the product",
            "media.sounds 须为含 zh/ 和 en/ 且可读的目录；留空则用自带提示音",
        ),
    )


async def recordings(settings: Settings, player: Player) -> list[Finding]:
    """Whether the uploaded recordings play, and those are there that menus name."""
    folder = settings.media.recordings.absolute()
    found = []
    missing = [
        each.problem.rpartition(" ")[2]
        for each in missing_sounds(settings.ivr, _any, lambda name: (folder / file_name(name)).is_file())
    ]
    if missing:
        found.append(
            warning(
                Check.RECORDINGS,
                Words(
                    f"menus name some that are not uploaded: {listed(missing)}",
                    f"菜单所用录音尚未上传：{listed(missing)}",
                ),
                Words("Upload them under these names", "请以这些名称上传"),
            )
        )
    try:
        files = await asyncio.to_thread(_wavs, folder)
    except FileNotFoundError:
        return [
            *found,
            fine(Check.RECORDINGS, f"{shown(folder)} is made at the start", f"{shown(folder)} 将在启动时创建"),
        ]
    except OSError as reason:
        return [*found, _unreadable_for_us(folder, reason)]
    if not files:
        none = fine(Check.RECORDINGS, "none is uploaded yet: not tried", "尚无上传的录音：未试播")
        return [*found, none if player.fetches else empty_folder(settings, folder, player.proven)]
    return [*found, await player.tried(Check.RECORDINGS, files[:MOST], folder)]


async def music(probe: Probe, *, can_listen: bool) -> Finding:
    """Whether who waits or is held hears something."""
    if not can_listen:
        return skipped(
            Check.MUSIC,
            "cannot be listened to: func_talkdetect is not loaded",
            "无法监听：未加载 func_talkdetect",
            Words("asterisk -rx 'module load func_talkdetect.so'", "asterisk -rx 'module load func_talkdetect.so'"),
        )
    if await probe.music():
        return fine(Check.MUSIC, "is heard", "正常")
    return error(
        Check.MUSIC,
        Words("silence: who waits in a queue or is held hears nothing", "无声：排队和被保持的一方听不到任何声音"),
        Words(
            "`moh show files` must list files of the class default: let directory in [default] of musiconhold.conf "
            "name a folder with sounds that Asterisk may read, then asterisk -rx 'moh reload'",
            "moh show files 应列出 default 类的文件：musiconhold.conf 的 [default] 中 directory 须指向 Asterisk "
            "可读的音频目录，然后 asterisk -rx 'moh reload'",
        ),
    )


def _wavs(folder: Path) -> list[Path]:
    """What lies there, except what is being uploaded just now."""
    return sorted(each for each in folder.iterdir() if each.suffix == ".wav" and not each.name.startswith("."))


def _unreadable_for_us(folder: Path, reason: OSError) -> Finding:
    return error(
        Check.RECORDINGS,
        Words(f"{shown(folder)}: {reason.strerror}", f"{shown(folder)}：{reason.strerror}"),
        Words(
            "Give it to the account that runs the service: chown uncall, mode 0755",
            "请将其属主改为运行服务的账号（chown uncall），权限 0755",
        ),
    )


def _any(_: str) -> bool:
    return True
