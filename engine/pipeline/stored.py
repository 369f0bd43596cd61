"""Answers that are kept: shown, deleted, cancelled, and what they were asked with; or their provider is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from ..compile.snapshot import Target
from ..protocol import Call, RequestRejected
from ..store import StoredAnswer
from ..upstream.client import Transport
from . import passthrough, send
from .attempts import tried
from .endpoint import shown
from .errors import Problem
from .exchange import Exchange
from .plan import Plan
from .request import STORED
from .respond import deliver
from .state import is_keeper

_JSON = {"content-type": "application/json"}


async def answer_stored(exchange: Exchange, transports: Mapping[str, Transport]) -> bool:
    """Answer an endpoint whose operation is about a kept answer; false for every other operation.

    Raises Problem when there is no such answer of the key's group.
    """
    endpoint = exchange.endpoint
    assert endpoint is not None
    if not endpoint.operation.startswith(STORED):
        return False
    answer = await find(exchange)
    if answer.provider is not None:
        await _pass_on(exchange, answer, transports)
    else:
        await answer_here(exchange, answer)
    return True


async def find(exchange: Exchange) -> StoredAnswer:
    """The answer that is asked for. Raises Problem; an answer of another group is one that is not there."""
    endpoint, client, key = exchange.endpoint, exchange.client, exchange.key
    assert endpoint is not None
    assert endpoint.answer is not None
    assert client is not None
    assert key is not None
    wanted = endpoint.stream
    exchange.stream = bool(wanted(exchange.context())) if callable(wanted) else wanted
    id = str(endpoint.answer(exchange.context()))
    answer = await exchange.memory.find(id, exchange.snapshot.settings)
    if answer is None or (answer.group, answer.protocol) != (key.group, client.name):
        raise _unknown(id)
    return answer


async def answer_here(exchange: Exchange, answer: StoredAnswer) -> None:
    """Answer a question about an answer that is kept here. Raises Problem."""
    assert exchange.endpoint is not None
    await _OPERATIONS[exchange.endpoint.operation](exchange, answer)


async def _show(exchange: Exchange, answer: StoredAnswer) -> None:
    client, call = exchange.client, exchange.call()
    assert client is not None
    if exchange.stream:
        raise Problem("unsupported", "An answer that is kept is not streamed again.", code="unsupported_field")
    try:
        request = client.decode_request(orjson.loads(answer.body), call)
    except RequestRejected:
        request = {}  # one that only goes on, and says nothing itself
    call.request = {**request, "state": {**(request.get("state") or {}), "store": True}}
    response = orjson.loads(answer.response)
    await exchange.reply.whole(200, _JSON, orjson.dumps(client.encode_response(response, call)))


async def _delete(exchange: Exchange, answer: StoredAnswer) -> None:
    assert exchange.client is not None
    await exchange.memory.forget(answer.id)
    await exchange.reply.whole(200, _JSON, orjson.dumps(exchange.client.encode_deleted(answer.id, exchange.call())))


async def _cancel(exchange: Exchange, answer: StoredAnswer) -> None:  # noqa: ARG001 - all operations are called alike
    raise Problem("invalid_request", "Only an answer that is made in the background can be cancelled.")


async def _list(exchange: Exchange, answer: StoredAnswer) -> None:
    assert exchange.client is not None
    try:
        listed = exchange.client.encode_inputs(answer.id, orjson.loads(answer.body), exchange.call())
    except RequestRejected as fault:
        raise Problem.of(fault.error) from fault
    await exchange.reply.whole(200, _JSON, orjson.dumps(listed))


_OPERATIONS = {"stored": _show, "stored.delete": _delete, "stored.cancel": _cancel, "stored.inputs": _list}


@dataclass(frozen=True, slots=True)
class Asking(passthrough.Passthrough):
    """The plan of a question about an answer that a provider keeps."""

    def answer(self, raw: bytes) -> bytes:
        """The same bytes, whatever they say."""
        return raw


async def _pass_on(exchange: Exchange, answer: StoredAnswer, transports: Mapping[str, Transport]) -> None:
    """Have the provider that keeps an answer say what the client asks. Raises Problem when it cannot be asked."""

    def planned(exchange: Exchange, target: Target) -> Plan:
        if target.provider.id != answer.provider:
            raise _unknown(answer.id)
        return plan_for(exchange, target)

    failure = await tried(exchange, [keeper(exchange, answer)], transports, planned, deliver)
    if failure is not None:
        await send.give_up(exchange, failure)
    elif exchange.endpoint is not None and exchange.endpoint.operation == "stored.delete":
        await exchange.memory.forget(answer.id)


def keeper(exchange: Exchange, answer: StoredAnswer) -> Target:
    """The target that keeps an answer. Raises Problem when the key's group has it no longer."""
    assert exchange.client is not None
    assert exchange.key is not None
    exchange.model = answer.model
    for target in exchange.snapshot.resolve(answer.model, exchange.key.group):
        if target.provider.id == answer.provider and is_keeper(exchange, target):
            return target
    raise _unknown(answer.id)


def _unknown(id: str) -> Problem:
    return Problem("not_found", f"There is no answer {shown(id)}.", code="unknown_answer")


def plan_for(exchange: Exchange, target: Target) -> Plan:
    """How a provider is asked about an answer that it keeps."""
    client = exchange.client
    assert client is not None
    upstream = target.provider.services[client.name].protocol
    request = {"stream": exchange.stream}
    return Asking(client, upstream, Call(), exchange.raw, request, exchange.snapshot.settings.max_event)
