"""From a public name to its targets, and why one of them is not called."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from ..compile.snapshot import Model, Target
from ..config import model as config
from ..config.document import Where
from ..config.load import Project
from ..pipeline.exchange import Exchange
from ..pipeline.resolve import service_of
from ..pipeline.spoken import spoken
from ..pipeline.way import at_rest
from .report import Candidate, Resolved

_STAND_IN = "stands in only while no other provider of the model is configured"
_OTHER = "the name asks for another provider"


def place_of(where: Where) -> str:
    """A place as people write it: file and line."""
    span = where.span()
    return f"{span.file}:{span.line}"


def resolved(project: Project, exchange: Exchange) -> Resolved | None:
    """Say which entry the wanted name means, and how; nothing when it means none."""
    snapshot, asked = exchange.snapshot, exchange.model
    name = real_name(exchange)
    found = snapshot.find(name)
    if found is None:
        return None
    model = project.routes.models[found.id]
    if name != asked and exchange.key is not None:
        group = project.routes.groups[exchange.key.group].entry
        return Resolved(asked, found.id, f"an alias of the group {group.id}", place_of(group.at("aliases", asked)))
    if name == found.id:
        return Resolved(asked, found.id, "its own name", place_of(model.entry.key))
    if name in snapshot.aliases:
        where = model.entry.at("aliases", model.aliases.index(name))
        return Resolved(asked, found.id, "an alias", place_of(where))
    how = "a model with a prefix, or with the suffix of a variant" if found.also else "a name that the pattern fits"
    return Resolved(asked, found.id, how, place_of(model.entry.key))


def real_name(exchange: Exchange) -> str:
    """The wanted name, or what an alias of the caller's group says instead of it."""
    group = exchange.snapshot.groups.get(exchange.key.group) if exchange.key is not None else None
    return group.aliases.get(exchange.model, exchange.model) if group is not None else exchange.model


def candidates(project: Project, exchange: Exchange) -> Iterator[Candidate]:
    """Give every target of the model in the order in which they are written."""
    name = real_name(exchange)
    found = exchange.snapshot.find(name)
    if found is None:
        return
    entry = project.routes.models[found.id]
    made = deque(found.targets(name))
    turns = {_sign(target): turn for turn, target in enumerate(at_rest(exchange), 1)}
    for index, written in enumerate(entry.targets):
        where = place_of(entry.entry.at("targets", index))
        if made and made[0].provider.id == written.provider and _means(written.model, made[0].model):
            yield _candidate(exchange, found, made.popleft(), turns, where)
        else:
            other = exchange.snapshot.providers[written.provider].transport != "sandbox"
            protocol, reason = written.protocol or "", _OTHER if other else _STAND_IN
            yield Candidate(written.provider, written.model or found.id, protocol, None, None, reason, where)


def _candidate(
    exchange: Exchange, model: Model, target: Target, turns: Mapping[tuple[str, str], int], where: str
) -> Candidate:
    turn = turns.get(_sign(target))
    attempts = exchange.targets[0].policy.attempts if exchange.targets else 0
    skipped = None if turn is not None else _reason(exchange, model, target)
    if turn is not None and turn > attempts:
        turn, skipped = None, f"only {attempts} targets are tried"
    protocol, dialect = target.protocol or "", None
    if exchange.client is not None and target.provider.services:
        called = service_of(spoken(exchange, target), exchange.client).protocol
        protocol, dialect = called.name, called.dialect
    return Candidate(
        target.provider.id, target.model, protocol, dialect, turn, skipped, where, _share(exchange, target)
    )


def _share(exchange: Exchange, target: Target) -> str | None:
    """A target's part of the requests of its priority."""
    band = [it for it in exchange.targets if it.priority == target.priority]
    if len(band) < 2 or _sign(target) not in map(_sign, band):
        return None
    return f"{target.weight} of {sum(it.weight for it in band)}"


def _means(written: str | None, called: str) -> bool:
    """Whether a target that is written with this model, perhaps with a `*` in it, is the one that calls that model."""
    return written is None or written == called or fnmatchcase(called, written)


def _sign(target: Target) -> tuple[str, str]:
    return target.provider.id, target.model


def _reason(exchange: Exchange, model: Model, target: Target) -> str:
    """Why a target is not called that its model has."""
    name = exchange.key.group if exchange.key is not None else ""
    group = exchange.snapshot.groups.get(name)
    if group is None:
        return f"there is no group {name}"
    if real_name(exchange) == exchange.model and not group.allows((exchange.model, model.id, *model.also)):
        return f"the group {name} does not have the model"
    if not any(fnmatchcase(target.provider.id, pattern) for pattern in group.providers):
        return f"the group {name} does not have the provider"
    return target.provider.problem or "it is not called"


def masked(project: Project, target: Target) -> Target:
    """Give a target whose credential is the name of its secret instead of its value."""
    auth = project.routes.providers[target.provider.id].auth
    if auth is None:
        return target
    shown = f"{auth.prefix}{mask(auth)}"
    headers = {auth.header: lambda: shown} if auth.header else {}
    query = {auth.query: lambda: shown} if auth.query else {}
    return replace(target, provider=replace(target.provider, auth_headers=headers, auth_query=query))


def mask(auth: config.UpstreamAuth) -> str:
    """What is shown instead of a secret."""
    return f"({auth.secret})"
