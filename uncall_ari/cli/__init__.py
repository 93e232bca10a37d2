"""The command `uncall`: the one place where engine and facade are put together. Nothing else imports `api`."""

from uncall_ari.cli.main import main

__all__ = ["main"]
