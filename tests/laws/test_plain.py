"""Questions and answers without turns: told to every protocol of their subject, and read again, they say the same."""

from __future__ import annotations

import json
from functools import cache
from textwrap import dedent
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.canonical import schema
from torouter.config.document import Document, load_document
from torouter.config.sources import BUILTIN
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.protocol import Call, RequestRejected, WireProtocol, compile_protocol

from tests.laws.compare import deviations, differences, unexplained
from tests.laws.folders import PROJECT

# A protocol of vectors that nobody speaks, so that the laws hold something where no other is shipped.
SHELVES = {
    "protocol": "protocol: shelves\nsubject: embedding",
    "request.decode": """
        make:
          model: =body.room
          input:
            $each: =as_list(body.books)
            $as: book
            kind: text
            text: =book
          single: =is_text(body.books) || null
          dimensions: =body.height
          user_id: =body.reader
        """,
    "request.encode": """
        make:
          room: =target.model
          books:
            $first:
              - $when: =request.single
                $value: "=request.input[0].text"
              - =request.input[].text
          height: =request.dimensions
          reader: =request.user_id
        loss:
          input:
            why: only words stand here
            severity:
              $when: "=request.input[?kind != 'text' || title || purpose || dimensions]"
              $value: reject
        """,
    "response.decode": """
        make:
          embeddings:
            $each: =body.places
            $as: place
            index: =place_index
            values: =place
          usage: {input: =body.cost}
        """,
    "response.encode": """
        make:
          places: =response.embeddings[].values
          cost: =response.usage.input
        loss:
          id: {severity: drop, why: no name}
          model: {severity: drop, why: one room}
          usage.total: {severity: drop, why: one cost}
        """,
}
SHIPPED = [
    name
    for name in ("openai-embeddings", "gemini-embeddings", "openai-images", "gemini-images")
    if (PROJECT / "transforms" / name).is_dir()
]
PROTOCOLS = ["shelves", *SHIPPED]
relaxed = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)


@cache
def protocol(name: str) -> WireProtocol:
    """Compile one folder; it must be sound."""
    found = Diagnostics()
    files: dict[str, Document | None] = (
        {kind: load_document(dedent(text), f"{kind}.yaml", "user", found) for kind, text in SHELVES.items()}
        if name == "shelves"
        else {
            path.name.removesuffix(".yaml"): load_document(path, str(path.relative_to(PROJECT)), BUILTIN, found)
            for path in sorted((PROJECT / "transforms" / name).glob("*.yaml"))
        }
    )
    compiled = compile_protocol(name, {kind: file for kind, file in files.items() if file is not None}, found)
    assert not found.failed, render_terminal(found)
    return compiled


WORDS = st.sampled_from(["a", "Hello.", "é\n☃", '"}', "{{ 7 * 7 }}", "=request.model", "$use", " b "])
PURPOSES = st.sampled_from(["search_query", "clustering"])
DIMENSIONS = st.sampled_from([1, 256])
USAGE = st.fixed_dictionaries({"input": st.sampled_from([0, 5])}, optional={"total": st.sampled_from([5, 9])})
PICTURES = st.sampled_from([{"data": "iVBORw0KGgo=", "media_type": "image/png"}, {"url": "https://example.com/a.png"}, {"file_id": "file-1"}])
FLOATS = st.sampled_from([[0.5, 1.0], [0.25, -0.5], [0.0]])


def asked_for_vectors() -> st.SearchStrategy[dict[str, Any]]:
    """Give questions for vectors."""
    said = {"title": WORDS, "purpose": PURPOSES, "dimensions": DIMENSIONS}
    text = st.fixed_dictionaries({"kind": st.just("text"), "text": WORDS}, optional=said)
    tokens = st.fixed_dictionaries({"kind": st.just("tokens"), "tokens": st.sampled_from([[1, 2], [7]])})
    alone = st.fixed_dictionaries({"model": st.just("m"), "input": st.lists(text | tokens, min_size=1, max_size=1), "single": st.just(True)})
    several = st.fixed_dictionaries(
        {"model": st.just("m"), "input": st.lists(text | tokens, min_size=1, max_size=3)},
        optional={"dimensions": DIMENSIONS, "encoding": st.sampled_from(["float", "base64"]), "purpose": PURPOSES, "user_id": WORDS},
    )
    return alone | several


def asked_for_images() -> st.SearchStrategy[dict[str, Any]]:
    """Give questions for images."""
    named = dict.fromkeys(("quality", "background", "format", "moderation", "style", "fidelity", "user_id"), st.sampled_from(["auto", "low"]))
    return st.fixed_dictionaries(
        {"model": st.just("m"), "prompt": WORDS},
        optional={
            **named, "images": st.lists(PICTURES, min_size=1, max_size=2), "mask": PICTURES, "n": st.sampled_from([1, 2]),
            "size": st.sampled_from(["auto", "1024x1024", "1536x1024", "7x7"]), "compression": st.just(50),
            "answer": st.sampled_from(["data", "url"]), "partial_images": st.sampled_from([0, 2]), "stream": st.just(True),
        },
    )  # fmt: skip


def vectors() -> st.SearchStrategy[dict[str, Any]]:
    """Give answers with vectors, in the order of what was asked."""
    lists = st.lists(FLOATS, min_size=1, max_size=3)
    numbered = lists.map(lambda found: [{"index": place, "values": values} for place, values in enumerate(found)])
    return st.fixed_dictionaries({"model": st.just("m"), "embeddings": numbered, "usage": USAGE}, optional={"id": WORDS})


def images() -> st.SearchStrategy[dict[str, Any]]:
    """Give answers with images."""
    image = st.fixed_dictionaries({"data": st.just("iVBORw0KGgo="), "media_type": st.just("image/png")}, optional={"prompt": WORDS})
    count = st.fixed_dictionaries({"input": st.just(5), "output": st.just(9), "total": st.just(14)})
    return st.fixed_dictionaries(
        {"model": st.just("m"), "created": st.just(7), "images": st.lists(image, min_size=1, max_size=2), "usage": count},
        optional={"size": st.just("7x7"), "quality": WORDS, "background": WORDS, "format": st.just("png")},
    )


QUESTIONS = {"embedding": asked_for_vectors(), "image": asked_for_images()}
ANSWERS = {"embedding": vectors(), "image": images()}
clients = pytest.mark.parametrize("name", [name for name in PROTOCOLS if protocol(name).request_decode is not None])
providers = pytest.mark.parametrize("name", PROTOCOLS)


def meant(question: dict[str, Any]) -> dict[str, Any]:
    """Give a question in which each text says itself what is asked of its vector; the whole may say it for all."""
    if "input" not in question:
        return question
    shared = {name: question[name] for name in ("dimensions", "purpose") if name in question}
    rest = {name: value for name, value in question.items() if name not in shared}
    return {**rest, "input": [{**shared, **item} if item["kind"] == "text" else item for item in question["input"]]}


@clients
@relaxed
@given(st.data())
def test_a_question_comes_back_but_for_what_was_declared_lost(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    question = data.draw(QUESTIONS[spoken.subject])
    assert schema.check_request(question, spoken.subject) == []
    try:
        encoded = spoken.encode_request(question, Call(target={"model": "m"}))
    except RequestRejected:
        return
    found = spoken.decode_request(orjson.loads(orjson.dumps(encoded.body)), Call(path={"model": "m"}))
    lost = [loss.general for loss in encoded.losses]
    lost += [f"input.{member}" for member in lost]      # what is said of all is said of each
    assert unexplained(differences(meant(question), meant({"model": "m", **found})), [*lost, *deviations(name, "request")]) == []


@clients
@relaxed
@given(st.data())
def test_an_answer_comes_back_in_the_form_that_was_asked_for(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    question = data.draw(QUESTIONS[spoken.subject])
    answer = data.draw(ANSWERS[spoken.subject])
    question.pop("answer", None)      # who asks for addresses gets images as such
    if question.get("single"):
        answer = {**answer, "embeddings": answer["embeddings"][:1]}
    body = orjson.loads(orjson.dumps(spoken.encode_response(answer, Call(request=question))))
    found = spoken.decode_response(body, Call(request=question))
    assert spoken.response_encode is not None
    hidden = [*spoken.response_encode.loss, *deviations(name, "response")]
    assert unexplained(differences(answer, found), hidden) == []


@providers
@relaxed
@given(st.data())
def test_the_same_question_gives_the_same_bytes_and_stays_as_it_is(name: str, data: st.DataObject) -> None:
    spoken = protocol(name)
    question = data.draw(QUESTIONS[spoken.subject])
    before = json.dumps(question)
    bodies = []
    for _ in range(2):
        try:
            bodies.append(orjson.dumps(spoken.encode_request(question, Call(target={"model": "m"})).body))
        except RequestRejected:
            return
    assert bodies[0] == bodies[1]
    assert json.dumps(question) == before
