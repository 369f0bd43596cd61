"""Conversations that clients name: made, shown, changed and deleted, and their entries; or their provider is asked."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import orjson

from ..protocol import RequestRejected
from ..protocol.errors import Json
from ..protocol.stored import StoredEncode, nowhere
from ..store import Entry, StoredConversation
from ..upstream.client import Transport
from .belonging import check_room, entries_of, is_callers, unknown_conversation
from .body import receive_plain
from .endpoint import shown
from .errors import Problem
from .exchange import Exchange
from .memory import bounds_of
from .request import CONVERSATION
from .stored import Change, pass_on

_JSON = {"content-type": "application/json"}
_RANDOM = 24  # bytes of our own ids
_MADE = "conversation.create"
_GONE = "conversation.delete"
READING = frozenset({"conversation", "conversation.entries", "conversation.entry"})
"""The operations that change nothing."""


async def answer_conversation(exchange: Exchange, transports: Mapping[str, Transport]) -> bool:
    """Answer an endpoint whose operation is about conversations; false for every other operation.

    Raises Problem when there is no such conversation of the key's group, and for what cannot be kept.
    """
    endpoint = exchange.endpoint
    assert endpoint is not None
    if not endpoint.operation.startswith(CONVERSATION):
        return False
    if exchange.incoming.method == "POST":
        await receive_plain(exchange)
    if endpoint.operation == _MADE:
        await _create(exchange)
        return True
    conversation = await find(exchange)
    if conversation.provider is None:
        await answer_here(exchange, conversation)
    else:
        id = conversation.id
        forget: Change | None = (lambda store: store.delete_conversation(id)) if endpoint.operation == _GONE else None
        await pass_on(exchange, conversation, unknown_conversation(id), transports, forget)
    return True


async def find(exchange: Exchange) -> StoredConversation:
    """The conversation that is asked for. Raises Problem; one of another group is one that is not there."""
    assert exchange.endpoint is not None
    assert exchange.endpoint.conversation is not None
    id = str(exchange.endpoint.conversation(exchange.context()))
    conversation = await exchange.memory.find_conversation(id, exchange.snapshot.settings)
    if conversation is None or not is_callers(exchange, conversation):
        raise unknown_conversation(id)
    return conversation


async def answer_here(exchange: Exchange, conversation: StoredConversation) -> None:
    """Answer a question about a conversation that is kept here. Raises Problem."""
    assert exchange.endpoint is not None
    await _OPERATIONS[exchange.endpoint.operation](exchange, conversation)


async def _create(exchange: Exchange) -> None:
    assert exchange.endpoint is not None
    assert exchange.client is not None
    assert exchange.key is not None
    notes, entries = _given(exchange)
    memory, bounds = exchange.memory, bounds_of(exchange.snapshot.settings)
    id, now = exchange.endpoint.prefix + secrets.token_hex(_RANDOM), memory.now()
    made = StoredConversation(id, exchange.key.group, exchange.client.name, now, orjson.dumps(notes or {}))
    check_room(made, entries, exchange.snapshot.settings)
    await memory.change(lambda store: store.keep_conversation(made, bounds))
    if entries:
        await memory.change(lambda store: store.add_entries(id, entries, now, bounds))
    await _show(exchange, made)


async def _show(exchange: Exchange, conversation: StoredConversation) -> None:
    it = conversation
    known = {"id": it.id, "created": int(it.created), "notes": orjson.loads(it.notes)}
    await _answer(exchange, _encode(exchange).encode_conversation(known, exchange.call()))


async def _update(exchange: Exchange, conversation: StoredConversation) -> None:
    notes, _ = _given(exchange)
    changed = replace(conversation, notes=orjson.dumps(notes or {}))
    bounds = bounds_of(exchange.snapshot.settings)
    await exchange.memory.change(lambda store: store.keep_conversation(changed, bounds))
    await _show(exchange, changed)


async def _delete(exchange: Exchange, conversation: StoredConversation) -> None:
    await exchange.memory.change(lambda store: store.delete_conversation(conversation.id))
    await _answer(exchange, _encode(exchange).encode_gone(conversation.id, exchange.call()))


async def _list(exchange: Exchange, conversation: StoredConversation) -> None:
    asked = _encode(exchange).asked(exchange.call())
    found = await exchange.memory.ask(
        lambda store: store.list_entries(conversation.id, asked.after, asked.limit + 1, newest_first=asked.newest_first)
    )
    if found is None:
        raise Problem.of(nowhere().error)
    await _answer_page(exchange, conversation, found[: asked.limit], more=len(found) > asked.limit)


async def _add(exchange: Exchange, conversation: StoredConversation) -> None:
    _, entries = _given(exchange)
    if not entries:
        raise Problem("invalid_request", "There is nothing to be added.")
    check_room(conversation, entries, exchange.snapshot.settings)
    memory, bounds = exchange.memory, bounds_of(exchange.snapshot.settings)
    added = await memory.change(lambda store: store.add_entries(conversation.id, entries, memory.now(), bounds))
    if added is None:  # deleted in this moment
        raise unknown_conversation(conversation.id)
    await _answer_page(exchange, conversation, added, more=False)


async def _entry(exchange: Exchange, conversation: StoredConversation) -> None:
    found = await _found(exchange, conversation)
    await _answer(exchange, _encode(exchange).encode_entry(_read(found), exchange.call()))


async def _delete_entry(exchange: Exchange, conversation: StoredConversation) -> None:
    found = await _found(exchange, conversation)
    await exchange.memory.change(lambda store: store.delete_entry(conversation.id, found.id))
    await _show(exchange, conversation)


_OPERATIONS: Mapping[str, Callable[[Exchange, StoredConversation], Awaitable[None]]] = {
    "conversation": _show,
    "conversation.update": _update,
    _GONE: _delete,
    "conversation.entries": _list,
    "conversation.add": _add,
    "conversation.entry": _entry,
    "conversation.entry.delete": _delete_entry,
}


def _given(exchange: Exchange) -> tuple[Json | None, Sequence[Entry]]:
    """The notes and the entries that the body says. Raises Problem for entries that no request could hold."""
    client = exchange.client
    assert client is not None
    call = exchange.call()
    try:
        notes, values = client.stored.given(exchange.body, call)
        body = client.stored.request({}, values, call)
        if values:
            client.decode_request(body, call)
    except RequestRejected as fault:
        raise Problem.of(fault.error) from fault
    return notes, entries_of(client.stored.entries(secrets.token_hex(_RANDOM), body, call))


async def _found(exchange: Exchange, conversation: StoredConversation) -> Entry:
    """The entry that is asked for. Raises Problem."""
    assert exchange.endpoint is not None
    assert exchange.endpoint.entry is not None
    id = str(exchange.endpoint.entry(exchange.context()))
    found = await exchange.memory.ask(lambda store: store.find_entry(conversation.id, id))
    if found is None:
        raise Problem("not_found", f"The conversation has no entry {shown(id)}.", code="unknown_entry")
    return found


async def _answer_page(
    exchange: Exchange, conversation: StoredConversation, entries: Sequence[Entry], *, more: bool
) -> None:
    page = [_read(entry) for entry in entries]
    await _answer(exchange, _encode(exchange).encode_entries(conversation.id, page, exchange.call(), more=more))


def _read(entry: Entry) -> Json:
    return {"id": entry.id, "value": orjson.loads(entry.value)}


def _encode(exchange: Exchange) -> StoredEncode:
    assert exchange.client is not None
    return exchange.client.stored


async def _answer(exchange: Exchange, body: Json) -> None:
    await exchange.reply.whole(200, _JSON, orjson.dumps(body))
