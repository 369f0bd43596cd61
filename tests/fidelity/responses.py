"""What the OpenAI library reads of a Responses answer, in each of the three ways that its users read a stream.

Some add up the deltas, some wait for each item to be done, some for the whole answer at the end: all must read the same.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import openai

from tests.fidelity.door import SCHEMA, Ask, Door, failure
from tests.fidelity.meaning import Answer, Meaning, Tokens, Tool, arguments, stop_class

REASONS = {"max_output_tokens": "length", "content_filter": "refused"}
ADDED = {
    "response.output_text.delta": "text", "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "reasoning", "response.reasoning_text.delta": "reasoning",
    "response.function_call_arguments.delta": "call", "response.custom_tool_call_input.delta": "call",
}  # fmt: skip
Texts = dict[str, str]


class Disagreement(Exception):
    """Two ways to read one stream tell different answers."""


async def read_responses(door: Door, ask: Ask) -> Meaning:
    """Ask through the OpenAI library, responses."""
    client = openai.AsyncOpenAI(api_key=door.key, base_url=door.url + "/v1", max_retries=0, http_client=door.http)
    tools: Any = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in ask.names]
    extra: dict[str, Any] = {"tools": tools} if tools else {}
    try:
        answer = await client.responses.create(model=ask.model, input="hi", stream=ask.stream, **extra)
        return await _stream(answer) if ask.stream else _body(answer)
    except openai.APIError as problem:
        return failure(problem)


def _body(response: Any) -> Meaning:
    if response.status == "failed":
        return Meaning(error=True, message=response.error.message if response.error else "")
    texts, tools = told(response.output)
    if response.status == "completed":
        stop = "stop"
    else:
        reason = response.incomplete_details.reason if response.incomplete_details else response.status
        stop = REASONS.get(reason, f"other:{reason}")
    stop = stop_class(stop, tools, texts["refusal"])
    answer = Answer(texts["text"], texts["reasoning"], texts["refusal"], tools, stop)
    return Meaning((answer,), tokens(response.usage))


async def _stream(events: Any) -> Meaning:
    added: Texts = defaultdict(str)
    done: dict[int, Any] = {}
    last: Any = None
    async for event in events:
        if event.type in ADDED:
            added[ADDED[event.type]] += event.delta
        elif event.type == "response.output_item.done":
            done[event.output_index] = event.item
        elif event.type in ("response.completed", "response.incomplete", "response.failed"):
            last = event.response
    if last is None:
        raise Disagreement("the stream ends without an end")
    if last.status != "failed":
        agree(added, [done[index] for index in sorted(done)], last.output)
    return _body(last)


def agree(added: Texts, done: list[Any], output: list[Any]) -> None:
    """Raise Disagreement where the deltas, the items and the whole answer say different things."""
    whole, whole_tools = told(output)
    pieces, piece_tools = told(done)
    calls = "".join(item.arguments if item.type == "function_call" else item.input for item in output if item.type.endswith(_CALLS))
    if whole != pieces or whole_tools != piece_tools:
        raise Disagreement(f"the items say {pieces} {piece_tools}, the whole answer {whole} {whole_tools}")
    for name, text in {**whole, "call": calls}.items():
        if added[name] != text:
            raise Disagreement(f"the deltas of {name} say {added[name][:200]!r}, the whole answer {text[:200]!r}")


_CALLS = ("function_call", "custom_tool_call")


def told(items: list[Any]) -> tuple[Texts, tuple[Tool, ...]]:
    """The texts of some items, and their calls."""
    texts: Texts = {"text": "", "reasoning": "", "refusal": ""}
    tools: list[Tool] = []
    for item in items:
        if item.type == "message":
            for part in item.content:
                texts["refusal" if part.type == "refusal" else "text"] += part.refusal if part.type == "refusal" else part.text
        elif item.type == "reasoning":
            texts["reasoning"] += "".join(part.text for part in [*item.summary, *(item.content or ())])
        elif item.type == "function_call":
            tools.append(Tool(item.name, arguments(item.arguments)))
        elif item.type == "custom_tool_call":
            tools.append(Tool(item.name, item.input, custom=True))
    return texts, tuple(tools)


def tokens(usage: Any) -> Tokens | None:
    """Counts of a usage; the input holds the cached ones, the output the reasoning."""
    if usage is None:
        return None
    spent, given = usage.input_tokens_details, usage.output_tokens_details
    write = getattr(spent, "cache_write_tokens", None)
    return Tokens(
        usage.input_tokens, (spent and spent.cached_tokens) or 0, write or 0, usage.output_tokens, (given and given.reasoning_tokens) or 0
    )
