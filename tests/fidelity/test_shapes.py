"""Every translated answer has the shape that the vendor's schema and the stream's grammar describe."""

from __future__ import annotations

import json

import pytest

from tests.fidelity.compare import recordings
from tests.fidelity.inprocess import translate
from tests.fidelity.routes import public_name
from tests.fidelity.shapes import chat_grammar, findings, messages_grammar
from tests.support.corpus import require
from tests.support.protocols import protocol


@pytest.mark.corpus
@pytest.mark.parametrize("client", ["openai-chat", "anthropic-messages"])
def test_translated_answers_are_well_formed(client: str) -> None:
    require()
    wrong = []
    for exchange in recordings():
        if not exchange.mandatory:
            continue
        body = {"model": public_name(exchange), "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}], "stream": exchange.streamed}
        answer = translate(protocol(client), exchange, body)
        wrong += [f"{exchange.service}/{exchange.id}: {line}" for line in findings(client, answer.content, streamed=exchange.streamed)]
    assert not wrong, f"{len(wrong)} findings\n" + "\n".join(wrong[:40])


def chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
    return {"id": "c", "model": "m", "created": 1, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("bodies", "complaint"),
    [
        ([chunk({"role": "assistant"}), chunk({"content": "a"}), chunk({}, "stop")], None),
        ([chunk({"content": "a"}), chunk({}, "stop")], "role"),
        ([chunk({"role": "assistant"}), chunk({}, "stop"), chunk({"content": "a"})], "follows"),
        ([chunk({"role": "assistant"})], "no finish"),
    ],
)
def test_the_grammar_of_chunks_sees_faults(bodies: list[dict[str, object]], complaint: str | None) -> None:
    frames = [(None, json.dumps(body)) for body in bodies] + [(None, "[DONE]")]
    found = list(chat_grammar(frames, bodies))
    assert found == [] if complaint is None else complaint in found[0]


def test_the_grammar_of_blocks_sees_an_overlap() -> None:
    start = {"type": "content_block_start", "content_block": {"type": "text", "text": ""}}
    bodies = [
        {"type": "message_start"}, {**start, "index": 0}, {**start, "index": 1},
        {"type": "content_block_stop", "index": 1}, {"type": "message_delta"}, {"type": "message_stop"},
    ]  # fmt: skip
    frames = [(body["type"], json.dumps(body)) for body in bodies]
    assert list(messages_grammar(frames, bodies)) == ["block 1 starts while another is open"]
