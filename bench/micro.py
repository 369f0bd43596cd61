"""CPU of the mapping language alone: an expression, an event of a stream, a message of a request by its history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import jmespath
import orjson
from torouter.compile import load_snapshot
from torouter.language.expressions import compile_tree, parse
from torouter.language.functions import CALLEES
from torouter.language.tiers import OFTEN
from torouter.protocol import Call, WireProtocol

from .canned import ANSWERS, EVENTS
from .work import CHAT, GENERATE, MESSAGES, RESPONSES, chat_body

EXPRESSION = "body.choices[0].delta.tool_calls[?index == `0`].function.arguments | [0]"
BODY = {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}}]}
ROUNDS = 5
HISTORY = (10, 100, 200, 400)


def cost(run: Callable[[], object], *, times: int, of: int = 1) -> tuple[float, float, float]:
    """CPU microseconds of one `run` divided by `of`, once it has run often: median, least, most of several rounds."""
    for _ in range(OFTEN + 1):
        run()
    figures = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(times):
            run()
        figures.append((time.process_time() - before) / times / of * 1e6)
    return median(figures), min(figures), max(figures)


def translate_stream(source: WireProtocol, client: WireProtocol, raw: bytes) -> bytes:
    """Translate a recorded stream, in reads of a few events each, as they come from a socket."""
    call = Call(request={"model": "m", "turns": []})
    decoder, encoder = source.stream_decoder(call, client, runs=True), client.stream_encoder(call)
    out = [encoder.feed(decoder.feed(raw[at : at + 2048])) for at in range(0, len(raw), 2048)]
    out.append(encoder.feed(decoder.close()))
    assert not encoder.failed
    return b"".join(out)


def watch_stream(source: WireProtocol, raw: bytes) -> None:
    """Watch a recorded stream, as it is done where it goes through as it is."""
    watcher = source.stream_watch(Call())
    for at in range(0, len(raw), 2048):
        watcher.feed(raw[at : at + 2048])
    watcher.close()
    assert watcher.over


def translate(client: WireProtocol, upstream: WireProtocol, body: dict[str, object]) -> bytes:
    """Translate a request."""
    call = Call(target={"model": "m", "limits": {"max_output": 4096}})
    decoded = client.decode_request(body, call)
    return orjson.dumps(upstream.encode_request({**decoded, "model": "m"}, call).body)


def rows() -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Measure; gives what was measured, and microseconds."""
    compiled = compile_tree(parse(EXPRESSION), {"body": 0}, CALLEES)
    frame = [BODY]
    library = jmespath.compile(EXPRESSION)
    assert compiled(frame) == library.search({"body": BODY}) == "{}"
    yield "expression, closures", cost(lambda: compiled(frame), times=20000)
    yield "expression, library", cost(lambda: library.search({"body": BODY}), times=2000)
    protocols = load_snapshot(None).protocols
    for name, client in ((CHAT, MESSAGES), (MESSAGES, CHAT), (GENERATE, CHAT), (RESPONSES, CHAT)):
        raw, of, to = b"".join(ANSWERS[name].stream(EVENTS)), protocols[name], protocols[client]
        yield (
            f"event, {name} → {client}",
            cost(lambda o=of, t=to, r=raw: translate_stream(o, t, r), times=10, of=EVENTS),
        )
        yield f"event, {name}, watched", cost(lambda o=of, r=raw: watch_stream(o, r), times=10, of=EVENTS)
    for messages in HISTORY:
        body = chat_body("m", messages, 60)
        yield (
            f"a message of {messages} with 60 tools, {CHAT} → {MESSAGES}",
            cost(lambda b=body: translate(protocols[CHAT], protocols[MESSAGES], b), times=4, of=messages),
        )


def report() -> str:
    """A table in Markdown."""
    lines = ["| CPU, µs | median | least | most |", "|---|---|---|---|"]
    lines += [f"| {name} | {mid:.2f} | {least:.2f} | {most:.2f} |" for name, (mid, least, most) in rows()]
    return "\n".join(lines)
