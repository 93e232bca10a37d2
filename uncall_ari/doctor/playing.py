"""Plays files on the probe, as the engine would, and explains why some do not play."""

import os
from pathlib import Path

from uncall_ari.config import Settings
from uncall_ari.doctor.finding import Check, Finding, Words, error, fine, listed, shown, skipped
from uncall_ari.doctor.probe import Probe
from uncall_ari.media.addresses import by_path
from uncall_ari.media.wav import playable
from uncall_ari.upkeep import sound_addresses


class Player:
    """Plays what Asterisk reads by its path or, with `[media] url`, fetches from the service, when that runs."""

    def __init__(self, settings: Settings, probe: Probe, *, service_runs: bool) -> None:
        self._probe, self._service_runs = probe, service_runs
        self._url = settings.media.url
        addresses = sound_addresses(settings)
        self.fetches = addresses is not None
        self._uri = addresses.uri if addresses is not None else by_path
        self.proven: Path | None = None  # a folder out of which Asterisk has read

    async def tried(self, check: Check, files: list[Path], folder: Path) -> Finding:
        """Play each of the files, which lie in the folder or below it. Raises RequestFailed, ConnectionFailed."""
        if self.fetches and not self._service_runs:
            return skipped(
                check,
                "Asterisk fetches them from the service, which does not run",
                "Asterisk 从服务获取声音，但服务未运行",
                Words("Start it, and check again", "请启动服务后再检查"),
            )
        failed = [file for file in files if not await self._probe.plays(self._uri(file))]
        if not self.fetches and len(failed) < len(files):
            self.proven = next(file for file in files if file not in failed).parent
        if not failed:
            return fine(check, f"{len(files)} play", f"{len(files)} 个均可播放")
        good = [file for file in failed if playable(file) or not os.access(file, os.R_OK)]
        if not good:
            return _not_playable(check, [str(file.relative_to(folder)) for file in failed])
        if self.fetches:
            return _not_fetched(check, [str(file.relative_to(folder)) for file in good], self._url)
        some = [] if len(failed) == len(files) else [str(file.relative_to(folder)) for file in good]
        return _not_read(check, some, folder)


def _not_playable(check: Check, names: list[str]) -> Finding:
    return error(
        check,
        Words(f"not to be played: {listed(names)}", f"无法播放：{listed(names)}"),
        Words(
            "They must be WAV of 16 bits, 8000 Hz, mono: sox OLD -r 8000 -b 16 -c 1 NEW.wav",
            "须为 16 位、8000 Hz、单声道 WAV：sox OLD -r 8000 -b 16 -c 1 NEW.wav",
        ),
    )


def _not_fetched(check: Check, names: list[str], url: str) -> Finding:
    return error(
        check,
        Words(
            f"Asterisk cannot fetch {listed(names)} from {shown(url)}",
            f"Asterisk 无法从 {shown(url)} 获取 {listed(names)}",
        ),
        Words(
            f"media.url must be this web service as Asterisk reaches it; on its host, try `curl -I {shown(url)}/`; its "
            "modules res_curl, func_curl and res_http_media_cache must run",
            f"media.url 须为 Asterisk 可访问的本服务地址；在其主机上试 curl -I {shown(url)}/；须加载模块 "
            "res_curl、func_curl、res_http_media_cache",
        ),
    )


def _not_read(check: Check, names: list[str], folder: Path) -> Finding:
    """`names` are those of the files; none: the whole folder."""
    what = f"{listed(names)} in {shown(folder)}" if names else f"the folder {shown(folder)}"
    what_zh = f"{shown(folder)} 中的 {listed(names)}" if names else f"目录 {shown(folder)}"
    return error(
        check,
        Words(f"Asterisk cannot read {what}: calls would be silent", f"Asterisk 无法读取{what_zh}：通话将无声"),
        Words(
            f"Try `sudo -u asterisk ls {shown(folder)}`: it and each folder above need r-x for Asterisk's account "
            "(chmod o+rx), the files r (chmod o+r), under the same path for both; or set media.url, where Asterisk is "
            "on another host",
            f"请试 sudo -u asterisk ls {shown(folder)}：该目录及各级上级目录须对 Asterisk 账号可读可进入"
            "（chmod o+rx），文件可读（chmod o+r），双方路径一致；Asterisk 在其他主机时请设置 media.url",
        ),
    )
