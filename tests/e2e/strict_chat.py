"""Upstreams that speak chat completions: plain ones, and two that want their thinking back."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.e2e.script import STEPS, TOOLS, Json, Step, demand
from tests.e2e.strict import calls_before, following, pieces, said, same, sse, told

THOUGHTS = {"reasoning_content", "reasoning", "reasoning_details"}


@dataclass(frozen=True)
class Chat:
    """`thinking` is how it tells of its thoughts, and wants them back.

    Not at all; as bare `text`, beside calls; signed in `details`; or as a signature on the first `call` of a step.
    """

    thinking: str = ""
    dialect: str = ""
    facts: str = "reasoning: {style: effort}"
    protocol: str = "openai-chat"

    @property
    def address(self) -> str:
        return "{path: /v1/chat/completions" + (f", dialect: {self.dialect}" if self.dialect else "") + "}"

    @property
    def insists(self) -> bool:
        return self.thinking == "text"

    @property
    def forgives(self) -> bool:
        return self.thinking != "call"

    def answer(self, body: Json, *, replay: bool) -> Json:
        step = following(self._turns(body["messages"]), "assistant")
        demand([tool["function"]["name"] for tool in body.get("tools", ())] == list(TOOLS), "the tools are not those of the client")
        number = 0
        wanted: list[Json] = []
        while number <= step.number:
            wanted += self._asked(number)
            if number < step.number:
                wanted.append(self._message(STEPS[number]))
            number += 1
        found = [self._plain(message, keep=wanted[place] if place < len(wanted) else {}, replay=replay) for place, message in enumerate(body["messages"])]
        same(found, [self._plain(message, keep=message, replay=replay) for message in wanted], "messages")
        return {
            "id": f"chatcmpl-{step.number}", "object": "chat.completion", "created": 1, "model": body["model"],
            "choices": [{"index": 0, "message": self._message(step), "finish_reason": "tool_calls" if step.calls else "stop"}],
            "usage": {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50},
        }  # fmt: skip

    def _turns(self, messages: list[Json]) -> list[Json]:
        turns: list[Json] = []
        for message in messages:
            role = "user" if message["role"] == "tool" else message["role"]
            if not turns or turns[-1]["role"] != role:
                turns.append({"role": role})
        return turns

    def _plain(self, message: Json, *, keep: Json, replay: bool) -> Json:
        """A message without what may be missing: empty members, and thoughts unless they must come back."""
        for member in THOUGHTS & message.keys():
            demand(message[member] in (None, "", keep.get(member)), f"{member} is not what was said: {json.dumps(message[member])}")
        needed = {"text": {"reasoning_content"}, "details": {"reasoning_details"}}.get(self.thinking, set()) if replay else set()
        if self.thinking == "text":
            demand("reasoning_content" in message or "tool_calls" not in message, "`reasoning_content` must be passed back")
            needed = needed if "tool_calls" in message else set()
        kept = {name: value for name, value in message.items() if value not in (None, "", []) and name not in THOUGHTS - needed}
        if "tool_calls" in kept:
            kept["tool_calls"] = [self._call(call) for call in message["tool_calls"]]
        if message["role"] == "tool":
            kept["content"] = told(message["content"]) if isinstance(message["content"], str) else message["content"]
        return kept

    def _call(self, call: Json) -> Json:
        function = {**call["function"], "arguments": json.loads(call["function"]["arguments"])}
        plain = {"id": call["id"], "type": call["type"], "function": function}
        return {**plain, "extra_content": call.get("extra_content")} if self.thinking == "call" else plain

    def _asked(self, number: int) -> list[Json]:
        results = [{"role": "tool", "tool_call_id": call.id, "content": told(call.result)} for call in calls_before(number)]
        text = said(number)
        return [*results, *([{"role": "user", "content": text}] if text else [])]

    def _message(self, step: Step) -> Json:
        message: Json = {"role": "assistant", "content": step.text}
        if step.thought and self.thinking == "text":
            message["reasoning_content"] = step.thought
        if step.thought and self.thinking == "details":
            detail = {"type": "reasoning.text", "text": step.thought, "signature": step.signatures[0], "format": "anthropic-claude-v1", "index": 0}
            message |= {"reasoning": step.thought, "reasoning_details": [detail]}
        calls = [{"id": c.id, "type": "function", "function": {"name": c.name, "arguments": json.dumps(c.arguments)}} for c in step.calls]
        if calls and self.thinking == "call":
            calls[0]["extra_content"] = {"google": {"thought_signature": step.signatures[0]}}
        return {**message, "tool_calls": calls} if calls else message

    def stream(self, whole: Json) -> bytes:
        [choice] = whole["choices"]
        message = choice["message"]
        deltas: list[Json] = [{"role": "assistant", "content": ""}]
        deltas += [{"reasoning_content": piece} for piece in pieces(message.get("reasoning_content", ""))]
        for detail in message.get("reasoning_details", ()):
            unsigned = {name: value for name, value in detail.items() if name != "signature"}
            deltas += [{"reasoning": piece, "reasoning_details": [{**unsigned, "text": piece}]} for piece in pieces(detail["text"])]
            deltas.append({"reasoning_details": [{name: value for name, value in detail.items() if name != "text"}]})
        deltas += [{"content": piece} for piece in pieces(message["content"])]
        for index, call in enumerate(message.get("tool_calls", ())):
            kind, given = call["type"], "arguments" if call["type"] == "function" else "input"
            deltas.append({"tool_calls": [{**call, "index": index, kind: {**call[kind], given: ""}}]})
            deltas += [{"tool_calls": [{"index": index, kind: {given: piece}}]} for piece in pieces(call[kind][given])]
        head = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
        chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
        return sse([*chunks, {**head, "choices": [], "usage": whole["usage"]}], end="data: [DONE]\n\n")

    def refusal(self, reason: str) -> Json:
        return {"error": {"message": reason, "type": "invalid_request_error", "param": "messages", "code": None}}

    def opaque(self, step: Step) -> list[str]:
        signed = step.thought if self.thinking == "details" else step.calls if self.thinking == "call" else None
        return [step.signatures[0]] if signed else []
