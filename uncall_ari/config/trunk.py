"""[[trunk]]: a line to the outside, what may be dialled on it, how, and by which names clients know it."""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from uncall_ari.config.fields import (
    CallerId,
    EndpointName,
    Label,
    PatternText,
    PrefixText,
    Section,
    TrunkValue,
    setting,
)
from uncall_ari.dialer.numbers import NumberRules, Pattern, Rewrite, parse_patterns


class RewriteSettings(Section):
    """[[trunk.rules]]: another rewriting for the numbers that match."""

    match: PatternText = setting(..., "dial pattern of the numbers that it is for")
    strip: int = setting(0, "characters to drop in front", ge=0, le=16)
    prefix: PrefixText = setting("", "digits to put in front after that")


class Trunk(Section):
    """[[trunk]]: a line to the outside, one table for each."""

    value: TrunkValue = setting(
        ..., "what clients and tables call it, up to 50 ASCII characters without blanks; must not occur twice"
    )
    description: Label = setting("", "what people call it, up to 100 characters")
    endpoint: EndpointName = setting(..., "name of the PJSIP endpoint in Asterisk")
    channels: int = setting(30, "calls at once", ge=1, le=10000)
    calls_per_second: float = setting(10.0, "new calls per second", gt=0, le=1000)
    caller_id: CallerId = setting("", "number to present when the task sets none; empty: none is set")
    allow: tuple[PatternText, ...] = setting(
        ..., "dial patterns of the numbers that may be dialled; all others are refused", min_length=1
    )
    strip: int = setting(0, "characters to drop in front of each number", ge=0, le=16)
    prefix: PrefixText = setting("", "digits to put in front of each number after that")
    prefixes: tuple[PrefixText, ...] = setting(
        (), "digits that a client may add to the value, as in sip/test/9; they go in front of all others"
    )
    rules: tuple[RewriteSettings, ...] = setting(
        (), "rewritings for some numbers; the first that matches replaces strip and prefix"
    )
    ring_seconds: int | None = setting(None, "seconds of ringing on this trunk; left out: as in [dialer]", ge=5, le=180)
    record: bool | None = setting(None, "whether its calls with extensions are recorded; left out: as in [recording]")
    amd: bool = setting(False, "whether the answering-machine detector listens first")

    @cached_property
    def number_rules(self) -> NumberRules:
        """What may be dialled here and how, compiled."""
        rules = (Rewrite(Pattern.parse(rule.match), rule.strip, rule.prefix) for rule in self.rules)
        return NumberRules(parse_patterns(self.allow), self.strip, self.prefix, tuple(rules))

    def with_prefix(self, prefix: str) -> "Trunk":
        """The same trunk, its limits included, with these digits in front of all that it dials."""
        kept = {name: getattr(self, name) for name in Trunk.model_fields}
        rules = tuple(rule.model_copy(update={"prefix": prefix + rule.prefix}) for rule in self.rules)
        return Trunk.model_construct(**kept | {"prefix": prefix + self.prefix, "rules": rules})


class _Line(NamedTuple):
    """A value in the form of a dial string of chan_sip's days: `SIP/test/9`."""

    technology: str  # "sip" for SIP and PJSIP
    name: str
    prefix: str


_LINE = re.compile(r"([A-Za-z0-9]+)/([^/\s]+)/*(?:/(\+?[0-9*#]{1,16})/*)?", re.ASCII)


def find_trunk(trunks: Sequence[Trunk], value: str) -> Trunk | None:
    """The trunk that a client or a row means by `value`, or None.

    A value that is written exactly so wins. Else the letters of the technology may be large or small, `sip` and `pjsip`
    are the same, and slashes and blanks at the end do not count. Else digits at the end, one of the trunk's `prefixes`,
    are dialled in front of each number, as `Dial(SIP/test/9${NUMBER})` did. The first trunk that fits is taken.
    """
    if exact := next((trunk for trunk in trunks if trunk.value == value), None):
        return exact
    wanted = _line(value)
    if wanted is None:
        return None
    lines = [(trunk, _line(trunk.value)) for trunk in trunks]
    if same := next((trunk for trunk, line in lines if line == wanted), None):
        return same
    bare = wanted._replace(prefix="")
    base = next((trunk for trunk, line in lines if line == bare and wanted.prefix in trunk.prefixes), None)
    return _prefixed(base, wanted.prefix) if base else None


@lru_cache(maxsize=256)
def _prefixed(trunk: Trunk, prefix: str) -> Trunk:
    """Kept, so that its patterns are compiled once and not at every look at a task."""
    return trunk.with_prefix(prefix)


def _line(value: str) -> _Line | None:
    found = _LINE.fullmatch(value.strip())
    if found is None:
        return None
    technology = found[1].lower()
    return _Line("sip" if technology == "pjsip" else technology, found[2], found[3] or "")
