"""Answers that are kept: shown, deleted, cancelled, and what they were asked with; or their provider is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from ..compile.snapshot import Target
from ..protocol import Call, RequestRejected
from ..protocol.stored import behind
from ..store import Store, StoredAnswer, StoredConversation
from ..upstream.client import Transport, UpstreamResponse
from . import passthrough, send
from .attempts import tried
from .endpoint import shown
from .errors import Problem
from .exchange import Exchange
from .plan import Plan
from .request import STORED
from .respond import UNTOUCHED, deliver
from .state import is_keeper

Kept = StoredAnswer | StoredConversation
Change = Callable[[Store], object]

_GONE = "stored.delete"
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
    if answer.provider is None:
        await answer_here(exchange, answer)
    else:
        forget: Change | None = (lambda store: store.delete_answer(answer.id)) if endpoint.operation == _GONE else None
        await pass_on(exchange, answer, unknown_answer(answer.id), transports, forget)
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
        raise unknown_answer(id)
    return answer


async def answer_here(exchange: Exchange, answer: StoredAnswer) -> None:
    """Answer a question about an answer that is kept here. Raises Problem."""
    assert exchange.endpoint is not None
    await _OPERATIONS[exchange.endpoint.operation](exchange, answer)


async def _show(exchange: Exchange, answer: StoredAnswer) -> None:
    client, call = exchange.client, exchange.call()
    assert client is not None
    try:
        request = client.decode_request(orjson.loads(answer.body), call)
    except RequestRejected:
        request = {}  # one that only goes on, and says nothing itself
    call.request = {**request, "state": {**(request.get("state") or {}), "store": True}}
    response = orjson.loads(answer.response)
    if exchange.stream:
        await _play(exchange, client.encode_whole_stream(response, call))
    else:
        await exchange.reply.whole(200, _JSON, orjson.dumps(client.encode_response(response, call)))


async def _play(exchange: Exchange, stream: bytes) -> None:
    """Send a whole stream, or what of it the client does not have."""
    assert exchange.endpoint is not None
    assert exchange.client is not None
    framing = exchange.client.framing
    seen = exchange.endpoint.seen(exchange.context()) if exchange.endpoint.seen is not None else None
    rest = stream if type(seen) is not int else behind(framing, stream, seen + 1)
    await exchange.reply.start(200, {"content-type": framing.media_type, **UNTOUCHED})
    await exchange.reply.write(rest)
    await exchange.reply.finish()


async def _delete(exchange: Exchange, answer: StoredAnswer) -> None:
    assert exchange.client is not None
    await exchange.memory.change(lambda store: store.delete_answer(answer.id))
    deleted = exchange.client.stored.encode_deleted(answer.id, exchange.call())
    await exchange.reply.whole(200, _JSON, orjson.dumps(deleted))


async def _cancel(exchange: Exchange, answer: StoredAnswer) -> None:  # noqa: ARG001 - all operations are called alike
    raise Problem("invalid_request", "Only an answer that is made in the background can be cancelled.")


async def _list(exchange: Exchange, answer: StoredAnswer) -> None:
    assert exchange.client is not None
    try:
        listed = exchange.client.stored.encode_inputs(answer.id, orjson.loads(answer.body), exchange.call())
    except RequestRejected as fault:
        raise Problem.of(fault.error) from fault
    await exchange.reply.whole(200, _JSON, orjson.dumps(listed))


_OPERATIONS = {"stored": _show, _GONE: _delete, "stored.cancel": _cancel, "stored.inputs": _list}


@dataclass(slots=True)
class Asking(passthrough.Passthrough):
    """The plan of a question about what a provider keeps."""

    def answer(self, raw: bytes) -> bytes:
        """The same bytes, whatever they say."""
        return raw


async def pass_on(
    exchange: Exchange, kept: Kept, unknown: Problem, transports: Mapping[str, Transport], forget: Change | None
) -> None:
    """Have the provider that keeps something say what the client asks; what it does not refuse is forgotten, if wanted.

    Raises Problem when it cannot be asked: `unknown` when the key's group has it no longer.
    """

    async def answered(exchange: Exchange, plan: Plan, response: UpstreamResponse) -> None:
        if forget is not None:  # before the client knows, for it may ask again at once
            await exchange.memory.change(forget)
        await deliver(exchange, plan, response)

    def planned(exchange: Exchange, target: Target) -> Plan:
        if target.provider.id != kept.provider:
            raise unknown
        return plan_for(exchange, target)

    failure = await tried(exchange, [keeper(exchange, kept, unknown)], transports, planned, answered)
    if failure is not None:
        await send.give_up(exchange, failure)


def keeper(exchange: Exchange, kept: Kept, unknown: Problem) -> Target:
    """The target that keeps something. Raises `unknown` when the key's group has it no longer."""
    assert exchange.client is not None
    assert exchange.key is not None
    exchange.model = kept.model or ""
    for target in exchange.snapshot.resolve(exchange.model, exchange.key.group):
        if target.provider.id == kept.provider and is_keeper(exchange, target):
            return target
    raise unknown


def unknown_answer(id: str) -> Problem:
    """The error of an answer that is not there, or is another group's."""
    return Problem("not_found", f"There is no answer {shown(id)}.", code="unknown_answer")


def plan_for(exchange: Exchange, target: Target) -> Plan:
    """How a provider is asked about what it keeps."""
    client = exchange.client
    assert client is not None
    upstream = target.provider.services[client.name].protocol
    request = {"stream": exchange.stream}
    return Asking(client, upstream, Call(), exchange.raw, request, exchange.snapshot.settings.max_event)
