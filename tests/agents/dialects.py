"""How each protocol tells of a step, which tools a request offers in it, and what its history holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.agents.histories import Said, words
from tests.e2e.script import Call, Json, Step, demand
from tests.e2e.strict import Strict
from tests.e2e.strict_chat import Chat
from tests.e2e.strict_generate import Generate
from tests.e2e.strict_messages import Messages
from tests.e2e.strict_responses import Responses

Offered = dict[str, Json]      # what identifies a tool in a call, by its name; `__` stands after a namespace


@dataclass(frozen=True, slots=True)
class Dialect:
    """One protocol: `say` makes an answer, `echo` puts it into a request as a client should, `read` reads it there."""

    provider: str                          # the shipped provider whose address and headers are used
    model: str                             # what the provider calls it
    wire: Strict
    offers: Callable[[Json], Offered]
    say: Callable[[Step, Offered], Json]
    echo: Callable[[Json], Json]
    read: Callable[[Json], Iterator[Said]]
    count: tuple[str, str] | None = None   # how the address ends where tokens are counted, and the member that tells


def _input(call: Call) -> str:
    """What a tool that takes free text is given; elsewhere it is the one argument."""
    return str(call.arguments["input"])


# --- chat completions


def _chat_offers(body: Json) -> Offered:
    return {tool[tool["type"]]["name"]: {"type": tool["type"]} for tool in body.get("tools", ())}


def _chat_say(step: Step, offered: Offered) -> Json:
    message: Json = {"role": "assistant", "content": step.text}
    if step.calls:
        message["tool_calls"] = [_chat_call(call, offered[call.name]["type"]) for call in step.calls]
    return {
        "id": f"chatcmpl-{step.number}", "object": "chat.completion", "created": 1, "model": "gpt-5",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if step.calls else "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50},
    }  # fmt: skip


def _chat_call(call: Call, kind: str) -> Json:
    given = {"input": _input(call)} if kind == "custom" else {"arguments": json.dumps(call.arguments)}
    return {"id": call.id, "type": kind, kind: {"name": call.name, **given}}


def _chat_echo(whole: Json) -> Json:
    return {"messages": [whole["choices"][0]["message"]]}


def _chat_read(body: Json) -> Iterator[Said]:
    for message in body["messages"]:
        text = words(message.get("content"))
        if message["role"] == "tool":
            yield Said("result", text, message["tool_call_id"])
        elif message["role"] == "assistant":
            yield Said("text", text)
            for call in message.get("tool_calls") or ():
                given = call[call["type"]]
                arguments = {"input": given["input"]} if call["type"] == "custom" else json.loads(given["arguments"])
                yield Said("call", (given["name"], arguments), call["id"])
        else:
            yield Said("user", text)


# --- responses


def _responses_offers(body: Json) -> Offered:
    offered: Offered = {}
    among = [tool for item in body["input"] if item.get("type") == "additional_tools" for tool in item["tools"]]
    for tool in [*body.get("tools", ()), *among]:
        group = {"namespace": tool["name"]} if tool["type"] == "namespace" else {}
        for one in tool["tools"] if group else [tool]:
            if one["type"] in ("function", "custom"):
                kind = "function_call" if one["type"] == "function" else "custom_tool_call"
                offered["__".join([*group.values(), one["name"]])] = {"type": kind, "name": one["name"], **group}
    return offered


def _responses_say(step: Step, offered: Offered) -> Json:
    items: list[Json] = []
    if step.thought:
        summary = [{"type": "summary_text", "text": step.thought}]
        items.append({"type": "reasoning", "id": f"rs_{step.number}", "summary": summary, "encrypted_content": step.signatures[0]})
    if step.text:
        content = [{"type": "output_text", "text": step.text, "annotations": [], "logprobs": []}]
        phase = "commentary" if step.calls else "final_answer"
        items.append({"type": "message", "id": f"msg_{step.number}", "role": "assistant", "status": "completed", "phase": phase, "content": content})
    for call in step.calls:
        tool = offered[call.name]
        given = {"arguments": json.dumps(call.arguments)} if tool["type"] == "function_call" else {"input": _input(call)}
        items.append({**tool, "id": f"{tool['type'][:1]}c_{call.id}", "call_id": call.id, "status": "completed", **given})
    return Responses().whole("gpt-5", step.number, items)


def _responses_echo(whole: Json) -> Json:
    return {"input": whole["output"], "store": False, "include": ["reasoning.encrypted_content"]}


def _responses_read(body: Json) -> Iterator[Said]:
    demand(body.get("store") is False and "previous_response_id" not in body, "nothing is stored here")
    demand("reasoning.encrypted_content" in body.get("include", ()), "sealed thinking was not asked for")
    for item in body["input"]:
        match item.get("type", "message"):
            case "message":
                yield Said("text" if item["role"] == "assistant" else "user", words([part["text"] for part in item["content"]]))
            case "additional_tools":
                yield Said("user")
            case "reasoning":
                yield Said("signed", item["encrypted_content"])
            case "function_call" | "custom_tool_call" as kind:
                name = "__".join(filter(None, (item.get("namespace"), item["name"])))
                given = json.loads(item["arguments"]) if kind == "function_call" else {"input": item["input"]}
                yield Said("call", (name, given), item["call_id"])
            case "function_call_output" | "custom_tool_call_output":
                yield Said("result", words(item["output"]), item["call_id"])
            case kind:
                demand(False, f"an item of the type {kind}")


# --- messages


def _messages_offers(body: Json) -> Offered:
    return {tool["name"]: {} for tool in body.get("tools", ()) if "input_schema" in tool}


def _messages_say(step: Step, _: Offered) -> Json:
    content: list[Json] = [{"type": "thinking", "thinking": step.thought, "signature": step.signatures[0]}] if step.thought else []
    content += [{"type": "text", "text": step.text}] if step.text else []
    content += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in step.calls]
    return {
        "id": f"msg_{step.number}", "type": "message", "role": "assistant", "model": "claude-opus-4-7", "content": content,
        "stop_reason": "tool_use" if step.calls else "end_turn", "stop_sequence": None, "usage": {"input_tokens": 30, "output_tokens": 20},
    }  # fmt: skip


def _messages_echo(whole: Json) -> Json:
    return {"messages": [{"role": "assistant", "content": whole["content"]}]}


def _messages_read(body: Json) -> Iterator[Said]:
    for message in body["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            match block["type"]:
                case "text":
                    yield Said("text" if message["role"] == "assistant" else "user", block["text"])
                case "thinking":
                    yield Said("signed", (block["thinking"], block["signature"]))
                case "tool_use":
                    yield Said("call", (block["name"], block["input"]), block["id"])
                case "tool_result":
                    yield Said("result", words(block["content"]), block["tool_use_id"])
                case kind:
                    demand(False, f"a block of the type {kind}")


# --- generateContent


def _generate_offers(body: Json) -> Offered:
    return {tool["name"]: {} for group in body.get("tools", ()) for tool in group.get("functionDeclarations", ())}


def _generate_say(step: Step, _: Offered) -> Json:
    parts: list[Json] = [{"text": step.thought, "thought": True}] if step.thought else []
    parts += [{"text": step.text}] if step.text else []
    for place, call in enumerate(step.calls):
        part = {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
        parts.append(part if place else {**part, "thoughtSignature": step.signatures[0]})
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 30, "candidatesTokenCount": 20, "totalTokenCount": 50},
        "modelVersion": "gemini-3-flash-preview", "responseId": f"r{step.number}",
    }  # fmt: skip


def _generate_echo(whole: Json) -> Json:
    return {"contents": [whole["candidates"][0]["content"]]}


def _generate_read(body: Json) -> Iterator[Said]:
    for content in body["contents"]:
        for part in content["parts"]:
            if "thoughtSignature" in part:
                yield Said("signed", part["thoughtSignature"])
            if "text" in part:
                kind = "user" if content["role"] == "user" else "thought" if part.get("thought") else "text"
                yield Said(kind, part["text"])
            elif "functionCall" in part:
                yield Said("call", (part["functionCall"]["name"], part["functionCall"]["args"]), part["functionCall"]["id"])
            elif "functionResponse" in part:
                yield Said("result", words(part["functionResponse"]["response"]), part["functionResponse"]["id"])
            else:
                demand(False, f"a part of {[*part]}")


def counted(dialect: Dialect, tokens: int) -> dict[str, Any]:
    """What the provider answers when tokens are counted."""
    assert dialect.count is not None
    return {dialect.count[1]: tokens}


DIALECTS = {
    "openai-chat": Dialect("openai", "gpt-5", Chat(), _chat_offers, _chat_say, _chat_echo, _chat_read),
    "openai-responses": Dialect(
        "openai", "gpt-5", Responses(), _responses_offers, _responses_say, _responses_echo, _responses_read, ("/responses/input_tokens", "input_tokens")
    ),
    "anthropic-messages": Dialect(
        "anthropic", "claude-opus-4-7", Messages(), _messages_offers, _messages_say, _messages_echo, _messages_read, ("/count_tokens", "input_tokens")
    ),
    "gemini-generate": Dialect(
        "gemini", "gemini-3-flash-preview", Generate(), _generate_offers, _generate_say, _generate_echo, _generate_read, (":countTokens", "totalTokens")
    ),
}
