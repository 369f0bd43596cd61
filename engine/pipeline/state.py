"""What a request goes on from: kept here or by a provider, restored before it is sent; and keeping what is answered."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import orjson

from ..compile.endpoint import State
from ..compile.snapshot import Target
from ..protocol import WireProtocol
from ..store import StoredAnswer
from .belonging import add, belong
from .endpoint import shown
from .errors import Problem
from .exchange import Continued, Exchange
from .plan import Plan
from .resolve import service_of

Json = dict[str, Any]

_RANDOM = 24  # bytes of our own ids
_ANSWER = "generate"
_OURS = ("previous", "store")  # members of a canonical request's state that we serve in the place of a target


async def restore(exchange: Exchange) -> None:
    """Fill in what the request goes on from, and leave only the targets that can.

    Raises Problem when that is not there: nothing is ever answered without what was said before.
    """
    state = exchange.endpoint.state if exchange.endpoint is not None else None
    if state is None:
        return
    context = exchange.context()
    exchange.keeps = exchange.endpoint is not None and exchange.endpoint.operation == _ANSWER and state.keep(context)
    previous = state.previous(context)
    conversation = state.conversation(context) if state.conversation is not None else None
    if exchange.keeps or conversation is not None:  # else nobody asks for it, and chance has its price
        exchange.answer_id = state.prefix + secrets.token_hex(_RANDOM)
    if previous is not None and conversation is not None:
        message = "A request goes on from an answer or belongs to a conversation, not both."
        raise Problem("invalid_request", message, param=state.conversation_member)
    if conversation is not None:
        await belong(exchange, conversation, state)
    elif previous is not None:
        await _go_on(exchange, previous, state)
    if exchange.elsewhere is not None:
        exchange.targets = [target for target in exchange.targets if _knows(exchange, target)]
        if not exchange.targets:
            raise exchange.elsewhere


async def _go_on(exchange: Exchange, previous: object, state: State) -> None:
    """Fill in what the request goes on from. Raises Problem when that is not there."""
    assert exchange.key is not None
    if not isinstance(previous, str) or not previous:
        raise Problem("invalid_request", "The id of an answer is text.", param=state.previous_member)
    group, settings = exchange.key.group, exchange.snapshot.settings
    found = await exchange.memory.recall(previous, group, settings)
    unknown = _unknown(f"There is no answer {shown(previous)} to go on from.", state)
    if found is None:  # perhaps a provider knows it
        exchange.continued, exchange.elsewhere = Continued(previous, previous), unknown
    elif found.answer.group != group:
        raise unknown
    elif found.answer.provider is not None:
        message = f"The answer {shown(previous)} is kept by another provider than those of {shown(exchange.model)}."
        exchange.continued = Continued(previous, found.answer.thread, provider=found.answer.provider)
        exchange.elsewhere = _unknown(message, state)
    elif found.lacking is not None:
        raise await _incomplete(exchange, previous, found.lacking, state)
    else:
        exchange.continued = Continued(previous, found.answer.thread, found.turns)


def check(exchange: Exchange, target: Target) -> None:
    """Raise Problem for a target that does not know what the request goes on from: it would answer without that."""
    if exchange.elsewhere is not None and not _knows(exchange, target):
        raise exchange.elsewhere


def _knows(exchange: Exchange, target: Target) -> bool:
    """Whether a target can know what a provider keeps."""
    known = exchange.continued or exchange.belongs
    provider = known.provider if known is not None else None
    return is_keeper(exchange, target) and provider in {None, target.provider.id}


async def _incomplete(exchange: Exchange, previous: str, lacking: str, state: State) -> Problem:
    """The error of a conversation of which not all can be had: a part of it is gone, or it is too long."""
    if await exchange.memory.find(lacking, exchange.snapshot.settings) is not None:
        message = f"The conversation up to {shown(previous)} is too long to be gone on with."
        return Problem("invalid_request", message, param=state.previous_member, code="conversation_too_long")
    if await exchange.memory.find_conversation(lacking, exchange.snapshot.settings) is not None:
        message = f"The answer {shown(previous)} belongs to the conversation {shown(lacking)}; name that."
        return Problem("invalid_request", message, param=state.previous_member, code="answer_of_conversation")
    message = f"What {shown(previous)} goes on from, {shown(lacking)}, is no longer kept."
    return _unknown(message, state)


def _unknown(message: str, state: State) -> Problem:
    return Problem("invalid_request", message, param=state.previous_member, code="previous_not_found")


def is_keeper(exchange: Exchange, target: Target) -> bool:
    """Whether a target keeps the state of conversations itself, and the client's protocol is what it is told in."""
    client = exchange.client
    assert client is not None
    service = service_of(target, client)
    return service.stored is not None and service.protocol.name == client.name


def keeps_itself(exchange: Exchange, target: Target) -> bool:
    """Whether a target keeps the answer to this request: it does not know a conversation that we restored."""
    return not exchange.restored and is_keeper(exchange, target)


def is_named_here(exchange: Exchange, target: Target) -> bool:
    """Whether the answer of a target gets an id of ours: it is kept here, or added to a conversation that is."""
    kept = exchange.keeps and not keeps_itself(exchange, target)
    return kept or (exchange.belongs is not None and exchange.belongs.here)


def addressed(exchange: Exchange, target: Target, upstream: WireProtocol, request: Json) -> Json:
    """Give the canonical request as a target is sent it: of the state that is kept here it is told nothing.

    A target that speaks the client's protocol, and so might keep the answer as well, is told not to.
    """
    if exchange.endpoint is None or exchange.endpoint.state is None or keeps_itself(exchange, target):
        return request
    said = request.get("state") or {}
    ours = (*_OURS, "conversation") if exchange.belongs is not None and exchange.belongs.here else _OURS
    state = {name: value for name, value in said.items() if name not in ours}
    assert exchange.client is not None
    if upstream.name == exchange.client.name:
        state["store"] = False
    rest = {**request, "state": state}
    if not state:
        del rest["state"]
    return rest


def told(exchange: Exchange, request: Json) -> Json:
    """Give the canonical request as the client's answer shows it: with whether the answer is kept."""
    if exchange.endpoint is None or exchange.endpoint.state is None:
        return request
    return {**request, "state": {**(request.get("state") or {}), "store": exchange.keeps}}


async def keep(exchange: Exchange, plan: Plan, response: Json | None) -> None:
    """Keep an answer that is whole, once, before the client can know its id; `response` is canonical.

    Of one that its provider keeps, only where it is. Raises Problem when it cannot be added to its conversation.
    """
    target, key, belongs = exchange.target, exchange.key, exchange.belongs
    if exchange.kept or not (exchange.keeps or _grows(exchange)):
        return
    assert target is not None
    assert key is not None
    exchange.kept = True
    if belongs is not None:
        await add(exchange, belongs, target, plan, response)
    id = response.get("id") if response is not None else None
    if not exchange.keeps or not isinstance(id, str) or not id:
        return
    continued, now = exchange.continued, exchange.memory.now()
    thread, previous = (continued.thread, continued.previous) if continued is not None else (id, None)
    if belongs is not None:
        thread = previous = belongs.id
    head = StoredAnswer(id, key.group, plan.client.name, exchange.model, now, thread, previous)
    if keeps_itself(exchange, target):
        answer = replace(head, provider=target.provider.id)
        await exchange.memory.keep(lambda: answer, exchange.snapshot.settings)
        return
    said = () if belongs is not None else plan.call.said
    await exchange.memory.keep(
        lambda: replace(head, body=exchange.raw, turns=orjson.dumps(said), response=orjson.dumps(response)),
        exchange.snapshot.settings,
    )


def _grows(exchange: Exchange) -> bool:
    """Whether the answer is added to a conversation."""
    return exchange.belongs is not None and exchange.endpoint is not None and exchange.endpoint.operation == _ANSWER
