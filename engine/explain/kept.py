"""Questions about what is kept: answered as the gateway does, but that nothing is changed to explain how."""

from __future__ import annotations

from ..compile.snapshot import Target
from ..pipeline import conversations, stored
from ..pipeline.belonging import unknown_conversation
from ..pipeline.errors import Problem
from ..pipeline.exchange import Exchange
from ..pipeline.request import STORED


async def keeper_of(exchange: Exchange) -> Target | None:
    """Give the target that keeps what is asked for; what is kept here is answered. Raises Problem."""
    assert exchange.endpoint is not None
    operation = exchange.endpoint.operation
    return await (_answer(exchange, operation) if operation.startswith(STORED) else _conversation(exchange, operation))


async def _answer(exchange: Exchange, operation: str) -> Target | None:
    if operation == "stored.delete":
        raise Problem("unsupported", "Nothing is deleted to explain how.")
    answer = await stored.find(exchange)
    if answer.provider is not None:
        return stored.keeper(exchange, answer, stored.unknown_answer(answer.id))
    await stored.answer_here(exchange, answer)
    return None


async def _conversation(exchange: Exchange, operation: str) -> Target | None:
    if operation not in conversations.READING:
        raise Problem("unsupported", "No conversation is changed to explain how.")
    conversation = await conversations.find(exchange)
    if conversation.provider is not None:
        return stored.keeper(exchange, conversation, unknown_conversation(conversation.id))
    await conversations.answer_here(exchange, conversation)
    return None
