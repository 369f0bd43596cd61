"""Endpoints and surfaces compiled: which request is which, and what its protocol is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..config import model as config
from ..config.document import Where
from ..diagnostics import Diagnostics
from ..language.mapping import compile_mapping
from ..language.operators import is_false
from ..language.shape import Compiler
from ..language.words import Vocabulary
from ..protocol import WireProtocol
from .endpoint import Context, Endpoint, Expression, State, Surface
from .framed import framed

_ROOTS = ("body", "path", "query", "headers")
_BODY_MEMBER = re.compile(r"=\s*body\.([A-Za-z_]\w*)\s*")
_ANY_BODY_MEMBER = re.compile(r"\bbody\.([A-Za-z_]\w*)")


def compile_endpoints(
    routes: config.Routes, protocols: Mapping[str, WireProtocol], diagnostics: Diagnostics
) -> Sequence[Endpoint]:
    """Compile every endpoint whose protocol is known, once for each of its addresses."""
    return tuple(
        replace(compiled, method=match.method, pattern=match.path)
        for endpoint in routes.endpoints.values()
        if endpoint.protocol in protocols
        for compiled in [_endpoint(endpoint, routes, protocols[endpoint.protocol], diagnostics)]
        for match in endpoint.matches
    )


def _endpoint(
    endpoint: config.Endpoint, routes: config.Routes, protocol: WireProtocol, diagnostics: Diagnostics
) -> Endpoint:
    return Endpoint(
        id=endpoint.id,
        method=endpoint.matches[0].method,
        pattern=endpoint.matches[0].path,
        when=_any_of(endpoint.when),
        protocol=framed(protocol, endpoint.framing),
        operation=endpoint.operation,
        model=_expression(endpoint.entry.at("model"), diagnostics) if endpoint.model else None,
        model_member=_member_of_body(endpoint.model),
        stream=_truth(endpoint, diagnostics) if endpoint.stream else False,
        auth=routes.auth.get(endpoint.auth, ()),
        forward=tuple(name.lower() for name in endpoint.forward),
        returned=endpoint.returned,
        max_body=endpoint.max_body,
        example=endpoint.example,
        forms=endpoint.forms,
        forward_query=endpoint.forward_query,
        state=_state(endpoint.state, endpoint.entry.at("state"), diagnostics) if endpoint.state else None,
        answer=_expression(endpoint.entry.at("answer"), diagnostics) if endpoint.answer else None,
        seen=_expression(endpoint.entry.at("seen"), diagnostics) if endpoint.seen else None,
        conversation=_expression(endpoint.entry.at("conversation"), diagnostics) if endpoint.conversation else None,
        entry=_expression(endpoint.entry.at("entry"), diagnostics) if endpoint.entry_id else None,
        prefix=endpoint.prefix or "",
        refusal=endpoint.refusal,
    )


def _state(state: config.State, where: Where, diagnostics: Diagnostics) -> State:
    keep = _expression(where.at("keep"), diagnostics)
    return State(
        keep=lambda context: not is_false(keep(context)),
        previous=_expression(where.at("previous"), diagnostics),
        previous_member=_member_of_body(state.previous),
        conversation=_expression(where.at("conversation"), diagnostics) if state.conversation else None,
        conversation_member=_first_member(state.conversation),
        prefix=state.prefix,
    )


def compile_surfaces(routes: config.Routes, protocols: Mapping[str, WireProtocol]) -> Sequence[Surface]:
    """Compile the surfaces in the order in which they are tried; the default one comes last."""
    known = [surface for surface in routes.surfaces.values() if surface.protocol in protocols]
    tried = [
        Surface(condition.path_prefix or "", _holds(condition), protocols[surface.protocol])
        for surface in known
        for condition in surface.when
    ]
    return (*tried, *(Surface("", None, protocols[surface.protocol]) for surface in known if surface.default))


def _expression(where: Where, diagnostics: Diagnostics) -> Expression:
    return compile_mapping(where, _ROOTS, Compiler(Vocabulary(), diagnostics)).run


def _truth(endpoint: config.Endpoint, diagnostics: Diagnostics) -> Expression:
    run = _expression(endpoint.entry.at("stream"), diagnostics)
    return lambda context: not is_false(run(context))


def _member_of_body(text: str | None) -> str | None:
    """Give the member that `=body.member` reads, if the expression is just that."""
    match = _BODY_MEMBER.fullmatch(text or "")
    return match.group(1) if match else None


def _first_member(text: str | None) -> str | None:
    """Give the member of the body that an expression reads first."""
    match = _ANY_BODY_MEMBER.search(text or "")
    return match.group(1) if match else None


def _any_of(conditions: Iterable[config.Condition]) -> Expression | None:
    checks = [check for condition in conditions if (check := _holds(condition)) is not None]
    return (lambda context: any(check(context) for check in checks)) if checks else None


def _holds(condition: config.Condition) -> Expression | None:
    """Compile what a condition asks of headers and query; nothing when it asks nothing of them."""
    wanted = [("headers", condition.header.lower(), "")] if condition.header else []
    name, _, value = (condition.query or "").partition("=")
    wanted += [("query", name, value)] if name else []
    if not wanted:
        return None

    def check(context: Context) -> Any:
        return all(_is_there(_mapping(context.get(root)), name, value) for root, name, value in wanted)

    return check


def _is_there(given: Mapping[str, object], name: str, value: str) -> bool:
    return given.get(name) == value if value else name in given


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
