"""Tracing changes nothing: a folder compiled with origins makes what it makes without, and knows all of its places."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from torouter.config.document import load_document
from torouter.diagnostics import Diagnostics
from torouter.language.origins import Origins
from torouter.protocol import Call, RequestRejected, WireProtocol, compile_protocol

from tests.laws.folders import FOLDERS, protocol
from tests.laws.strategies import requests, responses

TARGET = {"model": "small-1", "provider": "p", "limits": {"max_output": 1000}}


@cache
def traced(name: str) -> tuple[WireProtocol, Origins]:
    """A folder compiled with origins."""
    found, origins = Diagnostics(), Origins()
    files = {path.name.removesuffix(".yaml"): load_document(path, str(path), "tests", found) for path in FOLDERS[name].glob("*.yaml")}
    return compile_protocol(name, {kind: file for kind, file in files.items() if file is not None}, found, origins), origins


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value that holds no others."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [leaf for key, member in inner for leaf in leaves(member, (*path, key))] or [path]


def encoded(speaker: WireProtocol, request: Any) -> Any:
    """The body of a request, or why it is refused."""
    try:
        return speaker.encode_request(request, Call(target=TARGET, request=request)).body
    except RequestRejected as fault:
        return fault.error


@pytest.mark.parametrize("name", FOLDERS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_traced_request_is_that_of_a_plain_run(name: str, data: st.DataObject) -> None:
    plain, (speaker, origins) = protocol(name), traced(name)
    request = data.draw(requests(plain.family))
    origins.clear()
    assert encoded(speaker, request) == encoded(plain, request)


@pytest.mark.parametrize("name", FOLDERS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_traced_answer_is_that_of_a_plain_run(name: str, data: st.DataObject) -> None:
    plain, (speaker, origins) = protocol(name), traced(name)
    response = data.draw(responses(plain.family))
    origins.clear()
    body = plain.encode_response(response, Call(target=TARGET))
    assert speaker.encode_response(response, Call(target=TARGET)) == body
    assert speaker.decode_response(body, Call(target=TARGET)) == plain.decode_response(body, Call(target=TARGET))


@pytest.mark.parametrize("name", FOLDERS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_every_value_of_a_traced_request_stands_somewhere(name: str, data: st.DataObject) -> None:
    speaker, origins = traced(name)
    request = data.draw(requests(speaker.family))
    origins.clear()
    with suppress(RequestRejected):
        body = speaker.encode_request(request, Call(target=TARGET, request=request)).body
        places = dict(origins.of(body))
        assert [leaf for leaf in leaves(body) if not any(leaf[: len(path)] == path for path in places)] == []
        assert {where.span().file.rpartition("/")[2] for where in places.values()} <= {"request.encode.yaml", "protocol.yaml"}
