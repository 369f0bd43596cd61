"""Names in sight: every name has a slot in the frame and knows which paths it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .reads import Path
from .terms import Name

_NOWHERE: frozenset[Path] = frozenset()


@dataclass(slots=True)
class Layout:
    """The slots of one mapping's frame, given out while it is compiled."""

    size: int = 0

    def slot(self) -> int:
        """Give out a slot."""
        self.size += 1
        return self.size - 1


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may start with."""

    layout: Layout
    slots: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    aliases: Mapping[str, frozenset[Path]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of_roots(cls, layout: Layout, roots: Iterable[str]) -> Scope:
        """Open a scope in which each root stands for itself."""
        scope = cls(layout)
        for root in roots:
            scope, _ = scope.bind(root, frozenset({(root,)}))
        return scope

    def bind(self, name: str, sources: frozenset[Path] = _NOWHERE) -> tuple[Scope, Name]:
        """Open an inner scope with one more name, and give it with its slot."""
        slot = self.layout.slot()
        slots = MappingProxyType({**self.slots, name: slot})
        aliases = MappingProxyType({**self.aliases, name: sources})
        return Scope(self.layout, slots, aliases), Name(slot, name)

    def narrow(self, name: str, kinds: Iterable[str]) -> Scope:
        """Open an inner scope in which a name is known to be of certain kinds: its paths gain a `:kind` step."""
        sources = frozenset((*path, f":{kind}") for path in self.aliases.get(name, _NOWHERE) for kind in kinds)
        return Scope(self.layout, self.slots, MappingProxyType({**self.aliases, name: sources}))

    def only(self, names: Iterable[str]) -> Scope:
        """Open a scope with just these of the names."""
        kept = [name for name in names if name in self.slots]
        return Scope(
            self.layout,
            MappingProxyType({name: self.slots[name] for name in kept}),
            MappingProxyType({name: self.aliases[name] for name in kept}),
        )
