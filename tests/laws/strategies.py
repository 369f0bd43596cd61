"""Canonical requests and responses as real clients and models make them: sound, linked, in canonical shape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from torouter.canonical.carriers import seal
from torouter.canonical.link import link
from torouter.canonical.settle import settle
from torouter.canonical.turns import shape_turns

Json = dict[str, Any]

WORDS = st.sampled_from(["a", "Hello.", "é\n☃", '"}', "{{ 7 * 7 }}", "{% raw %}", "=request.model", "$use", "data: x", " b "])
NAMES = st.sampled_from(["get_weather", "f", "a-b"])
SCHEMAS = st.sampled_from([{"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}])
ARGUMENTS = st.sampled_from(["{}", '{"city":"Paris"}', '{"n":[1,null,"{{ x }}"]}'])
CACHE = {"cache": st.sampled_from([{}, {"ttl": "1h"}])}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def _some(required: Json, optional: Json | None = None) -> st.SearchStrategy[Json]:
    fixed = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in required.items()}
    return st.fixed_dictionaries(fixed, optional=optional or {})


def texts() -> st.SearchStrategy[Json]:
    return _some({"kind": "text", "text": WORDS}, CACHE)


def images() -> st.SearchStrategy[Json]:
    return st.one_of(
        _some({"kind": "image", "data": PNG, "media_type": "image/png"}, CACHE),
        _some({"kind": "image", "url": "https://example.com/a.png"}, CACHE),
    )


def files() -> st.SearchStrategy[Json]:
    return _some({"kind": "file", "data": "aGVsbG8=", "media_type": "application/pdf", "name": "a.pdf"})


def reasonings(family: str) -> st.SearchStrategy[Json]:
    return _some({"kind": "reasoning", "text": WORDS, "signature": st.sampled_from([seal(family, "s1"), seal(family, "s2")])})


def _numbered_calls(start: int, calls: list[Json]) -> list[Json]:
    return [{**call, "id": f"call_{start + number}"} for number, call in enumerate(calls)]


def calls() -> st.SearchStrategy[Json]:
    return _some({"kind": "tool_call", "name": NAMES, "arguments": ARGUMENTS})


@st.composite
def answers(draw: st.DrawFn, family: str, *, ordered: bool) -> list[Json]:
    """What an assistant says; without `ordered` as a message that knows no order of parts can hold it."""
    if ordered:
        said = draw(st.lists(st.one_of(texts(), reasonings(family)), max_size=4))
    else:
        said = draw(st.lists(reasonings(family), max_size=1)) + draw(st.lists(texts(), max_size=1))
    return _separated(said)


@st.composite
def conversations(draw: st.DrawFn, family: str, *, ordered: bool) -> list[Json]:
    """Turns that take turns; every call is answered in the turn behind it. For `ordered` see `answers`."""
    turns: list[Json] = []
    asked: list[Json] = []
    number = 0
    for _ in range(draw(st.integers(1, 3))):
        results = [
            {"kind": "tool_result", "id": call["id"], "name": call["name"], "parts": draw(st.lists(texts(), min_size=1, max_size=2))}
            | draw(_some({}, {"error": st.just(True)}))
            for call in asked
        ]
        said = draw(st.lists(st.one_of(texts(), texts(), images(), files()), min_size=1, max_size=3))
        turns.append({"role": "user", "parts": [*results, *said]})
        answer = draw(answers(family, ordered=ordered))
        asked = _numbered_calls(number, draw(st.lists(calls(), max_size=2)))
        number += len(asked)
        if answer and not asked and answer[-1]["kind"] == "reasoning":
            answer.append(draw(texts()))  # who only thought has not answered
        if answer or asked:
            turns.append({"role": "assistant", "parts": [*answer, *asked]})
    if turns[-1]["role"] == "assistant":
        turns.append({"role": "user", "parts": [{"kind": "tool_result", "id": call["id"], "name": call["name"],
                      "parts": [{"kind": "text", "text": "4 °C"}]} for call in asked] + [draw(texts())]})  # fmt: skip
    return turns


TOOLS = st.lists(
    _some({"kind": "function", "name": NAMES, "schema": SCHEMAS}, {"description": WORDS, "strict": st.just(True), **CACHE}),
    min_size=1, max_size=3, unique_by=lambda tool: tool["name"],
)  # fmt: skip
CHOICES = st.sampled_from([{"mode": "auto"}, {"mode": "none"}, {"mode": "required"}])
SAMPLING = _some({}, {"temperature": st.sampled_from([0, 0.5, 0.9]), "top_p": st.just(0.9), "top_k": st.just(5), "seed": st.just(7)}).filter(bool)
FORMATS = st.one_of(
    st.just({"kind": "json_object"}),
    _some({"kind": "json_schema", "name": "answer", "schema": SCHEMAS, "strict": True}),
)


@st.composite
def requests(draw: st.DrawFn, family: str, *, ordered: bool = True) -> Json:
    """A request in canonical shape, its opaque values those of one family; for `ordered` see `answers`."""
    request: Json = draw(
        _some(
            {"model": "small-1", "turns": conversations(family, ordered=ordered), "max_output": st.sampled_from([100, 2000])},
            {
                "stream": st.booleans(),
                "system": st.lists(texts(), min_size=1, max_size=2),
                "sampling": SAMPLING,
                "stop": st.just(["END", "{{ stop }}"]),
                "format": FORMATS,
                "user_id": st.just("user-1"),
                "metadata": st.just({"a": "b"}),
            },
        )
    )
    if draw(st.booleans()):
        request["tools"] = draw(TOOLS)
        named = st.sampled_from([{"mode": "named", "names": [tool["name"]]} for tool in request["tools"]])
        choices = st.one_of(CHOICES, named)
        request |= draw(_some({}, {"tool_choice": choices, "parallel_tools": st.booleans()}))
    return link(shape_turns(request))


FINISHES = st.sampled_from(["stop", "length", "content_filter", "stop_sequence"])
USAGES = _some({"input": st.integers(10, 20), "output": st.integers(5, 9)}, {"cache_read": st.integers(1, 5), "reasoning": st.integers(1, 5)})


@st.composite
def responses(draw: st.DrawFn, family: str, *, ordered: bool = True) -> Json:
    """A settled response with one output, its opaque values those of one family; for `ordered` see `answers`."""
    said = [{name: part[name] for name in part if name != "cache"} for part in draw(answers(family, ordered=ordered))]
    asked = _numbered_calls(0, draw(st.lists(calls(), max_size=3)))
    output = {"index": 0, "parts": [*said, *asked], "finish": {"reason": draw(FINISHES)}}
    response = {"id": "answer_1", "model": "small-1", "created": 1700000000, "outputs": [output], "usage": draw(USAGES)}
    return settle(response)


def _separated(parts: list[Json]) -> list[Json]:
    """Leave out parts that follow one of their kind: a stream that writes runs cannot tell the two apart."""
    return [part for place, part in enumerate(parts) if not place or parts[place - 1]["kind"] != part["kind"]]
