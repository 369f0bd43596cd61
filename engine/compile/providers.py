"""Providers, models and groups compiled: who is called, and under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from ..canonical.patch import merge_patch
from ..canonical.schema import GENERATION, check_partial_request
from ..config import model as config
from ..config.document import Where
from ..config.secrets import Secret
from ..diagnostics import Diagnostics
from ..language.mapping import compile_mapping
from ..language.shape import Compiler
from ..language.terms import Constant
from ..language.text import written
from ..language.words import Vocabulary
from ..protocol import WireProtocol
from .course import Course, Fallback
from .endpoint import Context
from .framed import framed
from .members import unknown_member
from .policy import DEFAULT, Policy, timed
from .prices import prices_of
from .snapshot import Group, Model, Provider, Service, Target, Template, Variant

Protocols = Mapping[str, WireProtocol]
Policies = Mapping[str, Policy]

_ROOTS = ("target", "request", "path", "query", "headers", "operation")
_STICKY_ROOTS = ("body", "path", "query", "headers")
_SCRIPTED = "sandbox"  # answers inside the process, in every protocol
_NOWHERE = "http://sandbox.invalid"


def compile_providers(
    routes: config.Routes,
    protocols: Protocols,
    dialects: Protocols,
    policies: Policies,
    diagnostics: Diagnostics,
    *,
    late: bool = False,
) -> Mapping[str, Provider]:
    """Compile every provider; one whose secret is missing is kept, with its problem.

    Where they are called is text that is compiled when it is first used, if that is `late` enough.
    """
    scripted = {
        name: Service(protocol, lambda _context: "/", {}, {})
        for name, protocol in protocols.items()
        if protocol.subject == GENERATION
    }
    providers = {
        name: _provider(provider, {**protocols, **_spoken(provider, dialects)}, policies, diagnostics, late=late)
        for name, provider in routes.providers.items()
    }
    if routes.settings.ask_for_usage:
        providers = {name: _asking(it, routes.providers[name].speaks) for name, it in providers.items()}
    return {
        name: replace(provider, base_url=_NOWHERE, services=scripted) if provider.transport == _SCRIPTED else provider
        for name, provider in providers.items()
    }


def _spoken(provider: config.Provider, dialects: Protocols) -> Protocols:
    """Give the dialects that a provider speaks, by their protocols."""
    named = {name: address.dialect for name, address in provider.speaks.items()}
    return {name: dialects[dialect] for name, dialect in named.items() if dialect is not None and dialect in dialects}


def _provider(
    provider: config.Provider, protocols: Protocols, policies: Policies, diagnostics: Diagnostics, *, late: bool
) -> Provider:
    secret = provider.auth.secret.resolve() if provider.auth is not None else None
    missing = provider.auth is not None and secret is None
    return Provider(
        id=provider.id,
        transport=provider.transport if provider.kind != _SCRIPTED else _SCRIPTED,
        base_url=provider.base_url or "",
        allow_private=provider.allow_private,
        auth_headers=_authorisation(provider.auth, secret, "header"),
        auth_query=_authorisation(provider.auth, secret, "query"),
        services={
            name: _service(provider, protocols[name], address, diagnostics, late=late)
            for name, address in provider.speaks.items()
            if name in protocols
        },
        policy=timed(policies.get(provider.policy or DEFAULT, policies[DEFAULT]), provider.timers),
        problem=f"its secret {provider.auth.secret} is not set" if missing and provider.auth is not None else None,
        concurrent=provider.concurrent,
    )


def _asking(provider: Provider, speaks: Mapping[str, config.Address]) -> Provider:
    """Give a provider whose streams are asked for their usage, where its address says that they want to be asked."""
    if not any(address.usage_on_request for address in speaks.values()):
        return provider
    services = {
        name: replace(service, asks=service.protocol.usage_on_request) if speaks[name].usage_on_request else service
        for name, service in provider.services.items()
    }
    return replace(provider, services=services)


def _authorisation(
    auth: config.UpstreamAuth | None, secret: Secret | None, place: str
) -> Mapping[str, Callable[[], str]]:
    """Say under which header or query member a secret goes upstream; its value is made only when it is sent."""
    name = getattr(auth, place, None)
    if auth is None or secret is None or name is None:
        return {}
    return {name: lambda: auth.prefix + secret.reveal()}


def _service(
    provider: config.Provider, protocol: WireProtocol, address: config.Address, diagnostics: Diagnostics, *, late: bool
) -> Service:
    name = protocol.name

    def text(*path: str) -> Template:
        return _template(provider.entry.at(*path), diagnostics, late=late)

    def texts(*path: str, names: Iterable[str]) -> Mapping[str, Template]:
        return {member: text(*path, member) for member in names}

    return Service(
        protocol=framed(protocol, address.framing),
        path=text("speaks", name, "path"),
        query=texts("speaks", name, "query", names=address.query),
        headers={
            **texts("headers", names=provider.headers),
            **texts("speaks", name, "headers", names=address.headers),
        },
        count=text("speaks", name, "count") if address.count else None,
        stored=text("speaks", name, "stored") if address.stored else None,
    )


def _template(where: Where, diagnostics: Diagnostics, *, late: bool) -> Template:
    @cache
    def compiled() -> Template:
        mapping = compile_mapping(where, _ROOTS, Compiler(Vocabulary(), diagnostics, unknown_path=unknown_member))
        if isinstance(mapping.body, Constant):
            text = written(mapping.body.value)
            return lambda context: text  # noqa: ARG005 - it says the same of every request
        return lambda context: written(mapping.run(context))

    def made(context: Context) -> str:
        return compiled()(context)

    return made if late else compiled()


def compile_models(
    routes: config.Routes, providers: Mapping[str, Provider], policies: Policies, diagnostics: Diagnostics
) -> tuple[Mapping[str, Model], Mapping[str, str], Sequence[Model]]:
    """Compile the catalog: models by name, aliases, and the models whose name holds `*`."""
    models = {
        name: _model(model, routes, providers, policies, _course(model, diagnostics))
        for name, model in routes.models.items()
    }
    named = {name: model for name, model in models.items() if "*" not in name}
    aliases = {alias: name for name, model in routes.models.items() if name in named for alias in model.aliases}
    return named, aliases, tuple(model for name, model in models.items() if name not in named)


def _model(
    model: config.Model, routes: config.Routes, providers: Mapping[str, Provider], policies: Policies, course: Course
) -> Model:
    def make(name: str) -> Sequence[Target]:
        known = [(place, it) for place, it in enumerate(model.targets, 1) if it.provider in providers]
        usable = _without_stand_ins([target for _, target in known], providers)
        return tuple(
            _target(model, place, it, name, routes, providers, policies, course) for place, it in known if it in usable
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
    if made and isinstance(operations := made[0].view.get("operations"), list):
        about["operations"] = operations
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
    model: config.Model,
    place: int,
    target: config.Target,
    name: str,
    routes: config.Routes,
    providers: Mapping[str, Provider],
    policies: Policies,
    course: Course,
) -> Target:
    """Give the target of a model under one of its names. Without a priority its place among the targets is one."""
    provider, upstream = providers[target.provider], _upstream_name(model.id, target.model, name)
    bare, view = _views(model, upstream, provider, routes)
    own = policies.get(model.policy) if model.policy is not None else None
    return Target(
        provider=provider,
        model=upstream,
        protocol=target.protocol,
        patch={},
        view=view,
        bare=bare,
        policy=timed(own, routes.providers[provider.id].timers) if own is not None else provider.policy,
        course=course,
        priority=target.priority if target.priority is not None else place,
        weight=target.weight if target.weight is not None else 1,
        concurrent=target.concurrent,
        prices=prices_of(provider.id, upstream, routes.prices),
    )


def _views(
    model: config.Model, upstream: str, provider: Provider, routes: config.Routes
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Give what mappings read of a model of which nothing is known, and of this one."""
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
    return bare, {**facts, **bare, "limits": limits}


def _course(model: config.Model, diagnostics: Diagnostics) -> Course:
    where = model.entry.at("sticky")
    sticky = compile_mapping(where, _STICKY_ROOTS, Compiler(Vocabulary(), diagnostics)).run if model.sticky else None
    return Course(sticky, tuple(Fallback(it.model, it.on) for it in model.fallback))


def compile_groups(routes: config.Routes) -> Mapping[str, Group]:
    """Compile the groups."""
    return {
        name: Group(group.models, group.providers, group.aliases, group.strict) for name, group in routes.groups.items()
    }


def check_variants(routes: config.Routes, diagnostics: Diagnostics) -> None:
    """Look whether variants set what requests have."""
    for variant in routes.variants.values():
        for place, message in check_partial_request(merge_patch({}, variant.set)):
            diagnostics.error("bad-value", variant.entry.at("set", *place), message)


def compile_variants(routes: config.Routes) -> Sequence[Variant]:
    """Compile the variants, the longest suffix first, so that the most particular rule is taken."""
    variants = [Variant(variant.suffix, variant.models, variant.set) for variant in routes.variants.values()]
    return sorted(variants, key=lambda variant: -len(variant.suffix))
