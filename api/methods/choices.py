"""The methods that list what a task can be made of: recordings, trunks, IVR menus and queues."""

import asyncio

from api.engine import Engine
from api.methods.checks import file_name
from api.methods.declaration import Method, Param, Row, Unusable


async def _recordings(engine: Engine, **_: str) -> list[Row]:
    return [(name,) for name in await asyncio.to_thread(engine.recordings.names)]


async def _delete_recording(engine: Engine, name: str) -> list[Row]:
    if not await asyncio.to_thread(engine.recordings.delete, name):
        raise Unusable("name is error")
    return [()]


async def _trunks(engine: Engine, **_: str) -> list[Row]:
    return [(choice.description, choice.value) for choice in engine.trunks()]


async def _ivr_targets(engine: Engine, **_: str) -> list[Row]:
    return [(choice.value, choice.description) for choice in engine.ivr_targets()]


async def _queues(engine: Engine, **_: str) -> list[Row]:
    return [(choice.value, choice.description) for choice in engine.queues()]


_ANY_AGENT = Param("strAgent", "agent", says="extension; any value, the answer is the same for all")

METHODS = (
    Method(
        "getReordingFilesList",
        says=("获取录音文件", "List the uploaded recordings."),
        params=(_ANY_AGENT,),
        handler=_recordings,
        fields=("name",),
        answers="list",
    ),
    Method(
        "delReordingFiles",
        says=("删除录音文件", "Delete an uploaded recording."),
        params=(Param("name", "name", file_name, says="file name"),),
        handler=_delete_recording,
        messages=("name is error",),
        changes=True,
    ),
    Method(
        "getTrunkList",
        says=("获取外线列表", "List the trunks."),
        params=(_ANY_AGENT,),
        handler=_trunks,
        fields=("description", "value"),
        answers="list",
    ),
    Method(
        "getIncomingIVR",
        says=("获取语音外呼 IVR 接听对象", "List the IVR menus that a task can lead to."),
        params=(_ANY_AGENT,),
        handler=_ivr_targets,
        fields=("value", "description"),
        answers="list",
    ),
    Method(
        "getIncomingQueues",
        says=("获取智能外呼队列接听对象", "List the queues that a task can lead to."),
        params=(_ANY_AGENT,),
        handler=_queues,
        fields=("value", "description"),
        answers="list",
    ),
)
