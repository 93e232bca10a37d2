"""The method that tells a client that it has reached the service."""

from api.engine import Engine
from api.methods.declaration import Method, Param, Row


async def _hello(_engine: Engine, text: str) -> list[Row]:
    return [(f"UncallWorld:{text}",)]


METHODS = (
    Method(
        "UncallWorld",
        says=("测试接口", "Say hello: for testing the connection."),
        params=(Param("text", "text", says="any text"),),
        handler=_hello,
        fields=("Response",),
        answers="bare",
        root="uncall",
    ),
)
