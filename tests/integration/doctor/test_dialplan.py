"""`uncall check`: the dialplan."""

import contextlib

from tests.conftest import TRUNK
from tests.integration.doctor.clinic import changed, ill, settings_of, told
from uncall_ari.doctor import Check, Level
from uncall_ari.doctor.run import of_asterisk
from uncall_ari.lab import Lab


async def test_what_the_dialplan_lacks(clinic: Lab) -> None:
    def without(context: str) -> contextlib.AbstractContextManager[None]:
        return changed(clinic, "extensions.conf", f"[{context}]", f"[old-{context}]", "dialplan reload")

    with without("uncall-witness"):
        assert "there is no [uncall-witness]" in await ill(clinic, Check.DIALPLAN)
    amd = [{"value": "sip/test/", "endpoint": TRUNK, "allow": ["X."], "amd": True}]
    with without("uncall-amd"):
        assert "there is no [uncall-amd]" in await ill(clinic, Check.DIALPLAN, trunk=amd)
    with without("from-trunk"):
        said = await ill(clinic, Check.DIALPLAN, Level.WARNING)
        assert "calls from carrier to 02155555555 have no extension in [from-trunk]" in said
    with changed(clinic, "extensions.conf", "(fallback),Progress", "(back),Progress", "dialplan reload"):
        assert "has no priority labelled fallback" in await ill(clinic, Check.DIALPLAN, Level.WARNING)
    with (
        changed(clinic, "extensions.conf", "_[+*#0-9]!", "_[0-9]!", "dialplan reload"),  # it takes codes, too
        changed(clinic, "extensions.conf", "exten => *22", "exten => *72", "dialplan reload"),
    ):
        assert "cannot dial *22 in [internal]" in await ill(clinic, Check.DIALPLAN, Level.WARNING)


async def test_a_dialplan_that_cannot_be_asked(clinic: Lab) -> None:
    clinic.asterisk.cli("module unload func_dialplan.so")
    try:
        found = await of_asterisk(settings_of(clinic))
        assert [each.level for each in found if each.check is Check.DIALPLAN] == [Level.SKIPPED], told(found)
    finally:
        clinic.asterisk.cli("module load func_dialplan.so")
