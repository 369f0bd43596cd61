"""Clients that hold a conversation with tools: what they send, what they keep of an answer, and what they send back.

`everything`: the next request holds the answer as the client's library gave it. `standard`: only what every client
knows: text and calls.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import anthropic
import httpx2
import openai

from tests.e2e.script import QUESTION, SCHEMA, STEPS, THANKS, TOOLS, Call, Json


class Agent(Protocol):
    """One client in one conversation; `model` may be changed between requests."""

    model: str

    def __init__(self, url: str, key: str, http: httpx2.AsyncClient, *, model: str, standard: bool) -> None: ...

    async def ask(self, *, stream: bool) -> None:
        """Send the history and append the answer."""

    def tell(self, text: str) -> None:
        """Append what the user says."""

    def answer(self, calls: Sequence[Call]) -> None:
        """Append the results of these calls, in this order."""

    @property
    def text(self) -> str:
        """The visible text of the last answer."""

    @property
    def thought(self) -> str:
        """What the last answer shows of its thinking."""

    @property
    def calls(self) -> list[tuple[str, Json]]:
        """Names and arguments of the calls of the last answer."""


async def hold(agent: Agent, models: Sequence[str], *, stream: bool, in_order: bool = False) -> None:
    """Hold the conversation of the script, with one model after the other. Fails at the first answer that is another.

    Nothing promises an order of parallel results; `in_order` is for what is passed on untouched.
    """
    for number, step in enumerate(STEPS):
        agent.model = models[number % len(models)]
        await agent.ask(stream=stream)
        assert agent.text == step.text
        assert agent.calls == [(call.name, call.arguments) for call in step.calls]
        if not step.calls:
            agent.tell(THANKS)
        else:
            agent.answer(step.calls if in_order else step.calls[::-1])


class MessagesAgent:
    """The Anthropic library; the history is made of its own types."""

    def __init__(self, url: str, key: str, http: httpx2.AsyncClient, *, model: str, standard: bool) -> None:
        self._client = anthropic.AsyncAnthropic(api_key=key, base_url=url, max_retries=0, http_client=http)
        self.model, self._standard = model, standard
        self._messages: list[Any] = [{"role": "user", "content": QUESTION}]
        self._last: Any = None

    async def ask(self, *, stream: bool) -> None:
        tools: Any = [{"name": name, "input_schema": SCHEMA} for name in TOOLS]
        asked: Any = {
            "model": self.model, "max_tokens": 4000, "messages": self._messages, "tools": tools,
            "thinking": {"type": "enabled", "budget_tokens": 2000},
        }  # fmt: skip
        if stream:
            async with self._client.messages.stream(**asked) as events:
                self._last = await events.get_final_message()
        else:
            self._last = await self._client.messages.create(**asked)
        kept = [block for block in self._last.content if not self._standard or block.type in ("text", "tool_use")]
        self._messages.append({"role": "assistant", "content": kept})

    def tell(self, text: str) -> None:
        self._messages.append({"role": "user", "content": text})

    def answer(self, calls: Sequence[Call]) -> None:
        ids = [block.id for block in self._last.content if block.type == "tool_use"]
        results = zip(_matched(ids, self.calls, calls), calls, strict=True)
        self._messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": i, "content": c.result} for i, c in results]})

    @property
    def text(self) -> str:
        return "".join(block.text for block in self._last.content if block.type == "text")

    @property
    def thought(self) -> str:
        return "".join(block.thinking for block in self._last.content if block.type == "thinking")

    @property
    def calls(self) -> list[tuple[str, Json]]:
        return [(block.name, block.input) for block in self._last.content if block.type == "tool_use"]


class ChatAgent:
    """The OpenAI library; an agent keeps its unknown members too, and joins the pieces of a stream by their index."""

    def __init__(self, url: str, key: str, http: httpx2.AsyncClient, *, model: str, standard: bool) -> None:
        self._client = openai.AsyncOpenAI(api_key=key, base_url=url + "/v1", max_retries=0, http_client=http)
        self.model, self._standard = model, standard
        self._messages: list[Any] = [{"role": "user", "content": QUESTION}]
        self._last: Json = {}

    async def ask(self, *, stream: bool) -> None:
        tools: Any = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in TOOLS]
        asked: Any = {"model": self.model, "messages": self._messages, "tools": tools, "reasoning_effort": "low"}
        if stream:
            chunks = await self._client.chat.completions.create(**asked, stream=True)
            self._last = joined([chunk.choices[0].delta.to_dict() async for chunk in chunks if chunk.choices])
        else:
            whole = await self._client.chat.completions.create(**asked)
            self._last = whole.choices[0].message.to_dict()
        standard = ("role", "content", "tool_calls")
        kept = {name: value for name, value in self._last.items() if not self._standard or name in standard}
        if self._standard and "tool_calls" in kept:
            kept["tool_calls"] = [{name: call[name] for name in ("id", "type", "function")} for call in kept["tool_calls"]]
        self._messages.append(kept)

    def tell(self, text: str) -> None:
        self._messages.append({"role": "user", "content": text})

    def answer(self, calls: Sequence[Call]) -> None:
        ids = [call["id"] for call in self._last["tool_calls"]]
        results = zip(_matched(ids, self.calls, calls), calls, strict=True)
        self._messages += [{"role": "tool", "tool_call_id": i, "content": c.result} for i, c in results]

    @property
    def text(self) -> str:
        return self._last.get("content") or ""

    @property
    def thought(self) -> str:
        return self._last.get("reasoning_content") or self._last.get("reasoning") or ""

    @property
    def calls(self) -> list[tuple[str, Json]]:
        return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in self._last.get("tool_calls") or ()]


class GenerateAgent:
    """Bare JSON, as the Google library and its command line keep it: every part of every chunk."""

    def __init__(self, url: str, key: str, http: httpx2.AsyncClient, *, model: str, standard: bool) -> None:
        self._url, self._key, self._http = url, key, http
        self.model, self._standard = model, standard
        self._contents: list[Json] = [{"role": "user", "parts": [{"text": QUESTION}]}]
        self._last: list[Json] = []

    async def ask(self, *, stream: bool) -> None:
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        answer = await self._http.post(
            f"{self._url}/v1beta/models/{self.model}:{verb}",
            headers={"x-goog-api-key": self._key},
            json={
                "contents": self._contents,
                "tools": [{"functionDeclarations": [{"name": name, "parametersJsonSchema": SCHEMA} for name in TOOLS]}],
                "generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 2000}, "maxOutputTokens": 4000},
            },
        )
        assert answer.status_code == 200, answer.text
        lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line] if stream else [answer.text]
        contents = [candidate["content"] for line in lines for candidate in json.loads(line).get("candidates", ()) if "content" in candidate]
        self._last = [part for content in contents for part in content["parts"]]
        self._contents += [{**content, "parts": kept} for content in contents if (kept := list(self._kept(content["parts"])))]

    def _kept(self, parts: Iterable[Json]) -> Iterable[Json]:
        if not self._standard:
            return parts
        return ({name: part[name] for name in part if name != "thoughtSignature"} for part in parts if not part.get("thought"))

    def tell(self, text: str) -> None:
        self._contents.append({"role": "user", "parts": [{"text": text}]})

    def answer(self, calls: Sequence[Call]) -> None:
        ids = [part["functionCall"].get("id") for part in self._last if "functionCall" in part]
        results = zip(_matched(ids, self.calls, calls), calls, strict=True)
        told = [{"id": i, "name": c.name, "response": json.loads(c.result) if c.result.startswith("{") else {"result": c.result}} for i, c in results]
        self._contents.append({"role": "user", "parts": [{"functionResponse": result} for result in told]})

    @property
    def text(self) -> str:
        return "".join(part.get("text", "") for part in self._last if not part.get("thought"))

    @property
    def thought(self) -> str:
        return "".join(part.get("text", "") for part in self._last if part.get("thought"))

    @property
    def calls(self) -> list[tuple[str, Json]]:
        return [(part["functionCall"]["name"], part["functionCall"]["args"]) for part in self._last if "functionCall" in part]


class ResponsesAgent:
    """The OpenAI library; the next request holds the items of the answer as they came."""

    def __init__(self, url: str, key: str, http: httpx2.AsyncClient, *, model: str, standard: bool) -> None:
        self._client = openai.AsyncOpenAI(api_key=key, base_url=url + "/v1", max_retries=0, http_client=http)
        self.model, self._standard = model, standard
        self._items: list[Any] = [{"role": "user", "content": QUESTION}]
        self._last: Any = None

    async def ask(self, *, stream: bool) -> None:
        tools: Any = [{"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in TOOLS]
        asked: Any = {
            "model": self.model, "input": self._items, "tools": tools, "reasoning": {"effort": "low", "summary": "auto"},
            "store": False, "include": ["reasoning.encrypted_content"],
        }  # fmt: skip
        if stream:
            async with self._client.responses.stream(**asked) as events:
                self._last = await events.get_final_response()
        else:
            self._last = await self._client.responses.create(**asked)
        self._keep()

    def _keep(self) -> None:
        """Append what the next request must hold of the answer."""
        if not self._standard:
            self._items += [item.to_dict() for item in self._last.output]
            return
        for item in self._last.output:
            if item.type == "message":
                self._items.append({"role": "assistant", "content": "".join(part.text for part in item.content)})
            elif item.type == "function_call":
                self._items.append({"type": item.type, "call_id": item.call_id, "name": item.name, "arguments": item.arguments})

    def tell(self, text: str) -> None:
        self._items.append({"role": "user", "content": text})

    def answer(self, calls: Sequence[Call]) -> None:
        ids = [item.call_id for item in self._last.output if item.type == "function_call"]
        results = zip(_matched(ids, self.calls, calls), calls, strict=True)
        self._items += [{"type": "function_call_output", "call_id": i, "output": c.result} for i, c in results]

    @property
    def text(self) -> str:
        return str(self._last.output_text)

    @property
    def thought(self) -> str:
        thoughts = [item for item in self._last.output if item.type == "reasoning"]
        return "".join(part.text for item in thoughts for part in [*item.summary, *(item.content or ())])

    @property
    def calls(self) -> list[tuple[str, Json]]:
        return [(item.name, json.loads(item.arguments)) for item in self._last.output if item.type == "function_call"]


def _matched(ids: Sequence[Any], made: Sequence[tuple[str, Json]], calls: Sequence[Call]) -> list[Any]:
    """The ids under which the client knows these calls."""
    return [ids[made.index((call.name, call.arguments))] for call in calls]


def joined(deltas: Iterable[Json]) -> Json:
    """The message of a stream: texts are appended, lists joined by `index`, and of everything else the last value stays."""
    whole: Json = {}
    for delta in deltas:
        for name, value in delta.items():
            before = whole.get(name)
            if isinstance(value, str) and isinstance(before, str) and name not in ("role", "type", "id", "format", "name"):
                whole[name] = before + value
            elif isinstance(value, dict):
                whole[name] = joined([before or {}, value])
            elif isinstance(value, list):
                items = {item.get("index"): item for item in before or ()}
                for item in value:
                    items[item.get("index")] = joined([items.get(item.get("index"), {}), item])
                whole[name] = list(items.values())
            elif value is not None:
                whole[name] = value
    return whole


AGENTS: dict[str, type[Agent]] = {
    "openai-chat": ChatAgent, "anthropic-messages": MessagesAgent, "gemini-generate": GenerateAgent, "openai-responses": ResponsesAgent,
}  # fmt: skip
