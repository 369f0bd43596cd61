"""The client's body: bounded, parsed once, and asked for the model and for whether to stream."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import orjson

from ..compile.endpoint import Endpoint
from ..wire.members import repeated
from ..wire.multipart import MEDIA_TYPE
from .errors import Problem
from .exchange import Exchange
from .form import Form

_MAX_MODEL = 256
_MAX_MEMBERS = 256
_MAX_BRACKETS = 1_000_000  # a text of as many tokens as any model reads has far fewer
_SHOWN = 64
_CHARSET = re.compile(r"charset[ \t]*=[ \t]*\"?([^\";, \t]*)")
_ASCII_AND_MORE = frozenset({"utf-8", "utf8", "us-ascii"})


async def receive(exchange: Exchange) -> None:
    """Fill in the raw body, the parsed one, the model and the stream flag. Raises Problem for what is malformed."""
    endpoint = exchange.endpoint
    assert endpoint is not None
    incoming = exchange.incoming
    _check_coding(exchange)
    bounds = _bounds(exchange, endpoint)
    if endpoint.forms and incoming.headers.get("content-type", "").lower().startswith(MEDIA_TYPE):
        exchange.form = await _form(exchange, endpoint, incoming.body_in_pieces(*bounds))
        exchange.body = exchange.form.fields
    else:
        _check_type(incoming.headers.get("content-type", ""))
        exchange.raw = await incoming.read_body(*bounds)
        exchange.body = parse(exchange.raw)
    exchange.model = _model(exchange, endpoint)
    exchange.stream = is_streamed(exchange)


async def receive_plain(exchange: Exchange) -> None:
    """Fill in the raw body and the parsed one of a request that asks no model; none is an empty object.

    Raises Problem for what is malformed.
    """
    assert exchange.endpoint is not None
    _check_coding(exchange)
    _check_type(exchange.incoming.headers.get("content-type", ""))
    exchange.raw = await exchange.incoming.read_body(*_bounds(exchange, exchange.endpoint))
    exchange.body = parse(exchange.raw or b"{}")


def _check_coding(exchange: Exchange) -> None:
    """Raise Problem for a body that is compressed."""
    if exchange.incoming.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem("invalid_request", "Send the body without a content coding.", status=415)


def _bounds(exchange: Exchange, endpoint: Endpoint) -> tuple[int, float]:
    """How large a body may be, and how long it may take."""
    settings = exchange.snapshot.settings
    return endpoint.max_body or settings.max_body, settings.body_timeout


def is_streamed(exchange: Exchange) -> bool:
    """Whether the client wants a stream, as far as is known: a form may say so behind its files."""
    assert exchange.endpoint is not None
    wanted = exchange.endpoint.stream
    return bool(wanted(exchange.context())) if callable(wanted) else wanted


def _check_type(content_type: str) -> None:
    """Raise Problem for a body that says of itself that it is no JSON in UTF-8; who says nothing means that."""
    if content_type in {"", "application/json"}:
        return
    media_type, _, parameters = content_type.lower().partition(";")
    kind = media_type.strip()
    charsets = _CHARSET.findall(parameters)
    if (kind != "application/json" and not kind.endswith("+json")) or not _ASCII_AND_MORE.issuperset(charsets):
        message = "Send the body as application/json in UTF-8."
        raise Problem("invalid_request", message, status=415, code="unsupported_media_type")


async def _form(exchange: Exchange, endpoint: Endpoint, pieces: AsyncIterator[bytes]) -> Form:
    """The form, read as far as its model. Raises Problem."""
    headers = exchange.incoming.headers
    length = int(headers.get("content-length") or 0)
    form = Form(headers["content-type"], length, pieces, endpoint.model_member or "", exchange.keeping)
    try:
        await form.find_model()
    except BaseException:
        form.close()
        raise
    return form


def parse(raw: bytes) -> dict[str, object]:
    """The JSON object in `raw`. Raises Problem with the place of the fault, never with the text around it.

    A body that has a member twice means different things to different readers.
    """
    if not raw.strip():
        raise Problem("invalid_request", "The body is empty; send a JSON object.", code="invalid_json")
    if len(raw) > _MAX_BRACKETS and raw.count(b"[") + raw.count(b"{") > _MAX_BRACKETS:
        message = f"The body holds more than {_MAX_BRACKETS} objects and lists."
        raise Problem("invalid_request", message, code="too_many_members")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as fault:
        place = f"line {fault.lineno} column {fault.colno}"
        message = f"The body is not valid JSON: {fault.msg.partition(':')[0]} at {place}."
        raise Problem("invalid_request", message, code="invalid_json") from fault
    if not isinstance(body, dict):
        raise Problem("invalid_request", "The body must be a JSON object.", code="invalid_json")
    if len(body) > _MAX_MEMBERS:
        raise Problem("invalid_request", f"The body has more than {_MAX_MEMBERS} members.", code="too_many_members")
    if (twice := repeated(raw, body)) is not None:
        message = f"The body has {twice[:_SHOWN]!r} twice."
        raise Problem("invalid_request", message, param=twice[:_SHOWN], code="duplicate_key")
    return body


def _model(exchange: Exchange, endpoint: Endpoint) -> str:
    """The name of the wanted model."""
    member = endpoint.model_member
    model = endpoint.model(exchange.context()) if endpoint.model is not None else None
    if not isinstance(model, str) or not model:
        raise Problem("invalid_request", "The request names no model.", param=member, code="missing_model")
    if len(model) > _MAX_MODEL or not model.isprintable():
        raise Problem("invalid_request", "The model's name is not a name.", param=member, code="invalid_model")
    return model
