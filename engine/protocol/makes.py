"""What decoders make, held against the canonical model: what it does not have would vanish without a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..canonical.forms import Form, form
from ..config.document import Where
from ..diagnostics import Diagnostics, Span, did_you_mean
from ..language.text import is_template
from ..language.words import BODIES, Vocabulary


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the canonical model, its form, and whether it is that of an item of a list."""

    name: str
    form: Form
    item: bool = False

    def member(self, name: str) -> Place:
        """Give the place of a member."""
        return Place(f"{self.name}.{name}", self.form.member(name))

    def items(self) -> Place:
        """Give the place of the items; in a list, lists are opened."""
        return self if self.item else Place(f"{self.name}.*", self.form.item(), item=True)

    def having(self, members: Mapping[str, object], *, shared: bool) -> Place:
        """Give the place when some members hold these constants, if there may be such a thing.

        A `shared` shape may hold parts of kinds that other places take: a condition says which come here.
        """
        left = self.form.having(members) or (form("part").having(members) if shared else None)
        return Place(self.name, left or self.form, self.item)


@dataclass(frozen=True, slots=True)
class Makes:
    """Checks the shapes of one folder, unless they are `sound`; `tables` is the place of its tables.

    Each mistake is told once.
    """

    vocabulary: Vocabulary
    tables: Where | None
    diagnostics: Diagnostics
    told: set[Span] = field(default_factory=set)
    sound: bool = False

    def hold(self, where: Where, schema: str) -> None:
        """Check the shape of a whole document against one of the canonical schemas."""
        if not self.sound:
            self.check(where, Place(_name(schema), form(schema)))

    def hold_emitted(self, rules: Where, schema: str) -> None:
        """Check what the rules of a stream emit, each an event or a list of them."""
        written = rules.value if not self.sound else None
        for index, rule in enumerate(written if isinstance(written, list) else ()):
            if isinstance(rule, dict) and "emit" in rule:
                self.check(rules.at(index, "emit"), Place(_name(schema), form(schema), item=True))

    def check(self, where: Where, place: Place, using: tuple[str, ...] = ()) -> None:
        """Report the members and constants of a shape that its place in the canonical model does not have."""
        value = where.value
        if isinstance(value, list):
            for index in range(len(value)):
                self.check(where.at(index), place.items(), using)
        elif isinstance(value, dict):
            self._mapping(where, value, place.items() if "$each" in value else place, using)
        elif not isinstance(value, str) or not (value.startswith("=") or is_template(value)):
            self._constant(where, place)

    def _mapping(self, where: Where, value: Mapping[str, object], place: Place, using: tuple[str, ...]) -> None:
        match next((word for word in BODIES if word in value), None):
            case None:
                self._members(where, value, place, using)
            case "$use":
                self._use(value["$use"], place, using)
            case "$switch":
                cases = value.get("$case")
                for labels in cases if isinstance(cases, dict) else ():
                    self.check(where.at("$case", labels), place, using)
            case "$lookup":
                self._table(value["$lookup"], place, using)
            case "$merge":
                entries = value["$merge"] if isinstance(value["$merge"], list) else []
                said = {name: it for entry in entries if _is_plain(entry) for name, it in _constants(entry)}
                for index in range(len(entries)):
                    self.check(where.at("$merge", index), place.having(said, shared=bool(using)), using)
            case "$first":
                entries = value["$first"] if isinstance(value["$first"], list) else []
                for index in range(len(entries)):
                    self.check(where.at("$first", index), place, using)
            case "$value":
                self.check(where.at("$value"), place, using)
        if "$else" in value:
            self.check(where.at("$else"), place, using)

    def _members(self, where: Where, value: Mapping[str, object], place: Place, using: tuple[str, ...]) -> None:
        place = place.having(dict(_constants(value)), shared=bool(using))
        for name in value:
            if name.startswith("$"):
                continue
            inner = place.member(name)
            if inner.form:
                self.check(where.at(name), inner, using)
            else:
                known = place.form.members()
                message = f"`{place.name}` has no `{name}`"
                self._tell("unknown-path", where.key(name), message, did_you_mean(name, known))

    def _use(self, name: object, place: Place, using: tuple[str, ...]) -> None:
        definition = self.vocabulary.definitions.get(name) if isinstance(name, str) else None
        if definition is not None and name not in using:
            self.check(definition.make, place, (*using, str(name)))

    def _table(self, name: object, place: Place, using: tuple[str, ...]) -> None:
        if self.tables is None or not isinstance(name, str):
            return
        for entry in self.vocabulary.tables.get(name, ()):
            self.check(self.tables.at(name, entry), place, using)

    def _constant(self, where: Where, place: Place) -> None:
        value = where.value
        if place.form.takes(value):
            return
        words = place.form.words()
        wanted = f"is not one of {', '.join(words)}" if words else "is of another type than it takes"
        self._tell("bad-value", where, f"`{place.name}`: {_shown(value)} {wanted}", did_you_mean(str(value), words))

    def _tell(self, code: str, where: Where, message: str, help: str | None) -> None:
        span = where.span()
        if span not in self.told:
            self.told.add(span)
            self.diagnostics.error(code, where, message, help=help)


def _name(schema: str) -> str:
    """Give the word for what a schema is about, whatever its subject."""
    return schema.rpartition("_")[2]


def _is_plain(value: object) -> bool:
    """Whether this is a mapping that always makes its members."""
    return isinstance(value, dict) and not any(word in value for word in ("$when", "$each", *BODIES))


def _constants(value: Mapping[str, object]) -> list[tuple[str, object]]:
    """Give the members whose text is written out."""
    said = [(name, it) for name, it in value.items() if isinstance(it, str) and not name.startswith("$")]
    return [(name, it) for name, it in said if not it.startswith("=") and not is_template(it)]


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
