"""Which of its provider's protocols a target is called in, where a fact about its model says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..compile.snapshot import Target
from ..protocol import RequestRejected, WireProtocol
from .exchange import Exchange

_FACTS = frozenset({"protocols", "tools_protocol"})


def spoken(exchange: Exchange, target: Target) -> Target:
    """Fix a target to the protocol that facts about its model ask for; where there are none it stays as it is.

    `protocols` are those that serve the model; clients that speak another are translated to the first. `tools_protocol`
    is the one for requests that offer tools. What the provider does not speak asks for nothing.
    """
    client = exchange.client
    if target.protocol is not None or client is None or _FACTS.isdisjoint(target.view):
        return target
    known = tuple(_known(target, client, "protocols"))
    with_tools = next(_known(target, client, "tools_protocol"), None)
    if with_tools is not None and _offers_tools(exchange, client):
        return replace(target, protocol=with_tools)
    if not known or client.name in known:
        return target
    return replace(target, protocol=known[0])


def _known(target: Target, client: WireProtocol, fact: str) -> Iterator[str]:
    """Give the protocols that a fact names, of those that the provider speaks and that say what the client says."""
    named = target.view.get(fact)
    for name in named if isinstance(named, list) else [named]:
        service = target.provider.services.get(name) if isinstance(name, str) else None
        if service is not None and service.protocol.subject == client.subject:
            yield service.protocol.name


def _offers_tools(exchange: Exchange, client: WireProtocol) -> bool:
    try:
        return bool(client.decode_request(exchange.body, exchange.call()).get("tools"))
    except RequestRejected:  # told when it is sent
        return False
