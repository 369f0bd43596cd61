"""Protocols whose files are compiled when they are first used: for files of which it is known that nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

from .plain import PlainProtocol
from .wire_protocol import WireProtocol

Make = Callable[[], Any]


class Late:
    """Makes a member when it is asked for and not there yet; from then on it is a member as any other."""

    __slots__ = ()
    makes: Mapping[str, Make]

    def __getattr__(self, name: str) -> Any:
        makes = object.__getattribute__(self, "makes")
        if name not in makes:
            raise AttributeError(name)
        value = makes[name]()
        object.__setattr__(self, name, value)
        return value


class _LateWire(Late, WireProtocol):
    __slots__ = ("makes",)


class _LatePlain(Late, PlainProtocol):
    __slots__ = ("makes",)


Build = Callable[[type[WireProtocol], Mapping[str, Any], Mapping[str, Make]], WireProtocol]
"""Gives a protocol of a kind with some members, and others that can be made."""


def built(kind: type[WireProtocol], members: Mapping[str, Any], makes: Mapping[str, Make]) -> WireProtocol:
    """Give a protocol of a kind with all its members."""
    return kind(**members, **{name: make() for name, make in makes.items()})


def late(kind: type[WireProtocol], members: Mapping[str, Any], makes: Mapping[str, Make]) -> WireProtocol:
    """Give a protocol of a kind some members of which are made when they are first used."""
    made: WireProtocol = object.__new__(_LatePlain) if issubclass(kind, PlainProtocol) else object.__new__(_LateWire)
    object.__setattr__(made, "makes", {name: cache(make) for name, make in makes.items()})
    for field in fields(kind):
        if field.name not in makes:
            object.__setattr__(made, field.name, members.get(field.name, field.default))
    return made


def amended(protocol: WireProtocol, members: Mapping[str, Any], makes: Mapping[str, Make]) -> WireProtocol:
    """Give a protocol with other members, some of which are still to be made; what is late in it stays so."""
    if not isinstance(protocol, Late):
        return replace(protocol, **members, **{name: make() for name, make in makes.items()})
    still = {name: make for name, make in protocol.makes.items() if name not in members}
    kept = {field.name: getattr(protocol, field.name) for field in fields(protocol) if field.name not in protocol.makes}
    return late(type(protocol), {**kept, **members}, {**still, **makes})
