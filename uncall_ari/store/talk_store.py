"""The store's methods for the calls of people: pops, records, survey scores."""

from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from uncall_ari.calls.records import CallLog, Direction, Pop, SurveyScore
from uncall_ari.media.names import AUDIO
from uncall_ari.store.door import Door
from uncall_ari.store.times import Times
from uncall_ari.store.values import integer, words

# ruff: noqa: S608 - the statements are put together from constants and from a checked name of the settings
log = structlog.get_logger(__name__)

_IGNORE = {"mysql": "INSERT IGNORE", "sqlite": "INSERT OR IGNORE"}
_WIDEST = 80  # of the text columns of `cdr`


class TalkStore(Door):
    """What CRMs read of calls. Writing the same again changes nothing."""

    calls_database = ""  # the MySQL database of these tables, "" for the connection's own
    _day = ""  # the last one that has its view

    async def pop(self, pop: Pop) -> None:
        """Note a call that an agent's screen is to show."""
        values = {
            "at": self._times.wall(pop.at),
            "calla": pop.caller[:35],
            "callb": pop.callee[:35],
            "uid": pop.uid[:30],
            "extension": pop.extension[:32],
        }
        columns = "(activation, calla, callb, uid, Stats, action, pjid, extension)"
        row = "(:at, :calla, :callb, :uid, 0, 0, '', :extension)"
        await self._write(lambda c: c.execute(text(f"INSERT INTO {self._table('pop')} {columns} VALUES {row}"), values))

    async def popped(self, pop: Pop) -> None:
        """Note that the screen has shown it."""
        statement = text(f"UPDATE {self._table('pop')} SET Stats = 1 WHERE uid = :uid AND extension = :extension")
        values = {"uid": pop.uid[:30], "extension": pop.extension[:32]}
        await self._write(lambda c: c.execute(statement, values))

    async def log_call(self, call: CallLog) -> None:
        """Keep the record of a call that is over."""
        values = _row(self._times, call)
        names = ", ".join(values)
        slots = ", ".join(f":{name}" for name in values)

        def work(connection: Connection) -> None:
            verb = _IGNORE[connection.dialect.name]
            connection.execute(text(f"{verb} INTO {self._table('cdr')} ({names}) VALUES ({slots})"), values)

        await self._write(work)
        await self._view_of_the_day(call.started_at.astimezone(self._times.zone))

    async def survey(self, score: SurveyScore) -> None:
        """Keep a customer's answer to the survey; the first one stays."""
        values = {
            "uid": score.uid,
            "extension": score.extension[:32],
            "score": score.score[:8],
            "at": self._times.wall(score.at),
        }

        def work(connection: Connection) -> None:
            verb, table = _IGNORE[connection.dialect.name], self._table("uncall_survey")
            connection.execute(text(f"{verb} INTO {table} VALUES (:uid, :extension, :score, :at)"), values)

        await self._write(work)

    async def recording_of(self, uid: str) -> str | None:
        """The file name of a call's recording, None while there is none."""
        statement = text(f"SELECT userfield FROM {self._table('cdr')} WHERE uniqueid = :uid")
        row = await self._read(lambda c: c.execute(statement, {"uid": uid}).first())
        return words(row[0]).removeprefix(AUDIO) or None if row is not None else None

    async def call_log(self, action_id: str) -> CallLog | None:
        """The record of the call that was ordered with this id, the latest; None when there is none."""
        columns = (
            "uniqueid, action_id, src, dst, extension, calltype, dcontext, channel, dstchannel, calldate, duration, "
            "billsec, disposition, userfield"
        )
        statement = text(
            f"SELECT {columns} FROM {self._table('cdr')} WHERE action_id = :id ORDER BY calldate DESC LIMIT 1"
        )
        row = await self._read(lambda c: c.execute(statement, {"id": action_id}).first()) if action_id else None
        if row is None:
            return None
        started = self._times.from_wall(row[9]) or datetime.fromtimestamp(0, UTC)
        ended = started + timedelta(seconds=integer(row[10]))
        answered = words(row[12]) == "ANSWERED"
        outbound = words(row[5]) == "outcall"
        return CallLog(
            uid=words(row[0]),
            action_id=words(row[1]),
            caller=words(row[2]),
            callee=words(row[3]),
            extension=words(row[4]),
            direction=Direction.OUT if outbound else Direction.IN,
            outbound=outbound,
            context=words(row[6]),
            channel=words(row[7]),
            other_channel=words(row[8]),
            started_at=started,
            answered_at=ended - timedelta(seconds=integer(row[11])) if answered else None,
            ended_at=ended,
            disposition=words(row[12]),
            recording=words(row[13]).removeprefix(AUDIO),
        )

    def _table(self, name: str) -> str:
        return f"{self.calls_database}.{name}" if self.calls_database else name

    async def _view_of_the_day(self, moment: datetime) -> None:
        """Give a day's calls the name under which programs look for them: cdro_2014_1_15, no zeros in front."""
        name = f"cdro_{moment.year}_{moment.month}_{moment.day}"
        if name == self._day:
            return
        day, next_day = moment.date().isoformat(), (moment.date() + timedelta(days=1)).isoformat()

        def work(connection: Connection) -> None:
            head = "CREATE OR REPLACE VIEW" if connection.dialect.name == "mysql" else "CREATE VIEW IF NOT EXISTS"
            of_day = f"calldate >= '{day}' AND calldate < '{next_day}'"
            view, cdr = self._table(name), self._table("cdr")
            connection.exec_driver_sql(f"{head} {view} AS SELECT * FROM {cdr} WHERE {of_day}")

        try:
            await self._write(work)
        except (DBAPIError, ValueError) as error:
            log.error("the view of a day's calls could not be made", view=name, reason=str(error))
        self._day = name


def _row(times: Times, call: CallLog) -> dict[str, object]:
    talked = (call.ended_at - call.answered_at).total_seconds() if call.answered_at else 0.0
    return {
        "calldate": times.wall(call.started_at),
        "clid": f'"" <{call.caller}>'[:_WIDEST],
        "src": call.caller[:_WIDEST],
        "dst": call.callee[:_WIDEST],
        "dcontext": call.context[:_WIDEST],
        "channel": call.channel[:_WIDEST],
        "dstchannel": call.other_channel[:_WIDEST],
        "duration": max(0, round((call.ended_at - call.started_at).total_seconds())),
        "billsec": max(0, round(talked)),
        "disposition": call.disposition[:45],
        "uniqueid": call.uid[:32],
        "calltype": "outcall" if call.outbound else "standard",
        "addtime": times.wall(call.ended_at),
        "userfield": f"{AUDIO}{call.recording}"[:255] if call.recording else "",
        "action_id": call.action_id[:64],
        "extension": call.extension[:32],
    }
