"""The satisfaction survey: the customer, alone after the talk, is asked for one key."""

from datetime import UTC, datetime

from uncall_ari.ari import HungUp, Leg
from uncall_ari.calls.records import SurveyScore
from uncall_ari.calls.talk import Party, Talk
from uncall_ari.flows.means import Means


async def survey(means: Means, talk: Talk, customer: Party, extension: str) -> None:
    """Ask `customer` how the talk with `extension` was, and keep the key, "" for none. Raises HungUp."""
    score = ""
    try:
        for _ in range(means.survey.repeats + 1):
            score = await _ask(means, customer.leg)
            if score:
                await customer.leg.play(*means.sounds([means.survey.thanks]))
                break
    except HungUp:
        pass
    finally:
        means.scribe.score(SurveyScore(talk.uid, extension, score, datetime.now(UTC)))


async def _ask(means: Means, customer: Leg) -> str:
    """Play the question and wait for a key that counts; a key stops the question. "" when none came."""
    playing = await customer.start_playing(*means.sounds([means.survey.prompt]))
    try:
        while (key := await customer.key(means.survey.seconds, during=playing)) not in means.survey.keys:
            pass
    except TimeoutError:
        return ""
    finally:
        await playing.stop()
    return key
