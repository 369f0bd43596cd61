"""Requests on their way through the canonical model: what is shaped after decoding and before encoding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ..canonical import schema
from ..canonical.arrange import arrange_turns
from ..canonical.harmless import goes_on
from ..canonical.link import link
from ..canonical.loss import Declared, Loss
from ..canonical.plain import PlainLosses
from ..canonical.turns import shape_turns
from .call import Call, roots_of
from .errors import Json, RequestRejected, invalid_request
from .files import RequestDecode, RequestEncode
from .unread import declaration

_ROLE = ("turns", "*", "role")
_INDEX = re.compile(r"\[\d+\]")


def decode(name: str, rules: RequestDecode, body: Json, call: Call) -> Json:
    """Read a body as a canonical request: members that no rule reads go into the native bag, turns are put in shape.

    The call's history comes first, and what the body says itself is noted in the call.
    """
    request = rules.make.run(roots_of(call, body=body))
    if not isinstance(request, dict) or not (
        request.get("turns") or request.get("system") or call.history or goes_on(request)
    ):
        raise RequestRejected(invalid_request("the request holds no message"))
    request.setdefault("turns", [])
    _refuse_unknown(request)
    call.said = request["turns"]
    request["turns"] = [*call.history, *call.said]
    bagged(name, rules, request, body)
    try:
        return link(shape_turns(request, rules.runs))
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise RequestRejected(_misshapen(request)) from fault


def bagged(name: str, rules: RequestDecode, request: Json, body: Json) -> Json:
    """Put the members of the body that no rule reads into the request's native bag."""
    read = rules.read
    if read is not None and (kept := {member: value for member, value in body.items() if member not in read.members}):
        bag = request.get("native", {})
        request["native"] = {**bag, name: {**bag.get(name, {}), **kept}}
    return request


def _refuse_unknown(request: Json) -> None:
    """Raise RequestRejected for a word of a closed set that the canonical model does not know: nothing is guessed."""
    roles = schema.choices()[_ROLE]
    for number, turn in enumerate(request["turns"]):
        if turn.get("role") not in roles:
            raise RequestRejected(_unknown(f"turns[{number}].role", turn.get("role"), roles))
    for name, members in _closed_sets().items():
        holder = request.get(name)
        if not isinstance(holder, dict):
            continue
        for member, known in members.items():
            value = holder.get(member)
            if value is not None and value not in known:
                raise RequestRejected(_unknown(f"{name}.{member}", value, known))


@cache
def _closed_sets() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Give the words that the canonical model knows, by the members of a request and by theirs."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for path, words in schema.choices().items():
        if len(path) == 2:
            found.setdefault(path[0], {})[path[1]] = words
    return found


def _unknown(place: str, value: object, known: tuple[str, ...]) -> Json:
    return invalid_request(f"`{place}` cannot be {value!r}; it may be {', '.join(known)}", place)


def _misshapen(request: Json) -> Json:
    """Say which member of a request has a form that no mapping expects."""
    problems = schema.check_request(request)
    place, _, problem = (problems[0] if problems else "$: the request cannot be read").partition(": ")
    return invalid_request(f"{place.removeprefix('$.')}: {problem}", place.removeprefix("$."))


def prepare(rules: RequestEncode, request: Json, roots: Mapping[str, Any]) -> tuple[Json, list[Loss]]:
    """Arrange the turns, if there are any, as the target wants them; say what of the request it will not carry."""
    if rules.turns is None or isinstance(rules.loss, PlainLosses):
        return request, [*rules.loss.check(request), *rules.decided.check(request, roots)]
    try:
        arranged, changes = arrange_turns(request, rules.turns)
        losses = [*changes, *rules.loss.check_turns(request), *rules.loss.check(arranged)]
        return arranged, [*losses, *rules.decided.check(arranged, roots)]
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise RequestRejected(_misshapen(request)) from fault


def own_members(name: str, rules: RequestEncode, request: Json) -> tuple[Json, list[Loss]]:
    """Give what is written back of the members that only clients of this protocol say, and what of them is lost."""
    bag: Json = request.get("native", {}).get(name, {})
    taken = rules.native
    if taken is None or bag.keys() <= taken:
        return bag, []
    lost = [Loss(f"native.{name}.{member}", "native", "warn", "is not known to it") for member in bag.keys() - taken]
    return {member: value for member, value in bag.items() if member in taken}, lost


def as_declared(loss: Loss, declared: Mapping[str, Declared], request: Json) -> Iterator[Loss]:
    """Give the loss of what rode in a native bag, a request's or a tool's, as bad as its own protocol says it is.

    Of an object of the request of which only members are declared, each member is a loss of its own.
    """
    holder, bag, place = loss.path.rpartition("native.")
    if not declared or not bag or loss.general != "native":
        yield loss
        return
    protocol, _, place = place.partition(".")
    value = request.get("native", {}).get(protocol, {}).get(place) if not holder else None
    inner = isinstance(value, dict) and any(name.startswith(f"{place}.") for name in declared)
    for suffix in (f".{name}" for name in value or ()) if inner else ("",):
        said = declaration(_INDEX.sub("", holder) + place + suffix, declared)
        found = replace(loss, path=loss.path + suffix)
        yield found if said is None else replace(found, severity=said.severity, reason=said.why)
