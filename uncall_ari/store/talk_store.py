"""The store's methods for the calls of people: pops, records, survey scores."""

from datetime import UTC, date, datetime

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from uncall_ari.calls.records import CallLog, Pop, SurveyScore
from uncall_ari.errors import StoreUnavailable
from uncall_ari.store.creating import create
from uncall_ari.store.database import is_missing_table
from uncall_ari.store.door import Door
from uncall_ari.store.talk_rows import ANSWERED, LONGEST_UID, READ, cdr_row, cut, log_from, recording_from, user_field
from uncall_ari.store.talk_tables import call_table, day_table_name, qualified
from uncall_ari.store.values import words

# ruff: noqa: S608 - the statements are put together from constants, dates, and a checked name of the settings

_IGNORE = {"mysql": "INSERT IGNORE", "sqlite": "INSERT OR IGNORE"}


class TalkStore(Door):
    """What CRMs read of calls. Writing the same again changes nothing."""

    _day = ""  # the table of a day that was made last

    async def pop(self, pop: Pop) -> None:
        """Note a call that an agent's screen is to show."""
        values = _pop_values(pop.uid, pop.extension) | {
            "at": self._times.wall(pop.at),
            "calla": cut(pop.caller, 35),
            "callb": cut(pop.callee, 35),
        }
        table = self._table("pop")
        there = text(f"SELECT 1 FROM {table} WHERE uid = :uid AND extension = :extension AND activation = :at")
        insert = text(
            f"INSERT INTO {table} (activation, calla, callb, uid, Stats, action, pjid, extension) "
            "VALUES (:at, :calla, :callb, :uid, 0, 0, '', :extension)"
        )

        def work(connection: Connection) -> None:
            if connection.execute(there, values).first() is None:
                connection.execute(insert, values)

        await self._write(work)

    async def popped(self, uid: str, extension: str) -> None:
        """Note that the extension's screen has shown the call."""
        statement = text(f"UPDATE {self._table('pop')} SET Stats = 1 WHERE uid = :uid AND extension = :extension")
        values = _pop_values(uid, extension)
        await self._write(lambda c: c.execute(statement, values))

    async def talk_begun(self, log: CallLog) -> None:
        """Note a call that goes on, so that its record survives a killed engine."""
        values = {"uid": cut(log.uid, LONGEST_UID), "log": msgspec.json.encode(log).decode()}
        insert = f"INTO {self._table('uncall_talk')} (uid, log) VALUES (:uid, :log)"
        await self._write(lambda c: c.execute(text(f"{_IGNORE[c.dialect.name]} {insert}"), values))

    async def talk_done(self, uid: str) -> None:
        """All that is to be kept of a call is kept."""
        statement = text(f"DELETE FROM {self._table('uncall_talk')} WHERE uid = :uid")
        await self._write(lambda c: c.execute(statement, {"uid": cut(uid, LONGEST_UID)}))

    async def open_talks(self) -> list[CallLog]:
        """The calls that are not done: they go on, or an engine was killed."""
        rows = await self._read(lambda c: c.execute(text(f"SELECT log FROM {self._table('uncall_talk')}")).all())
        return [msgspec.json.decode(words(row[0]), type=CallLog) for row in rows]

    async def log_call(self, log: CallLog) -> None:
        """Keep the record of a call that is over, in `cdr` and in its day's table, both or none."""
        values = cdr_row(self._times, log, datetime.now(UTC))
        there = text(f"SELECT 1 FROM {self._table('cdr')} WHERE uniqueid = :uniqueid")
        names, slots = ", ".join(values), ", ".join(f":{name}" for name in values)
        day = day_table_name(self._local_day(log.started_at))
        inserts = [f"INTO {self._table(name)} ({names}) VALUES ({slots})" for name in ("cdr", day)]

        def work(connection: Connection) -> None:
            # Looked for, because a `cdr` that others have made may have no unique key.
            if connection.execute(there, values).first() is None:
                for insert in inserts:
                    connection.execute(text(f"{_IGNORE[connection.dialect.name]} {insert}"), values)

        if day != self._day:
            await self._make_call_tables(day)
        try:
            await self._write(work)
        except StoreUnavailable:
            self._day = ""  # for the case that somebody has dropped it
            raise

    async def call_log(self, action_id: str) -> CallLog | None:
        """The record of the call that was ordered with this id, the latest; None when there is none."""
        if not action_id:
            return None
        latest = "ORDER BY calldate DESC, uniqueid DESC LIMIT 1"
        statement = text(f"SELECT {READ} FROM {self._table('cdr')} WHERE action_id = :id {latest}")
        row = await self._read(lambda c: c.execute(statement, {"id": cut(action_id, 64)}).first())
        return log_from(self._times, row) if row is not None else None

    async def recording_of(self, uid: str) -> str | None:
        """The file name of a call's recording, None while there is none."""
        statement = text(f"SELECT userfield FROM {self._table('cdr')} WHERE uniqueid = :uid")
        row = await self._read(lambda c: c.execute(statement, {"uid": cut(uid, LONGEST_UID)}).first())
        return recording_from(row[0]) or None if row is not None else None

    async def agent_of(self, uid: str) -> str:
        """The extension that a call's customer talks or talked with, "" for none."""
        talks = text(f"SELECT log FROM {self._table('uncall_talk')} WHERE uid = :uid")
        kept = text(f"SELECT extension FROM {self._table('cdr')} WHERE uniqueid = :uid AND disposition = '{ANSWERED}'")
        values = {"uid": cut(uid, LONGEST_UID)}

        def work(connection: Connection) -> str:
            talk = connection.execute(talks, values).scalar()
            if talk is not None:
                return msgspec.json.decode(words(talk), type=CallLog).extension
            return words(connection.execute(kept, values).scalar())

        return await self._read(work)

    async def set_recording(self, uid: str, name: str) -> None:
        """Note the recording of a call whose record is written already; "" takes it away."""
        values = {"uid": cut(uid, LONGEST_UID), "field": user_field(name)}
        called = text(f"SELECT calldate FROM {self._table('cdr')} WHERE uniqueid = :uid")

        def work(connection: Connection) -> None:
            row = connection.execute(called, values).first()
            moment = self._times.from_wall(row[0]) if row is not None else None
            days = [day_table_name(self._local_day(moment))] if moment else []
            for name in ("cdr", *days):
                _set_user_field(connection, self._table(name), values)

        await self._write(work)

    async def survey(self, score: SurveyScore) -> None:
        """Keep a customer's answer to the survey; the first one stays."""
        values = {
            "uid": cut(score.uid, LONGEST_UID),
            "extension": cut(score.extension, 32),
            "score": cut(score.score, 8),
            "at": self._times.wall(score.at),
        }
        insert = (
            f"INTO {self._table('uncall_survey')} (uid, extension, score, at) VALUES (:uid, :extension, :score, :at)"
        )
        await self._write(lambda c: c.execute(text(f"{_IGNORE[c.dialect.name]} {insert}"), values))

    def _table(self, name: str) -> str:
        return qualified(self.calls_database, name)

    def _local_day(self, moment: datetime) -> date:
        return moment.astimezone(self._times.zone).date()

    async def _make_call_tables(self, day: str) -> None:
        """Not within the record's transaction: on MySQL making a table commits."""

        def work(connection: Connection) -> None:
            for name in ("cdr", day):
                create(connection, call_table(self.calls_database, name))

        await self._write(work)
        self._day = day


def _pop_values(uid: str, extension: str) -> dict[str, str]:
    return {"uid": cut(uid, 30), "extension": cut(extension, 32)}


def _set_user_field(connection: Connection, table: str, values: dict[str, str]) -> None:
    """A day's table that somebody has dropped is passed over."""
    try:
        connection.execute(text(f"UPDATE {table} SET userfield = :field WHERE uniqueid = :uid"), values)
    except DBAPIError as error:
        if not is_missing_table(error):
            raise
