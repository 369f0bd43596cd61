"""Things that stand in each other's way: names that look alike, entries that say the same, patterns never reached."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from ..diagnostics import Diagnostics, Label
from .document import Where
from .model import Key, Model, Routes


def check_collisions(routes: Routes, diagnostics: Diagnostics) -> None:
    """Add a finding for each entry that another one makes useless, or that people would take for another."""
    _check_likeness(_names(routes.models.values()), diagnostics)
    _check_likeness(((name, entry.entry.key) for name, entry in routes.providers.items()), diagnostics)
    _check_likeness(((name, entry.entry.key) for name, entry in routes.groups.items()), diagnostics)
    _check_hashes(routes.keys, diagnostics)
    for model in routes.models.values():
        _check_targets(model, diagnostics)
        _check_weights(model, diagnostics)
    _check_patterns([model for model in routes.models.values() if "*" in model.id], diagnostics)


def _names(models: Iterable[Model]) -> Iterator[tuple[str, Where]]:
    for model in models:
        yield model.id, model.entry.key
        yield from ((alias, model.entry.at("aliases", index)) for index, alias in enumerate(model.aliases))


def _check_likeness(names: Iterable[tuple[str, Where]], diagnostics: Diagnostics) -> None:
    """Two names differ by more than case, or by letters that look the same."""
    seen: dict[str, tuple[str, Where]] = {}
    for name, where in names:
        other, place = seen.setdefault(unicodedata.normalize("NFKC", name).casefold(), (name, where))
        if other != name:
            label = Label(place.span(), "the other one")
            message = f'"{name}" and "{other}" differ only in how they are written'
            diagnostics.warning("similar-id", where, message, labels=[label])


def _check_hashes(keys: Mapping[str, Key], diagnostics: Diagnostics) -> None:
    """One credential is one key."""
    seen: dict[str, Key] = {}
    for key in keys.values():
        other = seen.setdefault(key.sha256, key)
        if other is not key:
            label = Label(other.entry.at("hash").span(), "the same hash")
            message = f'"{key.id}" and "{other.id}" are the same key'
            diagnostics.error("bad-hash", key.entry.at("hash"), message, labels=[label])


def _check_targets(model: Model, diagnostics: Diagnostics) -> None:
    """No target is another attempt at one that has failed."""
    for index, target in enumerate(model.targets):
        if target in model.targets[:index]:
            label = Label(model.entry.at("targets", model.targets.index(target)).span(), "the same target")
            where = model.entry.at("targets", index)
            diagnostics.error("bad-value", where, "this target stands above already", labels=[label])


def _check_weights(model: Model, diagnostics: Diagnostics) -> None:
    """A weight divides requests between targets of the same priority."""
    given = [place if it.priority is None else it.priority for place, it in enumerate(model.targets, 1)]
    for index, target in enumerate(model.targets):
        if target.weight is not None and given.count(given[index]) == 1:
            message = '"weight" divides requests among targets of one priority, and no other target has this one'
            help = f"write priority: {given[index]} on those that share the requests"
            diagnostics.warning("idle-weight", model.entry.at("targets", index, "weight"), message, help=help)


def _check_patterns(models: Iterable[Model], diagnostics: Diagnostics) -> None:
    """Every model whose name holds `*` is the first to fit some name."""
    earlier: list[Model] = []
    for model in models:
        first = next((other for other in earlier if fnmatchcase(model.id, other.id)), None)
        if first is not None:
            label = Label(first.entry.key.span(), "this one")
            message = f'"{first.id}" takes all names that "{model.id}" fits'
            help = "put the narrower pattern first"
            diagnostics.error("unreachable-model", model.entry.key, message, labels=[label], help=help)
        earlier.append(model)
