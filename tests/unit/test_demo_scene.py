"""The demo's scene: a command that is refused makes it fail in one line, and does not end the demo."""

import io
from typing import Any, cast

from rich.console import Console

from uncall_ari.demo.crm import Crm
from uncall_ari.demo.display import Display
from uncall_ari.demo.errors import DemoFailed
from uncall_ari.demo.scene import Scene
from uncall_ari.demo.tables import Tables
from uncall_ari.demo.world import World
from uncall_ari.lab.phones import Carrier, Phone


class Refusing:
    """A service that refuses every command."""

    async def call(self, method: str, *values: object, quiet: bool = False) -> list[Any]:
        raise DemoFailed(f"{method} was answered error Busy\nand more")


async def test_a_refused_command_is_a_statement_that_is_false() -> None:
    file = io.StringIO()
    phone = Phone("801", "secret", 5060)
    world = World(Carrier(), {"801": phone})
    scene = Scene(cast("Crm", Refusing()), cast("Tables", None), world, Display(Console(file=file, highlight=False)))
    checks = await scene.run()
    assert checks == [("the scene was played to its end: OnClickCall was answered error Busy", False)]
    assert "✗ the scene was played to its end" in file.getvalue()
