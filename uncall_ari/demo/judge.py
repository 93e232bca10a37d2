"""What each number's row in the database must say, judged by what the carrier saw of it. Pure.

Written from the contract (section 5, `call_status`) and from SIP's own words, not from the engine's code: a mistake
in the engine's mapping must show here.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

HEARD: Final = -15.0  # dBFS: at or above, a tone was heard; it is sent at -12
CALL_BACK_KEY: Final = "9"
AGENT_KEY: Final = "0"
SECONDS_APART: Final = 1  # by which two counts of whole seconds may differ

SUCCESS, CALL_BACK, FAILED, IGNORED = 1, 2, 3, 5
STATUS_WORDS: Final = {
    0: "not called 未呼叫",
    SUCCESS: "success 呼叫成功",
    CALL_BACK: "to call back 待回访",
    FAILED: "failed 呼叫失败",
    4: "calling 呼叫中",
    IGNORED: "ignored 忽略",
}
# What the called side answered, and how a report must call it. 487 (RFC 3261, 9.2): the caller gave up ringing.
REFUSALS: Final = {
    404: "unallocated",
    486: "busy",
    487: "no-answer",
    503: "congestion",
    603: "rejected",
}


@dataclass(frozen=True, slots=True)
class Deed:
    """What the carrier's books say about one number."""

    number: str
    times: int = 0  # calls that came for it
    status: int = 0  # SIP status that the call was answered with
    seconds: float = 0.0  # from the answer to the end
    hung_up: bool = False  # the called side ended it
    keys: str = ""  # pressed, in order
    sound: float = 0.0  # seconds in which something was heard
    recording: float = -99.0  # dBFS of the recording's tone, where it was loudest
    agent: float = -99.0  # dBFS of the agent's tone
    heard_by_agent: float = -99.0  # dBFS of this party's tone at the agent's phone

    @property
    def answered(self) -> bool:
        return self.status == 200

    @property
    def listened(self) -> bool:
        """Whether nothing but the menu itself could end it before its end."""
        return self.answered and not self.hung_up and not self.keys

    @property
    def talked(self) -> bool:
        return self.agent >= HEARD


@dataclass(frozen=True, slots=True)
class Row:
    """What the database says about one number: its row in `o_task_run_N`, and its attempts in `uncall_call`."""

    number: str
    status: int
    billsec: int = 0
    uid: str = ""
    extension: str = ""
    attempts: int = 1
    cause: str = ""
    keys: str = ""


class Expected(NamedTuple):
    """What a row must say."""

    status: int
    cause: str
    keys: str = ""
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One number: what it is, what happened, what is recorded, and where the two differ."""

    number: str
    kind: str
    deed: Deed
    row: Row | None
    problems: list[str] = field(default_factory=list)


def chosen(deed: Deed) -> list[str]:
    """Return the keys that were pressed, one entry each: the demo's menu takes single ones, wrong ones are kept too."""
    return list(deed.keys)


def expected(deed: Deed, forbidden: str, agent: str) -> Expected:
    """Return what the row must say. `forbidden`: why the number may not be dialled, "" when it may.

    `agent` is the extension that the menu connects with. Raises ValueError for an answer of the carrier that is
    none of the demo's.
    """
    if forbidden:
        return Expected(IGNORED, forbidden)
    if not deed.answered:
        if deed.status not in REFUSALS:
            raise ValueError(f"the carrier answered {deed.status}")
        return Expected(FAILED, REFUSALS[deed.status])
    keys = chosen(deed)
    said = " ".join(keys)
    if CALL_BACK_KEY in keys:
        return Expected(CALL_BACK, "call-back", said)
    if deed.recording < HEARD or (AGENT_KEY in keys and not deed.talked):
        return Expected(CALL_BACK, "abandoned", said)
    return Expected(SUCCESS, "answered", said, agent if deed.talked else "")


def judge(deed: Deed, row: Row | None, forbidden: str, agent: str) -> list[str]:
    """Return how the row of a number differs from what happened to it; [] when it does not."""
    if row is None:
        return ["has no row in the task's table"]
    if forbidden and deed.times:
        return [f"was dialled, though {forbidden}"]
    if not forbidden and deed.times != 1:
        return [f"was dialled {deed.times} times"]
    try:
        right = expected(deed, forbidden, agent)
    except ValueError as error:
        return [str(error)]
    return [*_differences(right, row), *_facts(deed, row)]


def _differences(right: Expected, row: Row) -> list[str]:
    problems = []
    if row.status != right.status:
        problems.append(f"call_status is {_word(row.status)}, not {_word(right.status)}")
    if row.cause != right.cause:
        problems.append(f"the cause is {row.cause!r}, not {right.cause!r}")
    if row.keys != right.keys:
        problems.append(f"the keys are {row.keys!r}, not {right.keys!r}")
    if row.extension != right.extension:
        problems.append(f"the extension is {row.extension!r}, not {right.extension!r}")
    if row.attempts != 1:
        problems.append(f"{row.attempts} attempts are recorded, not 1")
    if not row.uid:
        problems.append("call_uniqueid is empty")
    return problems


def _facts(deed: Deed, row: Row) -> list[str]:
    problems = []
    if abs(row.billsec - int(deed.seconds)) > SECONDS_APART:
        problems.append(f"call_billsec is {row.billsec}, the call had {deed.seconds:.1f} s")
    if deed.answered and deed.recording < HEARD:
        problems.append(f"the recording was not heard ({deed.recording:.0f} dBFS)")
    if deed.answered and deed.talked and deed.heard_by_agent < HEARD:
        problems.append(f"the agent did not hear the customer ({deed.heard_by_agent:.0f} dBFS)")
    return problems


def _word(status: int) -> str:
    return f"{status} {STATUS_WORDS.get(status, '?')}"
