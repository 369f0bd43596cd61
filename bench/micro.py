"""CPU of the mapping language alone: an expression, an event of a stream, a request of 200 messages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import jmespath
import orjson
from torouter.compile import load_snapshot
from torouter.language.expressions import compile_tree, parse
from torouter.language.functions import CALLEES
from torouter.protocol import Call, WireProtocol

from .canned import EVENTS, chat_stream, messages_stream

EXPRESSION = "body.choices[0].delta.tool_calls[?index == `0`].function.arguments | [0]"
BODY = {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}}]}
ROUNDS = 7


def cost(run: Callable[[], object], *, times: int, of: int = 1) -> tuple[float, float, float]:
    """CPU microseconds of one `run` divided by `of`: median, least and most of several rounds."""
    figures = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(times):
            run()
        figures.append((time.process_time() - before) / times / of * 1e6)
    return median(figures), min(figures), max(figures)


def conversation(messages: int) -> dict[str, object]:
    """A client's request with a long history and some tools."""
    turns = [
        {"role": "user" if number % 2 == 0 else "assistant", "content": f"This is message {number}. " * 5}
        for number in range(messages)
    ]
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    tools = [
        {"type": "function", "function": {"name": f"tool_{number}", "description": "Reads.", "parameters": schema}}
        for number in range(20)
    ]
    return {"model": "m", "messages": turns, "tools": tools, "max_completion_tokens": 1000}


def translate_stream(source: WireProtocol, client: WireProtocol, raw: bytes) -> bytes:
    """Translate a recorded stream, in reads of a few events each, as they come from a socket."""
    call = Call(request={"model": "m", "turns": []})
    decoder, encoder = source.stream_decoder(call, client), client.stream_encoder(call)
    out = [encoder.feed(decoder.feed(raw[at : at + 2048])) for at in range(0, len(raw), 2048)]
    out.append(encoder.feed(decoder.close()))
    assert not encoder.failed
    return b"".join(out)


def rows() -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Measure; gives what was measured, and microseconds."""
    compiled = compile_tree(parse(EXPRESSION), {"body": 0}, CALLEES)
    frame = [BODY]
    library = jmespath.compile(EXPRESSION)
    assert compiled(frame) == library.search({"body": BODY}) == "{}"
    yield "expression, closures", cost(lambda: compiled(frame), times=20000)
    yield "expression, library", cost(lambda: library.search({"body": BODY}), times=2000)
    protocols = load_snapshot(None).protocols
    chat, messages = protocols["openai-chat"], protocols["anthropic-messages"]
    for name, source, client, raw in (
        ("event, openai-chat → anthropic-messages", chat, messages, chat_stream()),
        ("event, anthropic-messages → openai-chat", messages, chat, messages_stream()),
    ):
        yield name, cost(lambda s=source, c=client, r=raw: translate_stream(s, c, r), times=20, of=EVENTS)
    body = conversation(200)
    target = {"model": "m", "limits": {"max_output": 4096}}

    def request() -> bytes:
        call = Call(target=target)
        decoded = chat.decode_request(body, call)
        return orjson.dumps(messages.encode_request({**decoded, "model": "m"}, call).body)

    yield "request of 200 messages, openai-chat → anthropic-messages", cost(request, times=10)


def report() -> str:
    """A table in Markdown."""
    lines = ["| CPU, µs | median | least | most |", "|---|---|---|---|"]
    lines += [f"| {name} | {mid:.2f} | {least:.2f} | {most:.2f} |" for name, (mid, least, most) in rows()]
    return "\n".join(lines)
