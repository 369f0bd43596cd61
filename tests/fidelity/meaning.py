"""What an answer means to whoever asked, in no protocol's words.

Outside of it: logprobs, audio, citations and the traces of tools that a server ran by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool call: its arguments are parsed JSON, or the raw text where they are none."""

    name: str
    arguments: str
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers of a response; `stop` is stop, stop_sequence, tools, length, refused, pause or other:<word>."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    tools: tuple[Tool, ...] = ()
    stop: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts by class; input holds the cached ones, output the reasoning ones."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was read: answers and counts, or the class of the error that ended it."""

    answers: tuple[Answer, ...] = ()
    tokens: Tokens | None = None
    error: bool = False
    message: str = ""            # of the error, for whoever reads the report


def arguments(value: object) -> str:
    """Arguments in one spelling: no text means an empty object, text that is no JSON stays as it is."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            return str(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def stop_class(stop: str, tools: tuple[Tool, ...], refusal: str) -> str:
    """A normal stop that comes with a call waits for the tool; one that comes with a refusal is one."""
    if stop == "stop" and tools:
        return "tools"
    return "refused" if stop == "stop" and refusal else stop


def expected(native: Meaning, upstream: str, client: str) -> Meaning:
    """What a client of one protocol must read, given what the upstream's own client reads.

    Only what the client's protocol cannot say is changed: it has one answer, no refusal beside the text, no free-text
    tools, no word for a stop sequence, or always a count.
    """
    if upstream == client or native.error:
        return native
    if client == "anthropic-messages":
        first = native.answers[0]
        tools = tuple(replace(t, arguments=arguments({"input": t.arguments}), custom=False) if t.custom else t for t in first.tools)
        stop = "stop" if first.stop.startswith("other:") else first.stop
        answer = replace(first, text=first.text + first.refusal, refusal="", tools=tools, stop=stop)
        return replace(native, answers=(answer,), tokens=native.tokens or Tokens())
    if client == "gemini-generate":
        tokens = replace(native.tokens, cache_write=0) if native.tokens else None    # what is written is not counted here
        return replace(native, answers=tuple(_for_gemini(answer) for answer in native.answers), tokens=tokens)
    if client == "openai-responses":
        native = replace(native, answers=native.answers[:1])
    stops = {"stop_sequence": "stop", "pause": "stop"}
    answers = tuple(replace(a, stop="stop" if a.stop.startswith("other:") else stops.get(a.stop, a.stop)) for a in native.answers)
    return replace(native, answers=answers)


def _for_gemini(answer: Answer) -> Answer:
    """What a client of this protocol reads: refusals are text, a stop sequence and a pause have no word of their own."""
    tools = tuple(replace(t, arguments=arguments({"input": t.arguments}), custom=False) if t.custom else t for t in answer.tools)
    stop = {"stop_sequence": "stop", "pause": "stop"}.get(answer.stop, answer.stop)
    stop = "other:OTHER" if stop.startswith("other:") else stop
    return replace(answer, text=answer.text + answer.refusal, refusal="", tools=tools, stop=stop_class(stop, tools, ""))


def differences(want: Meaning, got: Meaning) -> list[str]:
    """Every member that differs, as `path: wanted … got …`; none means equal in meaning."""
    if want.error or got.error:
        return [] if want.error == got.error else [f"error: wanted {want.error} got {got.error}"]
    found = []
    if len(want.answers) != len(got.answers):
        found.append(f"answers: wanted {len(want.answers)} got {len(got.answers)}")
    for index, (one, other) in enumerate(zip(want.answers, got.answers, strict=False)):
        explained = one.stop == other.stop == "refused" and not one.refusal   # the reason of a refusal may be added
        found += _members(f"answers[{index}].", one, other, skip={"refusal"} if explained else set())
    if want.tokens is None or got.tokens is None:
        if want.tokens != got.tokens:
            found.append(f"tokens: wanted {want.tokens} got {got.tokens}")
    else:
        found += _members("tokens.", want.tokens, got.tokens, skip=set())
    return found


def _members(path: str, want: Any, got: Any, skip: set[str]) -> list[str]:
    return [
        f"{path}{f.name}: wanted {_short(getattr(want, f.name))} got {_short(getattr(got, f.name))}"
        for f in fields(want)
        if f.name not in skip and getattr(want, f.name) != getattr(got, f.name)
    ]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:200]}…{text[-90:]} ({len(text)})"
