"""The rows of `cdr` and the days, made from a call's record and read back. No value is an error."""

from datetime import UTC, datetime, timedelta
from typing import Any

from uncall_ari.calls.records import CallLog, Direction
from uncall_ari.media.names import AUDIO
from uncall_ari.store.times import Times
from uncall_ari.store.values import integer, words

ANSWERED = "ANSWERED"
LONGEST_UID = 32

# What `log_from` reads, in its order.
READ = (
    "uniqueid, action_id, src, dst, extension, direction, calltype, dcontext, channel, dstchannel, calldate, duration, "
    "billsec, disposition, userfield"
)


def cut(value: str, length: int) -> str:
    """The value as a text column of this length takes it: shortened, with ? for what is no character."""
    return value[:length].encode("utf-8", "replace").decode().replace("\0", "?")


def caller_id(caller: str) -> str:
    """`clid`: a caller without a name, as Asterisk writes it."""
    return f'"" <{cut(caller, 75)}>'


def user_field(recording: str) -> str:
    """`userfield`: the recording's file name as clients expect it, "" for none."""
    return cut(f"{AUDIO}{recording}", 255) if recording else ""


def cdr_row(times: Times, call: CallLog, now: datetime) -> dict[str, object]:
    """The columns of a call's row, by their names."""
    talked = (call.ended_at - call.answered_at).total_seconds() if call.answered_at else 0.0
    return {
        "calldate": times.wall(call.started_at),
        "clid": caller_id(call.caller),
        "src": cut(call.caller, 80),
        "dst": cut(call.callee, 80),
        "dcontext": cut(call.context, 80),
        "channel": cut(call.channel, 80),
        "dstchannel": cut(call.other_channel, 80),
        "lastapp": "Stasis",
        "lastdata": "",
        "duration": max(0, round((call.ended_at - call.started_at).total_seconds())),
        "billsec": max(0, round(talked)),
        "disposition": cut(call.disposition, 45),
        "amaflags": 3,
        "accountcode": "",
        "uniqueid": cut(call.uid, LONGEST_UID),
        "calltype": "outcall" if call.outbound else "standard",
        "addtime": times.wall(now),
        "userfield": user_field(call.recording),
        "action_id": cut(call.action_id, 64),
        "extension": cut(call.extension, 32),
        "direction": call.direction.value,
    }


def recording_from(userfield: object) -> str:
    """The file name in a `userfield`, "" for none."""
    return words(userfield).removeprefix(AUDIO)


def log_from(times: Times, row: Any) -> CallLog:
    """The record in a row of `READ`; moments to the second."""
    uid, action_id, src, dst, extension, direction, kind, context, channel, other = map(words, row[:10])
    started = times.from_wall(row[10]) or datetime.fromtimestamp(0, UTC)
    ended = started + timedelta(seconds=integer(row[11]))
    disposition = words(row[13])
    return CallLog(
        uid=uid,
        action_id=action_id,
        caller=src,
        callee=dst,
        extension=extension,
        direction=Direction.OUT if direction == Direction.OUT else Direction.IN,
        outbound=kind == "outcall",
        context=context,
        channel=channel,
        other_channel=other,
        started_at=started,
        answered_at=ended - timedelta(seconds=integer(row[12])) if disposition == ANSWERED else None,
        ended_at=ended,
        disposition=disposition,
        recording=recording_from(row[14]),
    )
