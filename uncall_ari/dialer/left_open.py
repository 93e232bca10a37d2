"""What is known of calls that an earlier process has left open. Pure."""

from datetime import datetime

from uncall_ari.dialer.plan import Plan
from uncall_ari.flows.story import Story
from uncall_ari.store.records import OpenCall


def left_story(left: OpenCall, plan: Plan | None, agent: str) -> Story:
    """What is known of a call that an earlier process left open; `agent` has talked with the customer, "": nobody."""
    story = Story(answered_at=left.answered_at, began=left.answered_at is not None)
    if plan is not None and plan.queue and left.answered_at is not None:
        story.queue = plan.queue
        story.began, story.waits_for_agent, story.extension = bool(agent), not agent, agent
    return story


def waited_of(story: Story, ended_at: datetime) -> float | None:
    """Seconds that a customer waited for an agent; of one whom no process saw waiting to the end, since his answer."""
    if story.waited is None and story.queue and story.waits_for_agent and story.answered_at is not None:
        return max(0.0, (ended_at - story.answered_at).total_seconds())
    return story.waited
