"""`python -m uncall_ari` is the command `uncall`."""

from uncall_ari.cli import main

main()
