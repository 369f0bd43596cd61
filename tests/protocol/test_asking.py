"""Usage that a stream tells only to those who ask: the question, and frames as they would have been without it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from torouter.protocol.asking import UsageOnRequest

ASKS = UsageOnRequest({"wishes": {"cost": True}}, "cost", "lines")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"m": 1}, {"wishes": {"cost": True}, "m": 1}),
        ({"m": 1, "wishes": None}, {"m": 1, "wishes": {"cost": True}}),
        ({"m": 1, "wishes": {}}, {"m": 1, "wishes": {"cost": True}}),
        ({"wishes": {"cost": False, "slow": 1}, "m": 1}, {"wishes": {"cost": True, "slow": 1}, "m": 1}),
        ({"m": 1, "wishes": {"cost": True}}, None),
        ({"m": 1, "wishes": "all"}, None),
    ],
)
def test_a_body_asks_once_and_keeps_what_else_it_wishes(given: dict[str, Any], asked: dict[str, Any] | None) -> None:
    raw = ASKS.asked(orjson.dumps(given), given)
    assert (orjson.loads(raw) if raw is not None else None) == asked


def test_every_other_byte_of_the_body_stays() -> None:
    body = b'{ "m" : 1.50E+2,\n"n":[ 1 ] }'
    assert ASKS.asked(body, orjson.loads(body)) == b'{ "wishes":{"cost":true},"m" : 1.50E+2,\n"n":[ 1 ] }'


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b""])
@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b'data: {"lines":[1],"cost":null}', b'data: {"lines":[1]}'),
        (b'data: {"lines":[1],"cost":null,"pad":"a,b","n":1.5}', b'data: {"lines":[1],"pad":"a,b","n":1.5}'),
        (b'data: {"deep":{"a":1,"cost":null},"cost":null}', b'data: {"deep":{"a":1,"cost":null}}'),
        (b'data: {"deep":[{"a":1,"cost":null}]}', b'data: {"deep":[{"a":1,"cost":null}]}'),
        (b'data: {"lines":[1],"cost":null,"deep":{"n":1}}', b'data: {"lines":[1],"deep":{"n":1}}'),
        (b'event: x\ndata:{"cost": null, "lines":[1]}', b'event: x\ndata:{"lines":[1]}'),
        (b'data: {"lines":[],"cost":{"n":1}}', None),
        (b'data: {"lines":[1],"cost":{"n":1}}', b'data: {"lines":[1],"cost":{"n":1}}'),
        (b'data: {"cost":{"n":1}}', b'data: {"cost":{"n":1}}'),
        (b'data: {"deep":{"cost":null},"lines":[]}', b'data: {"deep":{"cost":null},"lines":[]}'),
        (b'data: {"text":"\\"cost\\":null","lines":[]}', b'data: {"text":"\\"cost\\":null","lines":[]}'),
        (b'data: {"cost":null,', b'data: {"cost":null,'),
        (b'data: ["cost"]', b'data: ["cost"]'),
        (b'data: {"cost":\ndata: null}', b'data: {"cost":\ndata: null}'),
        (b': "cost"', b': "cost"'),
    ],
)
def test_a_frame_is_as_it_would_have_been(data: bytes, shown: bytes | None, end: bytes) -> None:
    before, after = b"data: first\n\n", b"data: [END]\n\n" if end else b""
    assert ASKS.hidden(before + data + end + after) == before + (shown + end if shown is not None else b"") + after
