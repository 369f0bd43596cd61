"""Every strict upstream, by a name for the tests."""

from __future__ import annotations

from tests.e2e.strict import Strict
from tests.e2e.strict_chat import Chat
from tests.e2e.strict_generate import Generate
from tests.e2e.strict_messages import Messages
from tests.e2e.strict_responses import Responses

UPSTREAMS: dict[str, Strict] = {
    "chat": Chat(),
    "chat-text": Chat("text", "deepseek"),
    "chat-details": Chat("details", "openrouter"),
    "chat-call": Chat("call", "google"),
    "messages": Messages(),
    "messages-budget": Messages(facts="reasoning: {style: budget}"),
    "generate": Generate(),
    "responses": Responses(),
}

SIGNS = {
    "chat-details": "anthropic", "chat-call": "google", "messages": "anthropic", "messages-budget": "anthropic", "generate": "google",
    "responses": "openai",
}  # fmt: skip
"""Whose opaque values an upstream gives, and reads; one with details reads everybody's."""
