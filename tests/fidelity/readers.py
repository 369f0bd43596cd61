"""What each official client library reads of an answer, as a Meaning. One function per client protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import errors as genai_errors, types as genai_types

from tests.fidelity.door import SCHEMA, Ask, Door, Reader, failure
from tests.fidelity.meaning import Answer, Meaning, Tokens, Tool, arguments, stop_class
from tests.fidelity.responses import read_responses

PROMPT = [{"role": "user", "content": "hi"}]

# --- OpenAI chat completions

CHAT_STOPS = {"tool_calls": "tools", "function_call": "tools", "content_filter": "refused"}


async def read_chat(door: Door, ask: Ask) -> Meaning:
    """Ask through the OpenAI library, chat completions."""
    client = openai.AsyncOpenAI(api_key=door.key, base_url=door.url + "/v1", max_retries=0, http_client=door.http)
    extra: dict[str, Any] = {"stream_options": {"include_usage": True}} if ask.stream else {}
    if ask.tools:
        extra["tools"] = [{"type": "function", "function": {"name": n, "parameters": SCHEMA}} for n in ask.names]
    try:
        answer = await client.chat.completions.create(model=ask.model, messages=PROMPT, stream=ask.stream, **extra)
        return await _chat_stream(answer) if ask.stream else _chat_body(answer)
    except openai.APIError as problem:
        return failure(problem)


def _chat_body(body: Any) -> Meaning:
    answers = []
    for choice in body.choices:
        message = choice.message
        seen = ChatAnswer(stop=choice.finish_reason)
        seen.add(message)
        for call in message.tool_calls or []:
            inner = call.custom if call.type == "custom" else call.function
            seen.calls[len(seen.calls)] = [inner.name, inner.input if call.type == "custom" else inner.arguments, call.type == "custom"]
        answers.append(seen.answer())
    return Meaning(tuple(answers), chat_tokens(body.usage))


async def _chat_stream(chunks: Any) -> Meaning:
    seen: dict[int, ChatAnswer] = {}
    usage = None
    async for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices or []:
            answer = seen.setdefault(choice.index, ChatAnswer())
            answer.stop = choice.finish_reason or answer.stop
            answer.add(choice.delta)
            for call in choice.delta.tool_calls or []:
                answer.add_call(call.index, call.function)
    return Meaning(tuple(seen[index].answer() for index in sorted(seen)), chat_tokens(usage))


@dataclass(slots=True)
class ChatAnswer:
    """One choice while it is read: pieces of text, and calls by their index."""

    stop: str | None = None
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: dict[int, list[Any]] = field(default_factory=dict)

    def add(self, message: Any) -> None:
        """Take what a message or a delta says, the vendors' names of reasoning included."""
        if isinstance(message.content, list):      # parts: a vendor's way to set reasoning and text apart
            for part in message.content:
                inner = part.get("thinking") or []
                self.reasoning += [piece.get("text", "") for piece in inner]
                self.text.append(part.get("text") or "")
        else:
            self.text.append(message.content or "")
        extra = message.model_extra or {}
        details = "".join(d.get("text") or d.get("summary") or "" for d in extra.get("reasoning_details") or [])
        self.reasoning.append(extra.get("reasoning_content") or extra.get("reasoning") or details)
        self.refusal.append(message.refusal or "")
        if message.function_call:
            self.add_call(0, message.function_call)

    def add_call(self, index: int, function: Any) -> None:
        """Take a piece of a call: the name once, the arguments appended."""
        call = self.calls.setdefault(index, ["", "", False])
        if function is not None:
            call[0] = call[0] or function.name or ""
            call[1] += function.arguments or ""

    def answer(self) -> Answer:
        """The whole of it."""
        tools = tuple(Tool(name, text if custom else arguments(text), custom) for name, text, custom in self.calls.values())
        refusal = "".join(self.refusal)
        stop = {"stop": "stop", "length": "length"}.get(self.stop or "") or CHAT_STOPS.get(self.stop or "") or f"other:{self.stop}"
        return Answer("".join(self.text), "".join(self.reasoning), refusal, tools, stop_class(stop, tools, refusal))


def chat_tokens(usage: Any) -> Tokens | None:
    """Counts of a chat usage. Some vendors count apart: cached tokens beyond the prompt, reasoning in the total or nowhere."""
    if usage is None:
        return None
    spent, given = usage.prompt_tokens_details, usage.completion_tokens_details
    extra = (spent.model_extra or {}) if spent else {}
    read = (spent and spent.cached_tokens) or (usage.model_extra or {}).get("num_cached_tokens") or 0
    typed = getattr(spent, "cache_write_tokens", None) if spent else None
    write = typed or extra.get("cache_write_tokens") or extra.get("cache_creation_tokens") or 0
    total = usage.prompt_tokens or 0
    total = total + read + write if read + write > total else total
    output, reasoning = usage.completion_tokens or 0, (given and given.reasoning_tokens) or 0
    if reasoning > output or usage.total_tokens == (usage.prompt_tokens or 0) + output + reasoning:
        output += reasoning
    return Tokens(total, read, write, output, reasoning)


# --- Anthropic messages

MESSAGES_STOPS = {
    "end_turn": "stop", "stop_sequence": "stop_sequence", "tool_use": "tools", "max_tokens": "length",
    "model_context_window_exceeded": "length", "refusal": "refused", "pause_turn": "pause", "compaction": "stop",
}


async def read_messages(door: Door, ask: Ask) -> Meaning:
    """Ask through the Anthropic library, messages; streams through its own accumulating helper."""
    client = anthropic.AsyncAnthropic(api_key=door.key, base_url=door.url, max_retries=0, http_client=door.http)
    body: dict[str, Any] = {"model": ask.model, "max_tokens": 1024, "messages": PROMPT}
    if ask.tools:
        body["tools"] = [{"name": name, "input_schema": SCHEMA} for name in ask.names]
    try:
        if not ask.stream:
            return _message(await client.messages.create(**body))
        async with client.messages.stream(**body) as stream:
            return _message(await stream.get_final_message())
    except anthropic.APIError as problem:
        return failure(problem)


def _message(message: Any) -> Meaning:
    blocks = message.content
    text = "".join(b.text or "" for b in blocks if b.type == "text")
    thinking = "".join(b.thinking or "" for b in blocks if b.type == "thinking")
    tools = tuple(Tool(b.name, arguments(b.input)) for b in blocks if b.type == "tool_use")
    stop = MESSAGES_STOPS.get(message.stop_reason) or f"other:{message.stop_reason}"
    return Meaning((Answer(text, thinking, "", tools, stop_class(stop, tools, "")),), messages_tokens(message.usage))


def messages_tokens(usage: Any) -> Tokens:
    """Counts of a messages usage: its input leaves the cached tokens out."""
    read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    details = getattr(usage, "output_tokens_details", None)
    thinking = details.get("thinking_tokens") if isinstance(details, dict) else getattr(details, "thinking_tokens", None)
    return Tokens((usage.input_tokens or 0) + read + write, read, write, usage.output_tokens or 0, thinking or 0)


# --- Gemini generateContent

GEMINI_STOPS = {
    "STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "pause",
    **dict.fromkeys(("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "IMAGE_SAFETY"), "refused"),
}  # fmt: skip


async def read_gemini(door: Door, ask: Ask) -> Meaning:
    """Ask through the Google library, generateContent; its streams are chunks that are added up here."""
    options = genai_types.HttpOptions(base_url=door.url, api_version="v1beta", httpx_async_client=door.http)
    client = genai.Client(api_key=door.key, http_options=options, vertexai=False).aio
    declared = [genai_types.FunctionDeclaration(name=name, parameters_json_schema=SCHEMA) for name in ask.names]
    config = genai_types.GenerateContentConfig(tools=[genai_types.Tool(function_declarations=declared)] if declared else None)
    try:
        if not ask.stream:
            return gemini_meaning([await client.models.generate_content(model=ask.model, contents="hi", config=config)])
        return gemini_meaning([c async for c in await client.models.generate_content_stream(model=ask.model, contents="hi", config=config)])
    except genai_errors.APIError as problem:
        return failure(problem)


def gemini_meaning(chunks: list[Any]) -> Meaning:
    """What all chunks say together; a whole answer is one chunk."""
    seen: dict[int, GeminiAnswer] = {}
    usage = None
    for chunk in chunks:
        usage = chunk.usage_metadata or usage
        for candidate in chunk.candidates or []:
            seen.setdefault(candidate.index or 0, GeminiAnswer()).add(candidate)
        if chunk.prompt_feedback and chunk.prompt_feedback.block_reason and not chunk.candidates:
            seen.setdefault(0, GeminiAnswer()).stop = "SAFETY"
    return Meaning(tuple(seen[index].answer() for index in sorted(seen)), gemini_tokens(usage))


@dataclass(slots=True)
class GeminiAnswer:
    """One candidate while it is read."""

    stop: str | None = None
    text: str = ""
    reasoning: str = ""
    tools: list[Tool] = field(default_factory=list)

    def add(self, candidate: Any) -> None:
        """Take what a chunk says of it."""
        self.stop = (candidate.finish_reason and candidate.finish_reason.value) or self.stop
        for part in (candidate.content and candidate.content.parts) or []:
            if part.function_call:
                self.tools.append(Tool(part.function_call.name, arguments(part.function_call.args or {})))
            elif part.thought:
                self.reasoning += part.text or ""
            else:
                self.text += part.text or ""

    def answer(self) -> Answer:
        """The whole of it."""
        tools, stop = tuple(self.tools), GEMINI_STOPS.get(self.stop or "STOP") or f"other:{self.stop}"
        return Answer(self.text, self.reasoning, "", tools, stop_class(stop, tools, ""))


def gemini_tokens(usage: Any) -> Tokens | None:
    """Counts of a usage: the results of server tools count apart from the prompt, thoughts apart from the candidates."""
    if usage is None:
        return None
    spent = (usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0)
    thoughts = usage.thoughts_token_count or 0
    return Tokens(spent, usage.cached_content_token_count or 0, 0, (usage.candidates_token_count or 0) + thoughts, thoughts)


READERS: dict[str, Reader] = {
    "openai-chat": read_chat, "anthropic-messages": read_messages, "gemini-generate": read_gemini, "openai-responses": read_responses,
}  # fmt: skip
