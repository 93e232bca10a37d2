"""[fastagi]: what a dialplan may ask the engine outside Stasis."""

from uncall_ari.config.fields import Section, setting


class FastAgiSettings(Section):
    """[fastagi]: the port for a dialplan's questions."""

    enabled: bool = setting(False, "whether the engine answers questions of a dialplan", restart=True)
    host: str = setting(
        "127.0.0.1",
        "address that it listens on; whoever reaches it may ask: keep it on loopback, or behind a firewall",
        restart=True,
        pattern=r"^[0-9A-Za-z.:_-]+$",
    )
    port: int = setting(4573, "TCP port; 0: any free one, which the log names", restart=True, ge=0, le=65535)
