"""A conversation in four answers, told by every strict upstream in its own protocol and expected by every client."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call and what the client's tool answers."""

    id: str
    name: str
    arguments: Json
    result: str


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model; `signatures` are opaque values with every character of base64 that is escaped somewhere."""

    number: int
    thought: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    signatures: tuple[str, str] = field(default=("", ""))


def _signature(seed: int) -> str:
    return base64.b64encode(bytes((seed * 37 + place * 61) % 256 for place in range(90)) + b"\xfb\xff\xfe").decode()


def _step(number: int, **members: Any) -> Step:
    return Step(number, signatures=(_signature(number), _signature(number + 100)), **members)


OSLO = Call("call_Oslo-1", "weather", {"city": "Oslo", "days": [1, 2]}, "4 °C")
ROME = Call("call_Rome-2", "weather", {"city": "Rome", "note": "{{ 7 * 7 }}"}, '{"celsius": 14}')
WIND = Call("call_wind-3", "wind", {"city": "Oslo"}, "9 m/s")

QUESTION = "How cold is it in Oslo and Rome, and is it windy?"
THANKS = "Thanks."
STEPS = (
    _step(0, thought="Look both up.", text="Let me look.", calls=(OSLO, ROME)),
    _step(1, thought="Now the wind.", calls=(WIND,)),
    _step(2, thought="Sum it up.", text="4 °C in Oslo, 14 in Rome, and windy."),
    _step(3, text="You are welcome."),
)
TOOLS = ("weather", "wind")
SCHEMA: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


class Refusal(Exception):
    """The upstream answers 400 and says why."""


def demand(condition: object, reason: str) -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Refusal(reason)
