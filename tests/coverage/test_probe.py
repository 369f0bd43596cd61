"""What becomes of a field, one way at a time, between two made-up protocols."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from torouter.config.document import load_document
from torouter.coverage import (
    Coverage,
    Field,
    Inventory,
    Status,
    collapse,
    cover,
    lines_of,
    render_json,
    render_markdown,
    render_table,
)
from torouter.diagnostics import Diagnostics
from torouter.protocol import WireProtocol, compile_protocol

DECODE = """
make:
  turns:
    - role: user
      parts:
        - {kind: text, text: "=body.say"}
        - $when: =body.think
          kind: reasoning
          text: aloud
          signature: =seal('one', body.think)
        - $when: =body.picture
          kind: image
          url: =body.picture
  max_output: =body.most
  parallel_tools: =body.several
  stream_usage: =body.counted
  cache_key: =body.shelf
  sampling:
    temperature: =body.warmth
    seed: =body.dice
    top_k: =body.few
    n:
      $when: =body.ignored == 'never'
      $value: 2
loss:
  audit: {severity: warn, why: for the books of its vendor}
  stamped: {severity: drop, why: nobody else has stamps}
"""
ENCODE = """
kinds: [text, reasoning]
loss:
  cache_key: {severity: drop, why: a hint}
  sampling.top_k: drop
make:
  words: =request.turns[0].parts[0].text
  thoughts: "=request.turns[0].parts[?kind=='reasoning'].text | [0]"
  heat: =at_most(request.sampling.temperature, 1)
"""
ANSWER = """
make:
  id: =body.id
  outputs:
    - index: 0
      parts:
        - {kind: text, text: "=body.say"}
        - $when: =body.draws
          kind: image
          url: =body.draws
        - $when: =body.thinks
          kind: reasoning
          text: "hm"
          signature: =seal('one', body.thinks)
      finish: {reason: stop}
  usage: {input: =body.read, output: =body.written, cache_read: =body.kept}
loss:
  fingerprint: {severity: drop, why: of use to its vendor only}
"""
SHOW = """
kinds: [text, reasoning]
slots: [reasoning]
loss:
  usage.cache_read: {severity: drop, why: nothing is kept here}
make:
  words: =response.outputs[0].parts[0].text
  seal: "=response.outputs[0].parts[?kind=='reasoning'].signature | [0]"
  cost: =response.usage.input
"""


def folder(name: str, **files: str) -> WireProtocol:
    found = Diagnostics()
    texts = {"protocol": f"protocol: {name}"} | {kind.replace("_", "."): text for kind, text in files.items()}
    loaded = {kind: load_document(dedent(text), f"{kind}.yaml", "user", found) for kind, text in texts.items()}
    compiled = compile_protocol(name, {kind: file for kind, file in loaded.items() if file is not None}, found)
    assert [item.message for item in found.items] == []
    return compiled


def inventory(direction: str, **fields: dict[str, Any]) -> Inventory:
    members = {"say": {"examples": ["hi", "ho"]}, **fields}
    return Inventory("one", {direction: {"type": "object", "properties": members, "required": ["say"]}})


def request(**fields: dict[str, Any]) -> Coverage:
    """The way of a request's fields from one to the other."""
    protocols = {"one": folder("one", request_decode=DECODE), "two": folder("two", request_encode=ENCODE)}
    return next(cover(protocols, {"one": inventory("request", **fields)}, targets=["two"]))


def response(**fields: dict[str, Any]) -> Coverage:
    """The way of an answer's fields from one to the other."""
    protocols = {"one": folder("one", response_decode=ANSWER), "two": folder("two", response_encode=SHOW)}
    return next(cover(protocols, {"one": inventory("response", **fields)}, targets=["two"]))


def field(coverage: Coverage, name: str) -> Field:
    return next(each for each in coverage.fields if each.name == name)


TEXT = {"type": "string"}
FLAG = {"type": "boolean"}


@pytest.mark.parametrize(
    ("name", "schema", "status", "why"),
    [
        ("warmth", {"examples": [0.5, 0.7]}, "mapped", ""),
        ("several", {"const": True}, "defaulted", "it says what holds anyway"),
        ("counted", FLAG, "carried", "the gateway keeps it to shape the answer, or to link its parts"),
        ("dice", {"type": "integer"}, "warned", "cannot be expressed"),
        ("audit", TEXT, "warned", "for the books of its vendor"),
        ("picture", TEXT, "rejected", "`turns[0].parts[1]` cannot be sent to this model: cannot be expressed"),
        ("shelf", TEXT, "dropped", "a hint"),
        ("stamped", TEXT, "warned", "belongs to another protocol"),
        ("few", {"type": "integer"}, "unlisted", "dropped without a reason"),
        ("ignored", TEXT, "unlisted", "it is read, and changes nothing"),
    ],
)
def test_what_becomes_of_a_field_of_a_request(name: str, schema: dict[str, Any], status: str, why: str) -> None:
    found = field(request(**{name: schema}), name)
    if name == "stamped":       # declared by its own protocol, which has the last word on its native members
        status, why = "dropped", "nobody else has stamps"
    assert (found.status, found.why) == (status, why)


def test_where_a_field_goes_is_told() -> None:
    assert field(request(warmth={"examples": [0.5]}), "warmth").to == ("heat",)


def test_a_signature_that_only_its_family_can_read_is_carried() -> None:
    assert field(request(think={"examples": ["s1"]}), "think").to == ("thoughts",)
    assert field(response(thinks={"examples": ["s1", "s2"]}), "thinks").status == "carried"


def test_words_that_fare_otherwise_are_told_apart() -> None:
    several = field(request(several={"enum": [True, False]}), "several")
    assert several.status == "defaulted"
    assert [(word, outcome.status) for word, outcome in several.words] == [("False", "warned")]


@pytest.mark.parametrize(
    ("name", "status", "why"),
    [
        ("id", "unlisted", "id: not written, and nothing was said"),
        ("read", "mapped", ""),
        ("kept", "dropped", "nothing is kept here"),
        ("draws", "warned", "the client's protocol has no place for it"),
        ("fingerprint", "dropped", "of use to its vendor only"),
        ("debug", "unlisted", "it is read, and changes nothing"),
    ],
)
def test_what_becomes_of_a_field_of_an_answer(name: str, status: str, why: str) -> None:
    schema = {"type": "integer", "minimum": 5} if name in ("read", "kept") else TEXT
    found = field(response(**{name: schema}), name)
    assert (found.status, found.why) == (status, why)


def test_a_gap_is_told_with_its_place() -> None:
    gaps = list(lines_of([request(ignored=TEXT, warmth={"examples": [0.5]})]))
    assert gaps == ["request one -> two: ignored: it is read, and changes nothing"]


def test_a_report_is_written_for_people_and_for_programs() -> None:
    report = [request(shelf=TEXT, warmth={"examples": [0.5]})]
    assert "  dropped       shelf  a hint" in render_table(report)
    assert '"counts": {\n        "mapped": 2,\n        "dropped": 1\n      }' in render_json(report)
    page = render_markdown(report)
    assert "| request | one | two | 2 | 0 | 0 | 0 | 0 | 0 | 1 | 0 |" in page
    assert "| `shelf` | `-` [1] |" in page and "1. a hint" in page


def test_all_below_a_field_that_share_its_fate_are_one_row() -> None:
    box = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "x"}, "b": TEXT, "c": TEXT}}
    assert "| `audit.*` | `!` [1] |" in render_markdown([request(audit=box)])


def test_a_row_stands_for_no_field_that_is_listed_apart() -> None:
    fates: list[tuple[str, Status]] = [("a", "mapped"), ("b", "dropped"), ("c", "dropped")]
    fields = tuple(Field(f"box.{name}", status) for name, status in fates)
    assert [row.name for row in collapse([Coverage("one", "two", "request", fields)])] == ["box.a", "box.b", "box.c"]


def test_unlike_members_of_a_union_at_the_top_share_no_row() -> None:
    fields = tuple(Field(f"<{name}>.{field}", "dropped") for name in ("one", "two") for field in "ab")
    assert [row.name for row in collapse([Coverage("one", "two", "request", fields)])] == ["<one>.*", "<two>.*"]


PLAIN_DECODE = """
make:
  model: m
  input: [{kind: text, text: "=body.say"}]
  single: =body.alone
  purpose: =body.aim
"""
PLAIN_ENCODE = """
make:
  words: =request.input[].text
"""


def test_a_question_without_turns_has_silences_of_its_own() -> None:
    protocols = {
        "one": folder("one", protocol="protocol: one\nsubject: embedding", request_decode=PLAIN_DECODE),
        "two": folder("two", protocol="protocol: two\nsubject: embedding", request_encode=PLAIN_ENCODE),
    }
    told = next(cover(protocols, {"one": inventory("request", alone={"const": True}, aim={"const": "clustering"})}, targets=["two"]))
    assert {field.name: field.status for field in told.fields} == {"say": "mapped", "alone": "carried", "aim": "warned"}
