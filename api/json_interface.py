"""The JSON interface, `http_uncall_api.php?model=METHOD&…` (contract section 2): the same methods as the SOAP service
has, under other names. Answers are `{"status": true or false, "msg": …, "data": …}`, every value a text, as PHP made
them. Clients read `msg` as a text, and take an answer without `data` for a failure: so success always has some.
"""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from api.audit import call
from api.auth import cross_site
from api.engine import Engine
from api.incidents import incident
from api.methods import METHODS, Method, Param, Unusable, preview
from api.methods.agents import VIEWS
from api.methods.declaration import Check, Refusal, Row
from api.methods.live import LIVE
from api.methods.why import WHY_NOT
from api.outcome import Failure
from uncall_ari.errors import WhyNot
from uncall_ari.media.names import AUDIO

BODY_SECONDS = 30  # for a client to send its form
_PATHS = ("/http_uncall_api.php", "/uncall_api/http_uncall_api.php")
_BY_NAME = {method.name: method for method in METHODS}

Told = Callable[[Sequence[Row]], tuple[object, object]]
"""Makes `msg` and `data` of a method's rows."""


@dataclass(frozen=True, slots=True)
class Model:
    """One value of `model`."""

    method: Method
    told: Told
    nothing: str = ""  # the `msg` of a failure when the method answers no row; "" where none is a success


class _Broken(Exception):
    """A request that cannot be read, with the sentence for the client."""


def json_routes() -> list[web.RouteDef]:
    """The routes, to be added to an application that has a FACADE. HEAD is none: it would carry out commands."""
    return [route for path in _PATHS for route in (web.get(path, _answer, allow_head=False), web.post(path, _answer))]


async def _answer(request: web.Request) -> web.Response:
    """Answer one request; whatever is wrong with it, or with us, is told in the same shape."""
    if cross_site(request.headers):
        return _json(False, "a page of another site may not call this service", http_status=403)
    try:
        given = await _given(request)
        name = given.get("model", "").strip()
        model = MODELS.get(name.lower())
        if model is None:
            return _json(False, "model is unknown" if name else "model is empty")
        outcome = await call(request, model.method, given)
        if isinstance(outcome, Failure):
            return _json(False, outcome.message)
        if model.nothing and not outcome.rows:
            return _json(False, model.nothing)
        return _json(True, *model.told(outcome.rows))
    except _Broken as broken:
        return _json(False, str(broken))
    except Exception as error:
        return _json(False, incident(error, request.path))


async def _given(request: web.Request) -> dict[str, str]:
    """The parameters: of the address, and of a form, which wins. Of several of one name the last counts, as in PHP.

    Raises _Broken.
    """
    given = dict(request.query.items())
    if request.method != "POST":
        return given
    try:
        async with asyncio.timeout(BODY_SECONDS):
            form = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise _Broken("the request is too large") from None
    except TimeoutError:
        raise _Broken("the request did not arrive in time") from None
    except (web.RequestPayloadError, HttpProcessingError, OSError, ValueError, LookupError):  # or an unknown charset
        raise _Broken("the request is damaged or broken off") from None
    return given | {name: value for name, value in form.items() if isinstance(value, str)}


def _json(status: bool, msg: object, data: object = None, http_status: int = 200) -> web.Response:
    text = json.dumps({"status": status, "msg": msg, "data": data}, ensure_ascii=False)
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, status=http_status, content_type="application/json", charset="utf-8")


# --- what the methods are called here ---------------------------------------------------------------------------


def _like(name: str, *params: str, optional: str = "") -> Method:
    """The method `name` of the SOAP service with its parameters renamed, in its order."""
    method = _BY_NAME[name]
    renamed = (
        replace(param, name=here, required=here != optional) for param, here in zip(method.params, params, strict=False)
    )
    return replace(method, params=(*renamed, *method.params[len(params) :]))


def _matching(pattern: str) -> Check:
    """The check of an id, blanks around it dropped."""

    def check(value: str, _engine: Engine) -> str:
        if re.fullmatch(pattern, value.strip()) is None:
            raise Unusable
        return value.strip()

    return check


async def _record(engine: Engine, action_id: str) -> list[Row]:
    """The record of a call that is over: none while it goes on."""
    kept = await engine.call_log(action_id)
    if kept is None:
        return []
    talked = (kept.ended_at - kept.answered_at).total_seconds() if kept.answered_at else 0.0
    return [
        (
            "outcall" if kept.outbound else "standard",
            max(0, round(talked)),  # seconds
            f"{kept.ended_at:%Y-%m-%d %H:%M:%S}",
            f"{AUDIO}{kept.recording}" if kept.recording else "",
            kept.disposition,
        )
    ]


_RECORD = ("calltype", "billsec", "addtime", "userfield", "disposition")
_GET_RECORD = Method(
    "getOneRecord",
    ("获取通话记录", "Tell the record of a call by the id that it was ordered with."),
    (Param("transactionId", "action_id", _matching("[!-~]{1,64}"), required=True),),
    _record,
    fields=_RECORD,
    root="uncall",
)


def _named(fields: Sequence[str], row: Row) -> dict[str, str]:
    return {field: str(value) for field, value in zip(fields, row, strict=True)}


def _status(row: Row) -> dict[str, str]:
    return _named(("id", "extension", "status"), (row[0], *row))  # real clients read `id`


def _clicked(rows: Sequence[Row]) -> tuple[object, object]:
    return rows[0][1], {"ActionID": str(rows[0][0])}


def _done(rows: Sequence[Row]) -> tuple[object, object]:
    return rows[0][0], {}


def _popped(rows: Sequence[Row]) -> tuple[object, object]:
    pop = _named(("calla", "callb", "uid", "status"), rows[0])
    return pop["uid"], pop


def _listed(method: Method) -> Model:
    """A method that answers a list, told as objects by its fields."""
    return Model(method, lambda rows: ("success", [_named(method.fields, row) for row in rows]))


def _hindered(rows: Sequence[Row]) -> tuple[object, object]:
    told = [_named(WHY_NOT.fields, row) for row in rows]
    return told[0]["code"] if told else "nothing", {"obstacles": told}


def _previewed(rows: Sequence[Row]) -> tuple[object, object]:
    number = _named(preview.NEXT.fields, rows[0])
    return number["mobile"], number


def _recorded(rows: Sequence[Row]) -> tuple[object, object]:
    records = [_named(_RECORD, row) for row in rows]
    return {"data": records}, records


_CLICK = _like("OnClickCall", "agent", "toTel", "transactionId", optional="transactionId")
_BRIDGE = _like("OnClickBridge", "agent", "toTel", "transactionId", optional="transactionId")
_CLICK_CALL = _like("OnClickCall", "extNum", "telNum", "transactionId", optional="transactionId")
_HANG_UP = replace(_like("hangUp", "agent"), refusals={WhyNot.NO_CALL: Refusal("2")})
_GET_RECORDING = replace(
    _like("getRecording", "uid"), params=(Param("uid", "uid", _matching("[0-9A-Za-z._-]{1,64}"), required=True),)
)

MODELS: dict[str, Model] = {
    name.lower(): replace(model, method=replace(model.method, name=name))
    for name, model in {
        "OnClickCall": Model(_CLICK, _clicked),
        "OnClickBridge": Model(_BRIDGE, _clicked),
        "ClickCall": Model(_CLICK_CALL, _clicked),
        "hangUp": Model(_HANG_UP, lambda _: ("1", {})),
        "popEvent": Model(_like("popEvent", "agent"), _popped, "no call"),
        "getRecording": Model(_GET_RECORDING, lambda rows: (rows[0][0], {"files": rows[0][0]}), "no recording"),
        "transferCall": Model(_like("transferCall", "extenTo", "extenFrom"), _done),  # extenFrom gets the call
        "listenCall": Model(_like("monitorExten", "extenFrom", "extenTo"), _done),  # extenFrom listens
        "getOneStatus": Model(_like("getExtenStatus", "exten"), lambda rows: (str(rows[0][1]), _status(rows[0]))),
        "getAllExtensStatus": Model(_like("getAllExtenStatus"), lambda rows: ("success", [*map(_status, rows)])),
        "getOneRecord": Model(_GET_RECORD, _recorded, "no record"),
        "signIn": Model(_like("signIn", "agent"), _done),
        "signOut": Model(_like("signOut", "agent"), _done),
        **{view.name: _listed(view) for view in (*VIEWS, *LIVE)},
        "whyNot": Model(WHY_NOT, _hindered),
        "previewNumber": Model(preview.NEXT, _previewed, "no number"),
        "previewCall": Model(preview.DIAL, lambda rows: (rows[0][0], {"uid": rows[0][0]})),
    }.items()
}
"""All models, by their names in small letters: PHP's methods know no case."""
