"""[[trunk]]: a line to the outside, what may be dialled on it, and how."""

from functools import cached_property

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
