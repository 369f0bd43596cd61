"""Models that play a task: one for each protocol, strict about the calls and results that come back to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.e2e.script import Json, Refusal, Step, demand
from tests.e2e.strict import Strict
from tests.e2e.strict_chat import Chat
from tests.e2e.strict_generate import Generate
from tests.e2e.strict_messages import Messages
from tests.support.scripted import Scene

MOST = 20      # requests of one run; an agent that asks more often is in a loop
TOKENS = 8765  # in whatever is counted

Made = tuple[str, str, Json]
Told = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one protocol says a step, and where a history keeps calls and results."""

    provider: str                          # the shipped provider whose address and headers are used
    model: str                             # what the provider calls it
    wire: Strict
    say: Callable[[Step, str], Json]
    calls: Callable[[Json], Iterator[Made]]
    results: Callable[[Json], Iterator[Told]]
    count: Callable[[int], Json] | None = None    # what the provider answers when tokens are counted, if it counts


@dataclass(slots=True)
class Play:
    """The script of a run: tells each step once the results of the one before are there."""

    dialect: Dialect
    steps: tuple[Step, ...]
    forgives: bool = False                 # whether it bears that what it has signed does not come back
    asked: int = 0
    counted: int = 0
    refused: list[str] = field(default_factory=list)

    async def __call__(self, scene: Scene) -> None:
        """Answer one request."""
        body = json.loads(scene.seen.body)
        address = scene.seen.line.split(" ")[1]
        if "count" in address.lower():
            assert self.dialect.count is not None, address
            self.counted += 1
            await scene.answer(json.dumps(self.dialect.count(TOKENS)).encode())
            return
        self.asked += 1
        try:
            demand(self.asked <= MOST, f"more than {MOST} requests")
            whole = self.dialect.say(self._due(body), self.dialect.model)
        except Refusal as reason:
            self.refused.append(str(reason))
            await scene.answer(json.dumps(self.dialect.wire.refusal(str(reason))).encode(), 400)
            return
        if body.get("stream") or "streamGenerateContent" in address:
            said = self.dialect.wire.stream(whole)
            await scene.stream(*(said[place : place + 37] for place in range(0, len(said), 37)))
        else:
            await scene.answer(json.dumps(whole).encode())

    def _due(self, body: Json) -> Step:
        """The step after those whose calls the history holds, each with its result."""
        made, results = list(self.dialect.calls(body)), list(self.dialect.results(body))
        told = [step for step in self.steps if step.calls and any(call.id in [one[0] for one in made] for call in step.calls)]
        wanted = [call for step in told for call in step.calls]
        demand(made == [(call.id, call.name, call.arguments) for call in wanted], f"the calls came back as {made}")
        # In whatever order: the tools run side by side, and an agent tells of each when it is done.
        demand(sorted(one for one, _ in results) == sorted(call.id for call in wanted), f"the results are {results}")
        texts = dict(results)
        for call in wanted:
            demand(call.result in texts[call.id], f"{call.name} gave {texts[call.id]}")
        raw = json.dumps(body)
        for step in told:
            kept = all(value in raw for value in self.dialect.wire.opaque(step))
            demand(kept or self.forgives, f"what step {step.number} has signed did not come back")
        return self.steps[len(told)]


def _say_chat(step: Step, model: str) -> Json:
    calls = [{"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}} for call in step.calls]
    message = {"role": "assistant", "content": step.text, **({"tool_calls": calls} if calls else {})}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50},
    }  # fmt: skip


def _chat_calls(body: Json) -> Iterator[Made]:
    for message in body["messages"]:
        for call in message.get("tool_calls") or ():
            yield call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])


def _chat_results(body: Json) -> Iterator[Told]:
    for message in body["messages"]:
        if message["role"] == "tool":
            yield message["tool_call_id"], json.dumps(message["content"])


def _say_messages(step: Step, model: str) -> Json:
    content: list[Json] = [{"type": "thinking", "thinking": step.thought, "signature": step.signatures[0]}] if step.thought else []
    content += [{"type": "text", "text": step.text}] if step.text else []
    content += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in step.calls]
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": content,
        "stop_reason": "tool_use" if step.calls else "end_turn", "stop_sequence": None, "usage": {"input_tokens": 30, "output_tokens": 20},
    }  # fmt: skip


def _blocks(body: Json, kind: str) -> Iterator[Json]:
    for message in body["messages"]:
        if isinstance(message["content"], list):
            yield from (block for block in message["content"] if block["type"] == kind)


def _messages_calls(body: Json) -> Iterator[Made]:
    return ((block["id"], block["name"], block["input"]) for block in _blocks(body, "tool_use"))


def _messages_results(body: Json) -> Iterator[Told]:
    return ((block["tool_use_id"], json.dumps(block["content"])) for block in _blocks(body, "tool_result"))


def _say_generate(step: Step, model: str) -> Json:
    parts: list[Json] = [{"text": step.thought, "thought": True}] if step.thought else []
    parts += [{"text": step.text}] if step.text else []
    for place, call in enumerate(step.calls):
        part = {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
        parts.append(part if place else {**part, "thoughtSignature": step.signatures[0]})
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 30, "candidatesTokenCount": 20, "totalTokenCount": 50}, "modelVersion": model, "responseId": "r1",
    }  # fmt: skip


def _parts(body: Json, kind: str) -> Iterator[Json]:
    for content in body["contents"]:
        yield from (part[kind] for part in content["parts"] if kind in part)


def _generate_calls(body: Json) -> Iterator[Made]:
    return ((call["id"], call["name"], call["args"]) for call in _parts(body, "functionCall"))


def _generate_results(body: Json) -> Iterator[Told]:
    return ((result["id"], json.dumps(result["response"])) for result in _parts(body, "functionResponse"))


DIALECTS = {
    "openai-chat": Dialect("openai", "gpt-5", Chat(), _say_chat, _chat_calls, _chat_results),
    "anthropic-messages": Dialect(
        "anthropic", "claude-opus-4-7", Messages(), _say_messages, _messages_calls, _messages_results, lambda n: {"input_tokens": n}
    ),
    "gemini-generate": Dialect(
        "gemini", "gemini-3-flash-preview", Generate(), _say_generate, _generate_calls, _generate_results, lambda n: {"totalTokens": n}
    ),
}
