"""Every client on every upstream: what a request and an answer say stays what it was, and histories keep their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise, product
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.canonical.carriers import family_of
from torouter.canonical.fold import fold
from torouter.canonical.link import link
from torouter.canonical.loss import Loss
from torouter.canonical.turns import shape_turns
from torouter.protocol import Call, Encoded, RequestRejected, WireProtocol

from tests.laws import strategies
from tests.laws.compare import at, deviations, differences, facts, unexplained, without
from tests.laws.features import FEATURES, changed, concerns, with_feature
from tests.laws.folders import FOLDERS, protocol
from tests.support.grammar import violations

Json = dict[str, Any]

every_pair = pytest.mark.parametrize(("client", "upstream"), [*product(FOLDERS, FOLDERS)])
every_protocol = pytest.mark.parametrize("name", FOLDERS)
relaxed = settings(
    max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)
few = settings(relaxed, max_examples=3)
REQUEST = {"model": "small-1", "turns": [], "stream": True, "stream_usage": True}
TOOL: Json = {"kind": "function", "name": "f", "schema": {"type": "object", "properties": {}}}
TEMPLATES = ["{{ 7 * 7 }}", "{% for x in y %}", "=request.model", "$value"]


def ordered(*names: str) -> bool:
    """Whether all of these protocols can say in which order parts come."""
    return all(facts(name).get("parts_are_ordered", True) for name in names)


def called(request: Json, target: Json) -> Call:
    return Call(path={"model": request["model"]}, target={"model": request["model"], **target}, request=request)


@every_pair
@relaxed
@given(data=st.data())
def test_a_request_says_the_same_upstream_but_for_what_was_declared_lost(
    client: str, upstream: str, data: st.DataObject
) -> None:
    spoken, target = protocol(client), data.draw(st.sampled_from(facts(upstream)["targets"]))
    drawn = data.draw(strategies.requests(spoken.family, ordered=ordered(client, upstream)))
    try:
        body = spoken.encode_request(drawn, called(drawn, {})).body
        call = called(drawn, target)
        request = spoken.decode_request(orjson.loads(orjson.dumps(body)), call)
        request["model"] = drawn["model"]
        encoded = protocol(upstream).encode_request(request, call)
    except RequestRejected:
        return
    read = [loss for loss in encoded.losses if loss not in call.unread]
    there = protocol(upstream).request_decode
    expected = link(
        shape_turns(readable(without(request, read), protocol(upstream).family), there.runs if there else ())
    )
    found = protocol(upstream).decode_request(orjson.loads(orjson.dumps(encoded.body)), called(drawn, target))
    allowed = {**deviations(client, "request"), **deviations(upstream, "request")}
    assert unexplained(differences(expected, found), allowed) == []


def readable(request: Json, family: str) -> Json:
    """A request without the signatures that an upstream of this family is not sent; losing them is no loss to tell."""
    kept: Json = {
        **request,
        "turns": [{**turn, "parts": [dict(part) for part in turn["parts"]]} for turn in request["turns"]],
    }
    for turn in kept["turns"]:
        for part in turn["parts"]:
            if "signature" in part and family_of(part["signature"]) != family:
                del part["signature"]
    return kept


def answered(client: WireProtocol, upstream: WireProtocol, response: Json) -> tuple[Json, Json, bytes]:
    """What an answer of the upstream says to its own client, and what a translated body and a translated stream say."""
    call = Call(request=REQUEST)
    body = upstream.encode_response(response, call)
    direct = upstream.decode_response(body, call)
    whole = client.decode_response(client.encode_response(direct, call), call)
    decoder, encoder = upstream.stream_decoder(call, client), client.stream_encoder(call)
    stream = upstream.encode_whole_stream(response, call)
    return direct, whole, encoder.feed(decoder.feed(stream)) + encoder.feed(decoder.close())


@every_pair
@relaxed
@given(data=st.data())
def test_an_answer_says_the_same_to_the_client_whole_and_in_pieces(
    client: str, upstream: str, data: st.DataObject
) -> None:
    theirs, mine = protocol(upstream), protocol(client)
    response = data.draw(strategies.responses(theirs.family, ordered=ordered(client, upstream)))
    direct, whole, stream = answered(mine, theirs, response)
    allowed = {**deviations(client, "response"), **deviations(upstream, "response")}
    assert unexplained(differences(direct, whole), allowed) == []
    assert violations(client, stream) == []
    decoder = mine.stream_decoder(Call(request=REQUEST), mine)
    folded = fold([*decoder.feed(stream), *decoder.close()])
    assert unexplained(differences(direct, folded), {**allowed, **deviations(client, "stream_and_body")}) == []


@every_protocol
@relaxed
@given(data=st.data())
def test_a_conversation_that_grows_keeps_the_bytes_of_its_beginning(name: str, data: st.DataObject) -> None:
    """What was cached upstream is found again: only the last message of the shorter history may have grown."""
    spoken = protocol(name)
    request = data.draw(strategies.requests(spoken.family, ordered=ordered(name)))
    request.pop("tools", None), request.pop("tool_choice", None), request.pop("parallel_tools", None)
    users = [place for place, turn in enumerate(request["turns"]) if turn["role"] == "user"]
    bodies = []
    for last in users:
        shorter = {**request, "turns": request["turns"][: last + 1]}
        try:
            body = spoken.encode_request(shorter, called(shorter, facts(name)["targets"][0])).body
            bodies.append([orjson.dumps(message) for message in body[facts(name)["conversation"]]])
        except RequestRejected:
            return
    for shorter, longer in pairwise(bodies):
        assert longer[: len(shorter)] == shorter


def passed_on(client: str, upstream: str, request: Json, target: Json) -> Json:
    """The body that an upstream gets of what a client says; raises RequestRejected."""
    body = protocol(client).encode_request(request, called(request, {})).body
    return sent(client, upstream, orjson.loads(orjson.dumps(body)), request, target)[1].body


def sent(client: str, upstream: str, body: Json, request: Json, target: Json) -> tuple[Json, Encoded]:
    """What a client's body says and becomes upstream; raises RequestRejected. The address is that of this request."""
    call = called(request, target)
    read = {**protocol(client).decode_request(body, call), "model": request["model"]}
    return read, protocol(upstream).encode_request(read, call)


@every_pair
@few
@given(data=st.data())
def test_a_feature_changes_only_what_it_concerns(client: str, upstream: str, data: st.DataObject) -> None:
    spoken, target = protocol(client), data.draw(st.sampled_from(facts(upstream)["targets"]))
    drawn = data.draw(strategies.requests(spoken.family, ordered=ordered(client, upstream)))
    plain = {"system": [{"kind": "text", "text": "Be kind."}], "tools": [TOOL], **drawn}
    plain.pop("format", None)  # words for one form give way to another
    try:
        before = passed_on(client, upstream, plain, target)
    except RequestRejected:
        return
    for name in FEATURES:
        with suppress(RequestRejected):
            after = passed_on(client, upstream, with_feature(plain, name), target)
            assert unexplained(changed(before, after), concerns(client, upstream, name)) == [], name


@every_protocol
def test_every_feature_that_concerns_a_body_changes_it(name: str) -> None:
    plain = {"model": "m", "max_output": 9, "system": [{"kind": "text", "text": "Be kind."}], "tools": [TOOL],
             "turns": [{"role": "user", "parts": [{"kind": "text", "text": "Hello."}]}]}  # fmt: skip
    before = passed_on(name, name, plain, {})
    told = [feature for feature in FEATURES if concerns(name, name, feature)]
    same = [feature for feature in told if passed_on(name, name, with_feature(plain, feature), {}) == before]
    assert same == []


def objects(value: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Every object in a body, with its place without numbers."""
    if isinstance(value, dict):
        yield place, value
        for name, member in value.items():
            yield from objects(member, f"{place}.{name}".removeprefix("."))
    for item in value if isinstance(value, list) else ():
        yield from objects(item, place)


def tells(losses: Iterable[Loss], request: Json) -> bool:
    """Whether a loss names the added member, or a member of the request that holds it."""
    return any("x-added" in loss.path or "x-said" in str(at(request, loss.path)) for loss in losses)


@every_pair
@relaxed
@given(data=st.data())
def test_an_unknown_member_is_passed_on_or_told_as_lost(client: str, upstream: str, data: st.DataObject) -> None:
    spoken, target = protocol(client), data.draw(st.sampled_from(facts(upstream)["targets"]))
    drawn = data.draw(strategies.requests(spoken.family, ordered=ordered(client, upstream)))
    with suppress(RequestRejected):
        body = orjson.loads(orjson.dumps(spoken.encode_request(drawn, called(drawn, {})).body))
        for place, holder in list(objects(body)):
            holder["x-added"] = "x-said"
            fuller = orjson.dumps(body)
            del holder["x-added"]
            request, encoded = sent(client, upstream, orjson.loads(fuller), drawn, target)
            assert b"x-said" in orjson.dumps(encoded.body) or tells(encoded.losses, request), place


@every_pair
@relaxed
@given(data=st.data(), places=st.lists(st.integers(0, 10_000), max_size=8))
def test_any_cut_of_an_answer_gives_the_client_the_same_bytes(
    client: str, upstream: str, data: st.DataObject, places: list[int]
) -> None:
    theirs, mine = protocol(upstream), protocol(client)
    response = data.draw(strategies.responses(theirs.family, ordered=ordered(client, upstream)))
    stream = theirs.encode_whole_stream(response, Call(request=REQUEST))

    def relayed(pieces: list[bytes]) -> bytes:
        call = Call(request=REQUEST)
        decoder, encoder = theirs.stream_decoder(call, mine), mine.stream_encoder(call)
        written = b"".join(encoder.feed(decoder.feed(piece)) for piece in pieces)
        return written + encoder.feed(decoder.close())

    edges = [0, *sorted({place % (len(stream) + 1) for place in places}), len(stream)]
    assert relayed([stream[start:end] for start, end in pairwise(edges)]) == relayed([stream])


@every_pair
@pytest.mark.parametrize("text", TEMPLATES)
def test_template_text_passes_every_pair_as_it_is(client: str, upstream: str, text: str) -> None:
    said: Json = {"kind": "text", "text": text}
    request = {"model": "m", "max_output": 9, "system": [said], "turns": [{"role": "user", "parts": [said]}],
               "tools": [{**TOOL, "description": text}]}  # fmt: skip
    body = passed_on(client, upstream, request, {})
    found = protocol(upstream).decode_request(orjson.loads(orjson.dumps(body)), called(request, {}))
    assert [part["text"] for part in (*found["system"], *found["turns"][0]["parts"])] == [text, text]
    assert found["tools"][0]["description"] == text
    output = {"index": 0, "parts": [said], "finish": {"reason": "stop"}}
    response = {"id": "a", "model": "m", "created": 1, "outputs": [output], "usage": {"input": 1, "output": 1}}
    _, whole, stream = answered(protocol(client), protocol(upstream), response)
    assert whole["outputs"][0]["parts"][0]["text"] == text
    decoder = protocol(client).stream_decoder(Call(request=REQUEST), protocol(client))
    assert fold([*decoder.feed(stream), *decoder.close()])["outputs"][0]["parts"][0]["text"] == text
