"""Names that refer to something: every one must be defined."""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from ..diagnostics import Diagnostics, Label, did_you_mean
from .document import Document, Where
from .merge import Sections
from .model import Endpoint, Group, Match, Model, Provider, Routes, Surface, Variant

Protocols = Mapping[str, Mapping[str, Document]]

# Which files of a protocol folder each use needs.
_ERRORS = ("error.encode",)
_OPERATIONS = {
    "generate": ("request.decode", "response.encode", "stream.encode", "error.encode"),
    "count": ("request.decode", "count.encode", "error.encode"),
    "models": ("models.encode", "error.encode"),
    "model": ("models.encode", "error.encode"),
    "embed": ("request.decode", "response.encode", "error.encode"),
    "image": ("request.decode", "response.encode", "stream.encode", "error.encode"),
    "edit": ("request.decode", "response.encode", "stream.encode", "error.encode"),
    "stored": ("request.decode", "response.encode", "stream.encode", "error.encode"),
    "stored.delete": ("stored.encode", "error.encode"),
    "stored.cancel": ("error.encode",),
    "stored.inputs": ("stored.encode", "error.encode"),
    "conversation": ("stored.encode", "error.encode"),
    "conversation.create": ("request.decode", "stored.encode", "error.encode"),
    "conversation.update": ("stored.encode", "error.encode"),
    "conversation.delete": ("stored.encode", "error.encode"),
    "conversation.entries": ("stored.encode", "error.encode"),
    "conversation.add": ("request.decode", "stored.encode", "error.encode"),
    "conversation.entry": ("stored.encode", "error.encode"),
    "conversation.entry.delete": ("stored.encode", "error.encode"),
    "refuse": ("error.encode",),
}
_NEEDED = {
    "generate": ["model"], "count": ["model"], "model": ["model"],  # where a request names what it asks for
    "stored": ["answer"], "stored.delete": ["answer"], "stored.cancel": ["answer"], "stored.inputs": ["answer"],
    "conversation": ["conversation"], "conversation.create": ["prefix"], "conversation.update": ["conversation"],
    "conversation.delete": ["conversation"], "conversation.entries": ["conversation"],
    "conversation.add": ["conversation"], "conversation.entry": ["conversation", "entry"],
    "conversation.entry.delete": ["conversation", "entry"],
    "refuse": ["refusal"],
}  # fmt: skip
_WITHOUT = {"refusal": "says nothing without it", "prefix": "makes ids"}
_ABOUT_CONVERSATIONS = "conversation"
_STATEFUL = ("generate", "count")
_GENERATION = "generation"
_SUBJECTS = {
    "generate": _GENERATION, "count": _GENERATION, "embed": "embedding", "image": "image", "edit": "image",
}  # fmt: skip
_UPSTREAM = ("request.encode", "response.decode", "error.decode")
_STREAMING = ("stream.decode",)
_COUNTING = ("count.decode",)

_PLACEHOLDER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*(:path)?\}")


def check_references(
    sections: Sections, routes: Routes, protocols: Protocols, dialects: Mapping[str, Document], diagnostics: Diagnostics
) -> None:
    """Add an error for each name that is not defined, and for names that collide."""
    check = _Checker(sections, protocols, dialects, diagnostics)
    check.surfaces(routes.surfaces.values())
    for endpoint in routes.endpoints.values():
        check.endpoint(endpoint)
    for provider in routes.providers.values():
        check.provider(provider)
    for model in routes.models.values():
        check.model(model, routes.providers)
    check.aliases(routes.models.values())
    for variant in routes.variants.values():
        check.variant(variant)
    for group in routes.groups.values():
        check.group(group)
    for key in routes.keys.values():
        check.defined("groups", key.group, key.entry.at("group"))
    check.addresses(routes.endpoints.values())
    check.folders()
    check.patches()


class _Checker:
    """What is defined, and where errors go."""

    def __init__(
        self, sections: Sections, protocols: Protocols, dialects: Mapping[str, Document], diagnostics: Diagnostics
    ) -> None:
        self._sections = sections
        self._protocols = protocols
        self._dialects = dialects
        self._diagnostics = diagnostics
        self._models = set(sections["models"])
        self._suffixes = [entry.value.get("suffix", "") for entry in sections["variants"].values() if entry.sound]
        for entry in sections["models"].values():
            # Entries with errors count too, so that one mistake is reported once.
            aliases = entry.value.get("aliases") if isinstance(entry.value, dict) else None
            self._models.update(name for name in aliases or () if isinstance(name, str))

    def defined(self, section: str, name: str, where: Where) -> None:
        """A name must be an id of a section."""
        self._known(name, self._sections[section], section, where)

    def protocol(self, name: str, where: Where, needed: Iterable[str]) -> None:
        """A protocol must have a folder, with all files that this use needs."""
        if not self._known(name, self._protocols, "transforms", where):
            return
        about = self._protocols[name].get("protocol")
        lender = _member(about, "errors") if about is not None else None
        lent = [kind for kind in self._protocols.get(str(lender), ()) if kind.startswith("error.")]
        absent = [kind for kind in needed if kind not in self._protocols[name] and kind not in lent]
        if absent:
            files = ", ".join(f"{kind}.yaml" for kind in absent)
            self._diagnostics.error("missing-transform", where, f'the folder of "{name}" lacks {files}')

    def _subject(self, protocol: str) -> str | None:
        """What the messages of a protocol are about; nothing where there is no such protocol."""
        about = self._protocols.get(protocol, {}).get("protocol")
        return str(_member(about, "subject") or _GENERATION) if about is not None else None

    def surfaces(self, surfaces: Iterable[Surface]) -> None:
        """Every surface can be reached, and one at most takes what no other does."""
        default: Surface | None = None
        for surface in surfaces:
            self.protocol(surface.protocol, surface.entry.at("protocol"), _ERRORS)
            if not surface.when and not surface.default:
                message = '"when" is missing: no request belongs to this surface, and it is not the default'
                self._diagnostics.error("missing-key", surface.entry.key, message)
            if surface.default and default:
                label = Label(default.entry.at("default").span(), "this one is the default too")
                message = "only one surface can be the default"
                self._diagnostics.error("bad-value", surface.entry.at("default"), message, labels=[label])
            default = surface if surface.default else default

    def endpoint(self, endpoint: Endpoint) -> None:
        entry = endpoint.entry
        self.protocol(endpoint.protocol, entry.at("protocol"), _OPERATIONS[endpoint.operation])
        subject = self._subject(endpoint.protocol)
        if subject is not None and _SUBJECTS.get(endpoint.operation, subject) != subject:
            message = f'"{endpoint.protocol}" is about {subject}, not about what "{endpoint.operation}" asks for'
            self._diagnostics.error("bad-value", entry.at("operation"), message)
        self.defined("auth", endpoint.auth, entry.at("auth"))
        if endpoint.surface is not None:
            self.defined("surfaces", endpoint.surface, entry.at("surface"))
        for needed in _NEEDED.get(endpoint.operation, ()):
            if needed in entry.value:
                continue
            said = _WITHOUT.get(needed, "needs to know which one")
            message = f'"{needed}" is missing: the operation "{endpoint.operation}" {said}'
            self._diagnostics.error("missing-key", entry.key, message)
        if endpoint.operation.startswith(_ABOUT_CONVERSATIONS):
            self._conversations(endpoint)
        if endpoint.state is not None and endpoint.operation not in _STATEFUL:
            message = f'the operation "{endpoint.operation}" makes no answer that could be kept'
            self._diagnostics.error("bad-value", entry.at("state").own_key(), message)

    def _conversations(self, endpoint: Endpoint) -> None:
        """What is shown of conversations must be said by the protocol."""
        file = self._protocols.get(endpoint.protocol, {}).get("stored.encode")
        if file is not None and _member(file, "conversations") is None:
            message = f'stored.encode.yaml of "{endpoint.protocol}" says nothing of conversations'
            self._diagnostics.error("missing-transform", endpoint.entry.at("protocol"), message)

    def provider(self, provider: Provider) -> None:
        if provider.policy is not None:
            self.defined("policies", provider.policy, provider.entry.at("policy"))
        for name, address in provider.speaks.items():
            needed = (*_UPSTREAM, *(_STREAMING if self._subject(name) == _GENERATION else ()))
            self.protocol(name, provider.entry.at("speaks", name).own_key(), needed)
            if address.count is not None and name in self._protocols:
                self.protocol(name, provider.entry.at("speaks", name, "count").own_key(), _COUNTING)
            if address.dialect is not None:
                known = [dialect for dialect, file in self._dialects.items() if _member(file, "protocol") == name]
                where = provider.entry.at("speaks", name, "dialect")
                self._known(address.dialect, known, f"the dialects of {name}", where)

    def model(self, model: Model, providers: Mapping[str, Provider]) -> None:
        if model.policy is not None:
            self.defined("policies", model.policy, model.entry.at("policy"))
        self.fallbacks(model)
        for index, target in enumerate(model.targets):
            where = model.entry.at("targets", index)
            self.defined("providers", target.provider, model.entry.at("targets", index, "provider"))
            if target.model is not None and "*" in target.model and model.id.count("*") != 1:
                message = f'"*" stands for what a name holds in its place, and "{model.id}" does not hold it once'
                self._diagnostics.error("bad-value", where.at("model"), message)
            provider = providers.get(target.provider)
            if provider is None or target.protocol is None or target.protocol in provider.speaks:
                continue
            help = did_you_mean(target.protocol, provider.speaks) or f"it speaks {', '.join(provider.speaks)}"
            message = f'the provider "{target.provider}" does not speak "{target.protocol}"'
            label = Label(provider.entry.key.span(), "the provider")
            self._diagnostics.error("protocol-not-spoken", where.at("protocol"), message, help=help, labels=[label])

    def fallbacks(self, model: Model) -> None:
        """A fallback is another model."""
        for index, fallback in enumerate(model.fallback):
            where = model.entry.at("fallback", index)
            where = model.entry.at("fallback", index, "model") if isinstance(where.value, dict) else where
            if fallback.model == model.id or fallback.model in model.aliases:
                self._diagnostics.error("bad-value", where, "a model cannot stand in for itself")
            else:
                self.model_name(fallback.model, where)

    def aliases(self, models: Iterable[Model]) -> None:
        """An alias names one model only."""
        taken: dict[str, Where] = {name: entry.key for name, entry in self._sections["models"].items()}
        for model in models:
            for index, alias in enumerate(model.aliases):
                where = model.entry.at("aliases", index)
                if alias in taken:
                    label = Label(taken[alias].span(), "taken here")
                    message = f'the alias "{alias}" is the name of another model'
                    self._diagnostics.error("alias-collision", where, message, labels=[label])
                else:
                    taken[alias] = where

    def group(self, group: Group) -> None:
        for index, name in enumerate(group.providers):
            if name != "*":
                self.defined("providers", name, group.entry.at("providers", index))
        for index, pattern in enumerate(group.models):
            self.model_pattern(pattern, group.entry.at("models", index))
        for alias, name in group.aliases.items():
            self.model_name(name, group.entry.at("aliases", alias))

    def variant(self, variant: Variant) -> None:
        for index, pattern in enumerate(variant.models):
            self.model_pattern(pattern, variant.entry.at("models", index))

    def model_name(self, name: str, where: Where) -> None:
        """A name that a client might ask for: of a model, perhaps with a variant's suffix or a prefix."""
        shorter = [name.removesuffix(suffix) for suffix in self._suffixes] + [name.partition("/")[2]]
        if not self._models.intersection(shorter):
            self.model_pattern(name, where)

    def model_pattern(self, pattern: str, where: Where) -> None:
        """The name of a model, or a pattern that some model fits."""
        # A model's own name may hold * too: then it stands for many, of which the pattern may name some.
        if any(fnmatchcase(name, pattern) or fnmatchcase(pattern, name) for name in self._models):
            return
        if "*" not in pattern:
            self._known(pattern, self._models, "models", where)
        else:
            help = did_you_mean(pattern.replace("*", ""), self._models)
            self._diagnostics.warning("pattern-without-match", where, f'"{pattern}" matches no model', help=help)

    def addresses(self, endpoints: Iterable[Endpoint]) -> None:
        """Two endpoints with one address must differ in their conditions."""
        seen: dict[object, tuple[Endpoint, Match]] = {}
        for endpoint in endpoints:
            for match in endpoint.matches:
                path = _PLACEHOLDER.sub(lambda found: "{:path}" if found.group(1) else "{}", match.path)
                first = seen.setdefault((match.method, path, endpoint.when), (endpoint, match))
                if first[1] is not match:
                    label = Label(first[1].where.span(), "the same address")
                    message = f'"{first[0].id}" takes all requests of this endpoint'
                    self._diagnostics.error("unreachable-endpoint", match.where, message, labels=[label])

    def folders(self) -> None:
        """A protocol folder has a protocol file, which names it."""
        for name, files in self._protocols.items():
            document = files.get("protocol")
            if document is None:
                where = next(iter(files.values())).root
                self._diagnostics.error("missing-transform", where, f'the folder of "{name}" lacks protocol.yaml')
            elif isinstance(document.data, dict) and document.data.get("protocol", name) != name:
                message = f'the folder is "{name}": a protocol has the name of its folder'
                self._diagnostics.error("bad-value", document.root.at("protocol"), message)
            lender = _member(document, "errors") if document is not None else None
            if document is not None and isinstance(lender, str):
                self._known(lender, self._protocols, "transforms", document.root.at("errors"))

    def patches(self) -> None:
        """A dialect has the name of its file, and patches a protocol that is there."""
        for name, document in self._dialects.items():
            if _member(document, "dialect") not in (None, name):
                message = f'the file is "{name}": a dialect has the name of its file'
                self._diagnostics.error("bad-value", document.root.at("dialect"), message)
            protocol = _member(document, "protocol")
            if isinstance(protocol, str):
                self._known(protocol, self._protocols, "transforms", document.root.at("protocol"))

    def _known(self, name: str, candidates: Iterable[str], section: str, where: Where) -> bool:
        if name in candidates:
            return True
        message = f'there is no "{name}" in {section}'
        self._diagnostics.error("unknown-reference", where, message, help=did_you_mean(name, candidates))
        return False


def _member(document: Document, name: str) -> object:
    return document.data.get(name) if isinstance(document.data, dict) else None
