"""An upstream that speaks Messages and is strict about thinking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tests.e2e.script import STEPS, TOOLS, Json, Step, demand
from tests.e2e.strict import calls_before, following, pieces, said, same, sse, told


@dataclass(frozen=True)
class Messages:
    """Signed thinking before everything else; `budget` models want it back as soon as thinking is asked for."""

    protocol: str = "anthropic-messages"
    address: str = "{path: /v1/messages}"
    facts: str = "reasoning: {style: adaptive}"
    insists: bool = True
    forgives: bool = True

    def answer(self, body: Json, *, replay: bool) -> Json:
        step = following(body["messages"], "assistant")
        demand([tool["name"] for tool in body.get("tools", ())] == list(TOOLS), "the tools are not those of the client")
        thinks = body.get("thinking", {}).get("type")
        for place, message in enumerate(body["messages"]):
            content = message["content"]
            blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
            if message["role"] == "user":
                same([self._plain(block) for block in blocks], self._asked(place // 2), f"messages.{place}")
                continue
            wanted = self._content(STEPS[place // 2])
            left_out = not replay and blocks[:1] != wanted[:1]
            same(blocks, [block for block in wanted if not left_out or block["type"] != "thinking"], f"messages.{place}")
            open_round = place == len(body["messages"]) - 2 and STEPS[place // 2].calls
            demand(not (left_out and open_round and thinks == "enabled"), "Expected `thinking`, but found `tool_use`")
        stop = "tool_use" if step.calls else "end_turn"
        return {
            "id": f"msg_{step.number}", "type": "message", "role": "assistant", "model": body["model"], "content": self._content(step),
            "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 30, "output_tokens": 20},
        }  # fmt: skip

    def _plain(self, block: Json) -> Json:
        content = block.get("content")
        if isinstance(content, list):
            block = {**block, "content": "".join(inner["text"] for inner in content)}
        plain = {name: value for name, value in block.items() if name != "is_error"}
        return {**plain, "content": told(block["content"])} if "content" in block else plain

    def _asked(self, number: int) -> list[Json]:
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": told(call.result)} for call in calls_before(number)]
        text = said(number)
        return [*results, *([{"type": "text", "text": text}] if text else [])]

    def _content(self, step: Step) -> list[Json]:
        thought = [{"type": "thinking", "thinking": step.thought, "signature": step.signatures[0]}] if step.thought else []
        text = [{"type": "text", "text": step.text}] if step.text else []
        return [*thought, *text, *({"type": "tool_use", "id": c.id, "name": c.name, "input": c.arguments} for c in step.calls)]

    def stream(self, whole: Json) -> bytes:
        events: list[Json] = [{"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}]
        for index, block in enumerate(whole["content"]):
            empty = {"thinking": "", "signature": ""} if block["type"] == "thinking" else {"text": ""} if "text" in block else {"input": {}}
            events.append({"type": "content_block_start", "index": index, "content_block": {**block, **empty}})
            events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in self._deltas(block)]
            events.append({"type": "content_block_stop", "index": index})
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        return sse([*events, {"type": "message_delta", "delta": delta, "usage": whole["usage"]}, {"type": "message_stop"}], named=True)

    def _deltas(self, block: Json) -> Iterator[Json]:
        if block["type"] == "thinking":
            yield from ({"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"]))
            yield {"type": "signature_delta", "signature": block["signature"]}
        elif block["type"] == "text":
            yield from ({"type": "text_delta", "text": piece} for piece in pieces(block["text"]))
        else:
            yield from ({"type": "input_json_delta", "partial_json": piece} for piece in pieces(json.dumps(block["input"])))

    def refusal(self, reason: str) -> Json:
        return {"type": "error", "error": {"type": "invalid_request_error", "message": reason}}

    def opaque(self, step: Step) -> list[str]:
        return [step.signatures[0]] if step.thought else []
