"""The conversation that a request names: its entries go in front, and what is said is added to them at the end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import orjson

from ..compile.endpoint import State
from ..compile.snapshot import Settings, Target
from ..protocol.errors import Json
from ..store import Entry, Store, StoredConversation
from .endpoint import shown
from .errors import Problem
from .exchange import Belonging, Exchange
from .memory import bounds_of
from .plan import Plan

Found = tuple[StoredConversation, Sequence[Entry]]


async def belong(exchange: Exchange, named: object, state: State) -> None:
    """Put the entries of the conversation in front of what the client says, or leave it to the provider that has it.

    Raises Problem when it is not there, or too long: nothing is ever answered without what was said before.
    """
    client, key, param = exchange.client, exchange.key, state.conversation_member
    assert client is not None
    assert key is not None
    if not isinstance(named, str) or not named:
        raise Problem("invalid_request", "The id of a conversation is text.", param=param)
    found = await _read(exchange, named)
    if found is None:  # perhaps a provider knows it
        exchange.belongs, exchange.elsewhere = Belonging(named), unknown_conversation(named, param)
        return
    conversation, entries = found
    if not is_callers(exchange, conversation):
        raise unknown_conversation(named, param)
    if conversation.provider is not None:
        message = f"The conversation {shown(named)} is kept by another provider than those of {shown(exchange.model)}."
        exchange.belongs = Belonging(named, provider=conversation.provider)
        exchange.elsewhere = Problem("not_found", message, param=param, code="unknown_conversation")
        return
    check_room(conversation, (), exchange.snapshot.settings)
    call = exchange.call()
    asked = entries_of(client.stored.entries(exchange.answer_id, exchange.body, call))
    if twice := {entry.id for entry in entries} & {entry.id for entry in asked}:
        message = f"The conversation has {shown(min(twice))} already; send only what is new."
        raise Problem("invalid_request", message, code="duplicate_entry")
    exchange.body = client.stored.request(exchange.body, [orjson.loads(entry.value) for entry in entries], call)
    exchange.belongs = Belonging(named, here=True, asked=asked)


async def _read(exchange: Exchange, id: str) -> Found | None:
    """The conversation with this id and, if they may be put in front of a request, its entries."""
    settings = exchange.snapshot.settings
    since = exchange.memory.now() - settings.state_age

    def read(store: Store) -> Found | None:
        conversation = store.find_conversation(id, since)
        if conversation is None:
            return None
        fits = conversation.count <= settings.state_depth and conversation.size <= settings.max_body
        return conversation, (store.list_entries(id, None, settings.state_depth) or ()) if fits else ()

    return await exchange.memory.ask(read)


def is_callers(exchange: Exchange, conversation: StoredConversation) -> bool:
    """Whether a conversation is one of the key's group, in the client's protocol."""
    assert exchange.client is not None
    assert exchange.key is not None
    return (conversation.group, conversation.protocol) == (exchange.key.group, exchange.client.name)


def unknown_conversation(id: str, param: str | None = None) -> Problem:
    """The error of a conversation that is not there, or is another group's."""
    return Problem("not_found", f"There is no conversation {shown(id)}.", param=param, code="unknown_conversation")


def check_room(conversation: StoredConversation, more: Sequence[Entry], settings: Settings) -> None:
    """Raise Problem for a conversation that is too long, or would be with more entries."""
    count, size = conversation.count + len(more), conversation.size + sum(len(entry.value) for entry in more)
    if count > settings.state_depth or size > settings.max_body:
        message = f"The conversation {shown(conversation.id)} is too long to be gone on with."
        raise Problem("invalid_request", message, code="conversation_too_long")


def entries_of(items: Sequence[Json]) -> Sequence[Entry]:
    """Give what a mapping makes of entries as they are kept."""
    return [Entry(str(item.get("id")), orjson.dumps(item.get("value"))) for item in items]


async def add(exchange: Exchange, belongs: Belonging, target: Target, plan: Plan, response: Json | None) -> None:
    """Add to the conversation what was said: by the client, and in an answer that is whole; `response` is canonical.

    Both together, so that of two requests at once neither is lost nor stands in the middle of the other. Raises Problem
    when that cannot be kept: an answer that its conversation does not know is none. One that was deleted meanwhile
    stays so. Of one that a provider keeps, only where it is.
    """
    memory, settings = exchange.memory, exchange.snapshot.settings
    key, now, bounds = exchange.key, memory.now(), bounds_of(settings)
    assert key is not None
    if belongs.here and response is not None:
        call = replace(plan.call, lost=set())
        answered = entries_of(plan.client.stored.answered(plan.client.encode_response(response, call), call))
        entries = [*belongs.asked, *answered]
        await memory.change(lambda store: store.add_entries(belongs.id, entries, now, bounds))
    elif not belongs.here and belongs.provider is None:
        provider, model = target.provider.id, exchange.model
        there = StoredConversation(belongs.id, key.group, plan.client.name, now, provider=provider, model=model)
        with suppress(Problem):  # the log says it; the provider has the answer all the same
            await memory.change(lambda store: store.keep_conversation(there, bounds))
