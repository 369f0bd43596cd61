"""An upstream that speaks Responses, keeps nothing, and is strict about the thinking that it sealed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tests.e2e.script import STEPS, TOOLS, Json, Step, demand
from tests.e2e.strict import calls_before, following, pieces, said, same, sse, told

OURS = ("reasoning", "function_call")


@dataclass(frozen=True)
class Responses:
    """Sealed thinking before everything else of a step; it can be left out, but not altered, nor stand anywhere else."""

    protocol: str = "openai-responses"
    address: str = "{path: /v1/responses}"
    facts: str = "reasoning: {style: effort}"
    insists: bool = False
    forgives: bool = True

    def answer(self, body: Json, *, replay: bool) -> Json:
        items = [{"role": "user", "content": body["input"]}] if isinstance(body["input"], str) else body["input"]
        step = following(self._turns(items), "assistant")
        demand([tool["name"] for tool in body.get("tools", ())] == list(TOOLS), "the tools are not those of the client")
        demand(body.get("store") is False, "nothing is stored here")
        demand("reasoning.encrypted_content" in body.get("include", ()), "sealed thinking was not asked for")
        wanted: list[Json] = []
        for number in range(step.number + 1):
            wanted += self._asked(number)
            if number < step.number:
                wanted += [self._plain(item) for item in self._output(STEPS[number])]
        found = [self._plain(item) for item in items]
        came = [item for item in found if item["type"] == "reasoning"]
        for item in came:
            demand(item in wanted, f"The encrypted content could not be verified: {json.dumps(item)[:300]}")
        same(found, [item for item in wanted if replay or item["type"] != "reasoning" or item in came], "input")
        return self.whole(body["model"], step.number, self._output(step))

    def _turns(self, items: list[Json]) -> list[Json]:
        turns: list[Json] = []
        for item in items:
            role = item.get("role") or ("assistant" if item["type"] in OURS else "user")
            if not turns or turns[-1]["role"] != role:
                turns.append({"role": role})
        return turns

    def _plain(self, item: Json) -> Json:
        """What an item says: ids, states and the way in which text is written aside."""
        match item.get("type", "message"):
            case "message":
                return {"type": "message", "role": item["role"], "text": text_of(item["content"])}
            case "reasoning":
                demand(item.get("encrypted_content"), "Reasoning needs its encrypted content, for nothing is stored")
                return {"type": "reasoning", "sealed": item["encrypted_content"]}
            case "function_call":
                return {**{name: item[name] for name in ("type", "call_id", "name")}, "arguments": json.loads(item["arguments"])}
            case "function_call_output":
                return {"type": item["type"], "call_id": item["call_id"], "output": told(text_of(item["output"]))}
        demand(False, f"nobody here has said {json.dumps(item)[:300]}")
        return item

    def _asked(self, number: int) -> list[Json]:
        results = [{"type": "function_call_output", "call_id": call.id, "output": told(call.result)} for call in calls_before(number)]
        text = said(number)
        return [*results, *([{"type": "message", "role": "user", "text": text}] if text else [])]

    def _output(self, step: Step) -> list[Json]:
        items: list[Json] = []
        if step.thought:
            summary = [{"type": "summary_text", "text": step.thought}]
            items.append({"type": "reasoning", "id": f"rs_{step.number}", "summary": summary, "encrypted_content": step.signatures[0]})
        if step.text:
            content = [{"type": "output_text", "text": step.text, "annotations": [], "logprobs": []}]
            phase = "commentary" if step.calls else "final_answer"
            items.append({
                "type": "message", "id": f"msg_{step.number}", "role": "assistant", "status": "completed", "phase": phase, "content": content,
            })  # fmt: skip
        for place, call in enumerate(step.calls):
            items.append({
                "type": "function_call", "id": f"fc_{step.number}_{place}", "call_id": call.id, "name": call.name,
                "arguments": json.dumps(call.arguments), "status": "completed",
            })  # fmt: skip
        return items

    def whole(self, model: str, number: int, output: list[Json]) -> Json:
        """An answer of these items."""
        return {
            "id": f"resp_{number}", "object": "response", "created_at": 1, "status": "completed", "model": model,
            "output": output, "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
            "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0, "tool_choice": "auto", "tools": [], "store": False,
            "usage": {
                "input_tokens": 30, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 5}, "total_tokens": 50,
            },
        }  # fmt: skip

    def stream(self, whole: Json) -> bytes:
        begun = {**whole, "status": "in_progress", "output": [], "usage": None}
        events: list[Json] = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
        for index, item in enumerate(whole["output"]):
            empty = {name: value[:0] for name, value in item.items() if name in ("summary", "content", "arguments", "input")}
            opened = {**item, **empty, **({"status": "in_progress"} if "status" in item else {})}
            events.append({"type": "response.output_item.added", "output_index": index, "item": opened})
            events += [{**event, "output_index": index, "item_id": item["id"]} for event in self._filling(item)]
            events.append({"type": "response.output_item.done", "output_index": index, "item": item})
        events.append({"type": "response.completed", "response": whole})
        return sse(({**event, "sequence_number": number} for number, event in enumerate(events)), named=True)

    def _filling(self, item: Json) -> Iterator[Json]:
        if item["type"] == "custom_tool_call":
            told = "response.custom_tool_call_input"
            yield from ({"type": f"{told}.delta", "delta": piece} for piece in pieces(item["input"]))
            yield {"type": f"{told}.done", "input": item["input"]}
            return
        if item["type"] == "function_call":
            told = "response.function_call_arguments"
            yield from ({"type": f"{told}.delta", "delta": piece} for piece in pieces(item["arguments"]))
            yield {"type": f"{told}.done", "arguments": item["arguments"], "name": item["name"]}
            return
        part, frame, place = ("response.output_text", "response.content_part", "content_index")
        if item["type"] == "reasoning":
            part, frame, place = ("response.reasoning_summary_text", "response.reasoning_summary_part", "summary_index")
        [content] = item["summary"] if item["type"] == "reasoning" else item["content"]
        logprobs = {} if item["type"] == "reasoning" else {"logprobs": []}
        yield {"type": f"{frame}.added", place: 0, "part": {**content, "text": ""}}
        yield from ({"type": f"{part}.delta", place: 0, "delta": piece, **logprobs} for piece in pieces(content["text"]))
        yield {"type": f"{part}.done", place: 0, "text": content["text"], **logprobs}
        yield {"type": f"{frame}.done", place: 0, "part": content}

    def refusal(self, reason: str) -> Json:
        return {"error": {"message": reason, "type": "invalid_request_error", "param": "input", "code": None}}

    def opaque(self, step: Step) -> list[str]:
        return [step.signatures[0]] if step.thought else []


def text_of(content: str | list[Json]) -> str:
    """The text of a message or a result."""
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
