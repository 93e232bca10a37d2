"""[queue.VALUE]: a queue of agents. [agents]: how they work."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from uncall_ari.config.fields import Label, Section, setting
from uncall_ari.ivr.action import Action, CallExtension, GoMenu, GoQueue, HangUp, parse_action
from uncall_ari.queues import Member, Rules, Strategy

Extension = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
Skill = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
PLACES = (HangUp, GoMenu, CallExtension, GoQueue)


class MemberSettings(Section):
    """One of `members`: an agent of a queue. "801" alone is the same as {extension = "801"}."""

    extension: Extension = setting(..., "number of the agent's extension")
    penalty: int = setting(0, "who has a higher one gets calls only while nobody with a lower one is free", ge=0, le=99)
    skills: tuple[Skill, ...] = setting((), "what the agent can do; calls may ask for one of them")


class QueueSettings(Section):
    """[queue.VALUE]: a queue of agents."""

    description: Label = setting("", "what people call it, up to 100 characters")
    members: tuple[MemberSettings, ...] = setting((), "the agents, in the order of the strategy linear")
    strategy: Strategy = setting(Strategy.LONGEST_IDLE, "which of the free agents gets a call")
    ring_seconds: int = setting(15, "seconds that an agent's phone rings before another one's does", ge=5, le=120)
    wrap_up_seconds: int = setting(10, "seconds after a talk before the agent's next call", ge=0, le=3600)
    rest_seconds: int = setting(30, "seconds without calls for an agent who did not answer one", ge=0, le=3600)
    priority: int = setting(0, "calls of the queue with the higher one go first to agents of both", ge=-99, le=99)
    wait: Literal["music", "ringing"] = setting("music", "what a caller hears while he waits")
    announce_seconds: int = setting(0, "seconds between two announcements of a caller's place; 0: none", ge=0, le=600)
    record: bool | None = setting(None, "whether its talks are recorded; left out: as the trunk says, or [recording]")
    max_wait_seconds: int = setting(600, "seconds that a caller may wait", ge=5, le=7200)
    then: str = setting(
        "hang up",
        'where a caller goes after that, or when the queue has no agents: "hang up", "menu VALUE", '
        '"extension NUMBER" or "queue VALUE"',
    )

    @field_validator("members", mode="before")
    @classmethod
    def _plain_numbers(cls, raw: Any) -> Any:
        if not isinstance(raw, list | tuple):
            return raw
        return [{"extension": each} if isinstance(each, str) else each for each in raw]

    @field_validator("members")
    @classmethod
    def _once(cls, members: tuple[MemberSettings, ...]) -> tuple[MemberSettings, ...]:
        numbers = [each.extension for each in members]
        if len(set(numbers)) != len(numbers):
            raise ValueError("an extension stands in it twice")
        return members

    @field_validator("then")
    @classmethod
    def _known_place(cls, text: str) -> str:
        if not isinstance(parse_action(text), PLACES):
            raise ValueError('is no place for a caller: write "hang up", "menu VALUE" or "extension NUMBER"')
        return text

    def has(self, extension: str) -> bool:
        """Whether this extension is a member."""
        return any(each.extension == extension for each in self.members)

    @cached_property
    def onward(self) -> Action:
        """Where callers go who waited too long."""
        return parse_action(self.then)

    @cached_property
    def rules(self) -> Rules:
        """What the desk needs to know."""
        members = (Member(each.extension, each.penalty, frozenset(each.skills)) for each in self.members)
        return Rules(
            tuple(members), self.strategy, float(self.wrap_up_seconds), float(self.rest_seconds), self.priority
        )


class AgentSettings(Section):
    """[agents]: how the members of queues work."""

    sign_in: bool = setting(
        False, "whether members get calls only after they have signed in; else until they have signed out"
    )
