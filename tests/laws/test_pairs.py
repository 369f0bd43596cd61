"""Every client on every upstream: what a request and an answer say stays what it was, and histories keep their bytes."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from torouter.canonical.carriers import family_of
from torouter.canonical.fold import fold
from torouter.canonical.link import link
from torouter.canonical.turns import shape_turns
from torouter.protocol import Call, RequestRejected, WireProtocol

from tests.laws import strategies
from tests.laws.compare import deviations, differences, facts, unexplained, without
from tests.laws.folders import FOLDERS, protocol
from tests.support.grammar import violations

Json = dict[str, Any]

every_pair = pytest.mark.parametrize(("client", "upstream"), [*product(FOLDERS, FOLDERS)])
every_protocol = pytest.mark.parametrize("name", FOLDERS)
relaxed = settings(
    max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)
REQUEST = {"model": "small-1", "turns": [], "stream": True, "stream_usage": True}


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
