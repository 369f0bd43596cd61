"""The whole compiled configuration, immutable; one reference to it is all that a worker holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from ..canonical.patch import merge_patch
from ..config.secrets import Secret
from ..protocol import WireProtocol
from ..protocol.asking import UsageOnRequest
from .course import Course
from .endpoint import Context, Endpoint, Surface
from .policy import Policy
from .prices import Price

Template = Callable[[Context], str]


@dataclass(frozen=True, slots=True)
class Key:
    """A client's credential; `expires` in seconds since 1970."""

    id: str
    group: str
    expires: float | None
    disabled: bool


@dataclass(frozen=True, slots=True)
class Service:
    """How a provider is called in one protocol, or in its dialect of that.

    `count`: where it counts tokens, `stored`: where the answers are that it keeps, if it does. `asks`: how its streams
    are asked for their usage where a client did not, if they are.
    """

    protocol: WireProtocol
    path: Template
    query: Mapping[str, Template]
    headers: Mapping[str, Template]
    count: Template | None = None
    stored: Template | None = None
    asks: UsageOnRequest | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that is called; `problem` says why it cannot be."""

    id: str
    transport: str
    base_url: str
    allow_private: bool
    auth_headers: Mapping[str, Callable[[], str]] = field(repr=False)
    auth_query: Mapping[str, Callable[[], str]] = field(repr=False)
    services: Mapping[str, Service]
    policy: Policy
    problem: str | None
    concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One way to serve a model; `view` is the `target` root of mappings, `patch` is set in the canonical request.

    `bare` is the view of a model of which nothing is known. Targets of one `priority` share the requests by `weight`;
    a lower priority comes first. `concurrent` is how many requests it takes at once.
    """

    provider: Provider
    model: str
    protocol: str | None
    patch: Mapping[str, object]
    view: Mapping[str, object]
    bare: Mapping[str, object]
    policy: Policy
    course: Course
    priority: int
    weight: int
    concurrent: int | None
    prices: Sequence[Price] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A public name; `targets` of a name with `*` are made for each name that fits it.

    `also` are further names by which a group may allow it: those that a prefix or a suffix was taken off.
    """

    id: str
    targets: Callable[[str], Sequence[Target]]
    about: Mapping[str, object]
    also: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule about a suffix: the model named without it, with some members of the canonical request set."""

    suffix: str
    models: Sequence[str]
    patch: Mapping[str, object]

    def base(self, name: str) -> str | None:
        """Give the name without the suffix, if the rule is about it."""
        base = name.removesuffix(self.suffix)
        return base if base not in {name, ""} and any(fnmatchcase(base, pattern) for pattern in self.models) else None


@dataclass(frozen=True, slots=True)
class Group:
    """Who may use which models through which providers; `aliases` are further names of its own."""

    models: Sequence[str]
    providers: Sequence[str]
    aliases: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False

    def allows(self, names: Sequence[str]) -> bool:
        """Tell whether any of a model's names is among the group's."""
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.models)


@dataclass(frozen=True, slots=True)
class Settings:
    """Bounds; sizes in bytes, times in seconds. `metrics`: who may read them, `none`, `loopback` or who has a token."""

    workers: int
    max_body: int
    max_header: int
    max_response: int
    max_event: int
    max_connections: int
    header_timeout: float
    body_timeout: float
    keep_alive: float
    idle_comment: float
    drain: float
    request_id_headers: Sequence[str]
    strict: bool
    strict_header: str | None
    state_count: int
    state_size: int
    state_age: float
    state_depth: int
    metrics: str | Secret | None
    usage_age: float


_RESOLVED = 4096


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A compiled configuration; nothing in it changes but what it remembers of names that were asked for."""

    mounts: Sequence[str]
    endpoints: Sequence[Endpoint]
    surfaces: Sequence[Surface]
    keys: Mapping[str, Key] = field(repr=False)
    groups: Mapping[str, Group]
    models: Mapping[str, Model]
    aliases: Mapping[str, str]
    patterns: Sequence[Model]
    variants: Sequence[Variant]
    providers: Mapping[str, Provider]
    protocols: Mapping[str, WireProtocol]
    dialects: Mapping[str, WireProtocol]
    settings: Settings
    _resolved: dict[tuple[str, str], Sequence[Target]] = field(default_factory=dict, compare=False, repr=False)

    def resolve(self, model: str, group: str) -> Sequence[Target]:
        """Give the ordered targets of a model for a group; none when the group has no such model."""
        known = self._resolved.get((model, group))
        if known is None:
            known = tuple(target for target in self._targets(model, group) if target.provider.problem is None)
            if len(self._resolved) >= _RESOLVED:
                self._resolved.clear()
            if known:
                self._resolved[model, group] = known
        return known

    def why_unusable(self, model: str, group: str) -> str | None:
        """Say why a model that the group has cannot be called; nothing when it can, or when there is none."""
        targets = self._targets(model, group)
        if not targets or any(target.provider.problem is None for target in targets):
            return None
        return ", ".join(dict.fromkeys(f"{target.provider.id} is not configured" for target in targets))

    def models_of(self, group: str) -> Sequence[dict[str, Any]]:
        """Give what a group may call, in the order of the catalog; what variants and prefixes name is not listed."""
        own = self.groups[group].aliases if group in self.groups else {}
        return [found for name in (*own, *self.models, *self.aliases) if (found := self.model_of(name, group))]

    def model_of(self, name: str, group: str) -> dict[str, Any] | None:
        """Give what is known of one model that a group may call, under the name it was asked for."""
        found = self.find(self._named(name, group)) if self.resolve(name, group) else None
        return {**found.about, "id": name} if found is not None else None

    def find(self, name: str) -> Model | None:
        """Give the model that a public name means.

        Tried in this order: its own name or an alias; a variant of a model; a model of one provider or owner, as
        `provider/name`; a name with `*` that fits.
        """
        found = self.models.get(self.aliases.get(name, name))
        if found is not None:
            return found
        return (
            self._variant(name)
            or self._prefixed(name)
            or next((model for model in self.patterns if fnmatchcase(name, model.id)), None)
        )

    def _variant(self, name: str) -> Model | None:
        for variant in self.variants:
            base = variant.base(name)
            model = self.find(base) if base is not None else None
            if base is not None and model is not None:
                patched = [replace(it, patch=merge_patch(it.patch, variant.patch)) for it in model.targets(base)]
                return _narrowed(model, patched, base)
        return None

    def _prefixed(self, name: str) -> Model | None:
        prefix, _, rest = name.partition("/")
        model = self.find(rest) if rest else None
        if model is None:
            return None
        targets = model.targets(rest)
        if prefix != model.about.get("owner"):
            targets = [target for target in targets if target.provider.id == prefix]
        return _narrowed(model, targets, rest) if targets else None

    def _named(self, model: str, group: str) -> str:
        """Put the name that a group's own alias stands for in its place."""
        allowed = self.groups.get(group)
        return allowed.aliases.get(model, model) if allowed is not None else model

    def _targets(self, model: str, group: str) -> Sequence[Target]:
        allowed = self.groups.get(group)
        name = self._named(model, group)
        found = self.find(name)
        if allowed is None or found is None:
            return ()
        if name == model and not allowed.allows((model, found.id, *found.also)):
            return ()
        return tuple(
            target
            for target in found.targets(name)
            if any(fnmatchcase(target.provider.id, pattern) for pattern in allowed.providers)
        )


def _narrowed(model: Model, targets: Sequence[Target], name: str) -> Model:
    """Give a model with these targets only, which its shorter `name` allows too."""
    return replace(model, targets=lambda _name: targets, also=(name, *model.also))
