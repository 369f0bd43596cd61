"""Providers, models and groups compiled: who is called, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from ..canonical.patch import merge_patch
from ..canonical.schema import check_partial_request
from ..config import model as config
from ..config.document import Where
from ..config.secrets import Secret
from ..diagnostics import Diagnostics
from ..language.mapping import compile_mapping
from ..language.shape import Compiler
from ..language.text import written
from ..language.words import Vocabulary
from ..protocol import WireProtocol
from .framed import framed
from .snapshot import Group, Model, Policy, Provider, Service, Target, Template, Variant

Protocols = Mapping[str, WireProtocol]

_ROOTS = ("target", "request", "path", "query", "headers", "operation")
_DEFAULT_POLICY = "default"
_SCRIPTED = "sandbox"  # answers inside the process, in every protocol
_NOWHERE = "http://sandbox.invalid"


def compile_providers(
    routes: config.Routes, protocols: Protocols, dialects: Protocols, diagnostics: Diagnostics
) -> Mapping[str, Provider]:
    """Compile every provider; one whose secret is missing is kept, with its problem."""
    default = _policy(Policy(), routes.policies.get(_DEFAULT_POLICY))
    scripted = {name: Service(protocol, lambda _context: "/", {}, {}) for name, protocol in protocols.items()}
    providers = {
        name: _provider(provider, {**protocols, **_spoken(provider, dialects)}, default, diagnostics)
        for name, provider in routes.providers.items()
    }
    return {
        name: replace(provider, base_url=_NOWHERE, services=scripted) if provider.transport == _SCRIPTED else provider
        for name, provider in providers.items()
    }


def _spoken(provider: config.Provider, dialects: Protocols) -> Protocols:
    """Give the dialects that a provider speaks, by their protocols."""
    named = {name: address.dialect for name, address in provider.speaks.items()}
    return {name: dialects[dialect] for name, dialect in named.items() if dialect is not None and dialect in dialects}


def _provider(provider: config.Provider, protocols: Protocols, policy: Policy, diagnostics: Diagnostics) -> Provider:
    secret = provider.auth.secret.resolve() if provider.auth is not None else None
    missing = provider.auth is not None and secret is None
    return Provider(
        id=provider.id,
        transport=provider.kind,
        base_url=provider.base_url or "",
        allow_private=provider.allow_private,
        auth_headers=_authorisation(provider.auth, secret, "header"),
        auth_query=_authorisation(provider.auth, secret, "query"),
        services={
            name: _service(provider, protocols[name], address, diagnostics)
            for name, address in provider.speaks.items()
            if name in protocols
        },
        policy=_policy(policy, provider.timers),
        problem=f"its secret {provider.auth.secret} is not set" if missing and provider.auth is not None else None,
    )


def _authorisation(
    auth: config.UpstreamAuth | None, secret: Secret | None, place: str
) -> Mapping[str, Callable[[], str]]:
    """Say under which header or query member a secret goes upstream; its value is made only when it is sent."""
    name = getattr(auth, place, None)
    if auth is None or secret is None or name is None:
        return {}
    return {name: lambda: auth.prefix + secret.reveal()}


def _service(
    provider: config.Provider, protocol: WireProtocol, address: config.Address, diagnostics: Diagnostics
) -> Service:
    name = protocol.name

    def texts(*path: str, names: Iterable[str]) -> Mapping[str, Template]:
        return {member: _template(provider.entry.at(*path, member), diagnostics) for member in names}

    return Service(
        protocol=framed(protocol, address.framing),
        path=_template(provider.entry.at("speaks", name, "path"), diagnostics),
        query=texts("speaks", name, "query", names=address.query),
        headers={
            **texts("headers", names=provider.headers),
            **texts("speaks", name, "headers", names=address.headers),
        },
        count=_template(provider.entry.at("speaks", name, "count"), diagnostics) if address.count else None,
    )


def _template(where: Where, diagnostics: Diagnostics) -> Template:
    run = compile_mapping(where, _ROOTS, Compiler(Vocabulary(), diagnostics)).run
    return lambda context: written(run(context))


def _policy(policy: Policy, timers: config.Timers | None) -> Policy:
    given = {name: getattr(timers, name, None) for name in ("connect", "first_byte", "idle", "total", "attempts")}
    return replace(policy, **{name: value for name, value in given.items() if value is not None})


def compile_models(
    routes: config.Routes, providers: Mapping[str, Provider]
) -> tuple[Mapping[str, Model], Mapping[str, str], Sequence[Model]]:
    """Compile the catalog: models by name, aliases, and the models whose name holds `*`."""
    models = {name: _model(model, routes, providers) for name, model in routes.models.items()}
    named = {name: model for name, model in models.items() if "*" not in name}
    aliases = {alias: name for name, model in routes.models.items() if name in named for alias in model.aliases}
    return named, aliases, tuple(model for name, model in models.items() if name not in named)


def _model(model: config.Model, routes: config.Routes, providers: Mapping[str, Provider]) -> Model:
    def make(name: str) -> Sequence[Target]:
        known = [target for target in model.targets if target.provider in providers]
        return tuple(
            _target(model, target, _upstream_name(model.id, target.model, name), providers[target.provider], routes)
            for target in _without_stand_ins(known, providers)
        )

    made = make(model.id)
    about: dict[str, object] = {
        "id": model.id,
        "name": model.display_name or model.id,
        "created": model.created or 0,
        "owner": model.owned_by or (model.targets[0].provider if model.targets else ""),
    }
    limits = {name: value for name in ("max_output", "context") if (value := getattr(model.limits, name)) is not None}
    if limits:
        about["limits"] = limits
    return Model(model.id, make if "*" in model.id else lambda _name: made, about)


def _upstream_name(pattern: str, upstream: str | None, name: str) -> str:
    """Give the provider's name of a model; a `*` in it is what the name holds in the place of the pattern's."""
    if upstream is None or "*" not in upstream:
        return upstream or name
    before, _, after = pattern.partition("*")
    return upstream.replace("*", name[len(before) : len(name) - len(after)])


def _without_stand_ins(targets: Sequence[config.Target], providers: Mapping[str, Provider]) -> Sequence[config.Target]:
    """Leave scripted answers out as soon as a real provider is configured: they never stand in for one that fails."""
    real = [target for target in targets if providers[target.provider].transport != _SCRIPTED]
    usable = any(providers[target.provider].problem is None for target in real)
    return real if usable else targets


def _target(
    model: config.Model, target: config.Target, upstream: str, provider: Provider, routes: config.Routes
) -> Target:
    facts: dict[str, Any] = {}
    for capability in routes.capabilities:
        if fnmatchcase(upstream, capability.match):
            facts.update(capability.facts)
    facts.update(model.capabilities)
    limits = dict(facts.pop("limits", None) or {})
    if "max_output" in facts:
        limits.setdefault("max_output", facts.pop("max_output"))
    limits.update({n: v for n in ("max_output", "context") if (v := getattr(model.limits, n)) is not None})
    bare = {"model": upstream, "provider": provider.id, "name": model.id, "limits": {}}
    view = {**facts, **bare, "limits": limits}
    return Target(provider, upstream, target.protocol, patch={}, view=view, bare=bare)


def compile_groups(routes: config.Routes) -> Mapping[str, Group]:
    """Compile the groups."""
    return {
        name: Group(group.models, group.providers, group.aliases, group.strict) for name, group in routes.groups.items()
    }


def compile_variants(routes: config.Routes, diagnostics: Diagnostics) -> Sequence[Variant]:
    """Compile the variants, the longest suffix first, so that the most particular rule is taken."""
    for variant in routes.variants.values():
        for place, message in check_partial_request(merge_patch({}, variant.set)):
            diagnostics.error("bad-value", variant.entry.at("set", *place), message)
    variants = [Variant(variant.suffix, variant.models, variant.set) for variant in routes.variants.values()]
    return sorted(variants, key=lambda variant: -len(variant.suffix))
