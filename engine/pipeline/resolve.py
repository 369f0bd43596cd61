"""From the model's public name to the targets that may serve it."""

from __future__ import annotations

from collections.abc import Sequence

from ..canonical.carriers import families_of
from ..canonical.schema import GENERATION
from ..compile.snapshot import Service, Target
from ..protocol import RequestRejected, WireProtocol
from ..routing.order import bands
from .endpoint import meant, shown
from .errors import Problem
from .exchange import Exchange
from .spoken import spoken

_ANSWER = "generate"
ASKED = {_ANSWER: "answer", "embed": "embed", "image": "make images", "edit": "edit images"}
"""What a model is asked for by an endpoint's operation; the others are about something else."""


def resolve(exchange: Exchange) -> None:
    """Fill in the targets. Raises Problem when the caller's group has no such model."""
    assert exchange.key is not None
    snapshot, group = exchange.snapshot, exchange.key.group
    targets = snapshot.resolve(exchange.model, group)
    if not targets:
        if reason := snapshot.why_unusable(exchange.model, group):
            message = f"No provider of {shown(exchange.model)} can be called: {reason}."
            raise Problem("unavailable", message, code="provider_unconfigured")
        hint = meant(exchange.model, (str(model["id"]) for model in snapshot.models_of(group)))
        member = exchange.endpoint.model_member if exchange.endpoint else None
        message = f"There is no model {shown(exchange.model)} for this key.{hint}"
        raise Problem("not_found", message, param=member)
    exchange.targets = [spoken(exchange, target) for target in _able(exchange, targets)]


def _able(exchange: Exchange, targets: Sequence[Target]) -> Sequence[Target]:
    """Give the targets that do what the endpoint asks for. Raises Problem when none does."""
    client, endpoint = exchange.client, exchange.endpoint
    assert client is not None
    assert endpoint is not None
    asked = endpoint.operation if endpoint.operation in ASKED else _ANSWER
    counts = endpoint.operation == "count"  # whatever a model does with them, it has tokens
    able = [it for it in targets if (counts or asked in _operations(it, asked)) and _speaks(it, client)]
    if not able:
        others = [name for name in _operations(targets[0]) if name != asked]
        hint = f" It can be asked to {', '.join(ASKED.get(name, name) for name in others)}." if others else ""
        message = f"The model {shown(exchange.model)} cannot be asked to {ASKED[asked]}.{hint}"
        raise Problem("unsupported", message, param=endpoint.model_member, code="unsupported_operation")
    return able


def _operations(target: Target, *unknown: str) -> Sequence[str]:
    """What is known that a model can be asked for; `unknown` where nothing is."""
    known = target.view.get("operations")
    return known if isinstance(known, list) else unknown


def _speaks(target: Target, client: WireProtocol) -> bool:
    """Whether a target can be called with what a client says."""
    services = target.provider.services
    if target.protocol is not None:
        return services[target.protocol].protocol.subject == client.subject
    return any(service.protocol.subject == client.subject for service in services.values())


def ranks(exchange: Exchange, targets: Sequence[Target]) -> Sequence[int] | None:
    """Tell how well each target can read what the conversation carries of its last answers, 0 best; nothing if equally.

    A conversation with signed thinking stays with those who signed it; elsewhere it would go on without.
    """
    client = exchange.client
    assert client is not None
    if len(targets) < 2 or client.subject != GENERATION:
        return None
    families = [service_of(target, client).protocol.family for target in targets]
    if len(set(families)) < 2:
        return None
    try:
        carried = families_of(client.decode_request(exchange.body, exchange.call()))
    except RequestRejected:
        return None
    places = {family: place for place, family in enumerate(carried)}
    return [places.get(family, len(places)) for family in families]


def staying(exchange: Exchange) -> Sequence[Target]:
    """Give the targets by rank and priority, as nothing were held against any."""
    return [target for band in bands(exchange.targets, ranks(exchange, exchange.targets)) for target in band]


def service_of(target: Target, client: WireProtocol) -> Service:
    """How a target is called: in the protocol that it is fixed to, else in the client's own, else in its first."""
    services, subject = target.provider.services, client.subject
    found = services.get(target.protocol or client.name)
    if found is not None:
        return found
    for service in services.values():
        if service.protocol.subject == subject:
            return service
    raise LookupError(subject)
