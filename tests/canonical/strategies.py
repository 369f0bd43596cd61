"""Random canonical values, sound and sloppy."""

from hypothesis import strategies as st

words = st.text("abc {}\"\\é\n", min_size=1, max_size=6)
ids = st.sampled_from(["a", "b", "c"])
names = st.sampled_from(["f", "g"])
arguments = st.sampled_from(["{}", '{"a":1}', '{"a":', "free text"])
citations = st.lists(st.fixed_dictionaries({"kind": st.just("url"), "url": words}), min_size=1, max_size=2)


natives = st.dictionaries(st.sampled_from(["made-up", "other"]), st.dictionaries(names, words, min_size=1), min_size=1, max_size=2)


def part(kind, required, optional=None):
    return st.fixed_dictionaries({"kind": st.just(kind), **required}, optional=optional or {})


response_parts = st.one_of(
    part("text", {"text": st.one_of(words, st.just(""))}, {"citations": citations, "signature": words, "phase": words, "native": natives}),
    part("refusal", {"text": words}, {"item_id": ids}),
    part("reasoning", {}, {"text": words, "signature": words, "redacted": words, "id": ids, "summary": st.booleans()}),
    part("tool_call", {"id": ids, "name": names, "arguments": arguments}, {"custom": st.booleans(), "signature": words, "item_id": ids, "native": natives}),
    part("image", {"data": words}, {"media_type": words}),
    part("audio", {"data": words}, {"transcript": words}),
    part("native", {"protocol": st.just("made-up"), "value": st.just({"x": 1})}, {"arguments": words, "essential": st.booleans()}),
)
finishes = st.fixed_dictionaries(
    {"reason": st.sampled_from(["stop", "length", "tool_calls", "refusal", "other"])}, optional={"native": words}
)
usages = st.fixed_dictionaries({"input": st.integers(1, 9), "output": st.integers(1, 9)})


@st.composite
def responses(draw):
    count = draw(st.integers(1, 2))
    outputs = [
        {"index": number, "parts": draw(st.lists(response_parts, max_size=5)), "finish": draw(finishes),
         **draw(st.fixed_dictionaries({}, optional={"native": natives}))}
        for number in range(count)
    ]
    response = {"id": draw(words), "model": "m", "created": 1, "outputs": outputs}
    return {**response, "usage": draw(usages)} if draw(st.booleans()) else response


kinds = st.sampled_from(["text", "reasoning", "refusal", "tool_call", "native"])
numbers = st.sampled_from([0, 0, 0, 1])
said = st.one_of(words, st.just(""), st.none())
members = {
    "output": numbers,
    "text": said,
    "arguments": st.one_of(arguments, said),
    "id": st.one_of(ids, said),
    "name": st.one_of(names, st.just("")),
    "signature": said,
    "citations": citations,
}


def event(kind, required=None, optional=None):
    return st.fixed_dictionaries({"type": st.just(kind), **(required or {})}, optional=optional or {})


keys = {"key": st.integers(0, 2)}
part_events = st.one_of(
    event("part.start", {"kind": kinds}, {**members, **keys}),
    event("part.delta", {"kind": kinds}, {**members, **keys}),
    event("part.delta", keys, members),
    event("part.full", {"kind": kinds}, {**members, **keys}),
    event("part.full", keys, members),
    event("part", {"part": response_parts}, {"output": numbers}),
    event("part.end", {}, {**members, **keys, "kind": kinds}),
)
stream_events = st.lists(
    st.one_of(
        part_events,
        part_events,
        part_events,
        event("start", {}, {"id": said, "model": said, "usage": usages, "native": st.one_of(st.none(), natives)}),
        event("usage", {"usage": st.one_of(st.none(), usages)}),
        event("finish", {}, {"output": numbers, "reason": st.sampled_from(["stop", "length"])}),
        event("output", {}, {"output": numbers, "native": st.one_of(st.none(), natives)}),
        event("logprobs", {"logprobs": st.just([{"token": "a"}])}, {"output": numbers}),
    ),
    max_size=25,
)
