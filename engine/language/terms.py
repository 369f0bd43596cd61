"""What a mapping compiles to: terms, which become closures (the reference) or generated source (`source`).

Every term takes a frame, a list of the values of its names by their slots, and gives a value, None for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from . import build, operators
from .operators import Fn
from .reads import Ast
from .text import FILTERS, written

Slots = Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name in sight: its slot, and what it is called there."""

    slot: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Nothing:
    """Null."""

    def closure(self) -> Fn:
        """Give what runs."""
        return build.NULL_RUN


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A scalar as it is written, null included."""

    value: Any

    def closure(self) -> Fn:
        """Give what runs."""
        return build.constant(self.value)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Parsed:
    """The tree of an expression, and the names of its roots; many share it."""

    tree: Ast
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Expression:
    """An expression, the slots of its roots, and its closure, which many share."""

    parsed: Parsed
    slots: Slots
    run: Fn

    @property
    def tree(self) -> Ast:
        """The tree as it was parsed."""
        return self.parsed.tree

    def closure(self) -> Fn:
        """Give what runs."""
        return self.run


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A template: as it is written, the slots of the names it reads, and its closure."""

    text: str
    slots: Slots
    run: Fn

    def closure(self) -> Fn:
        """Give what runs."""
        return self.run


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A value in a text, and perhaps a filter with what that is given."""

    value: Expression
    filter: str | None = None
    given: tuple[Expression | str, ...] = ()

    def closure(self) -> Fn:
        """Give what runs; its value is still to be written."""
        if self.filter is None:
            return self.value.run
        given = [operators.constant(it) if isinstance(it, str) else it.run for it in self.given]
        return operators.call(FILTERS[self.filter][2], [self.value.run, *given])


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of two constants in a text."""

    test: Expression
    then: str
    otherwise: str

    def closure(self) -> Fn:
        """Give what runs."""
        test, then, otherwise = self.test.run, self.then, self.otherwise
        return lambda frame: otherwise if operators.is_false(test(frame)) else then


Piece = str | Said | Choice


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A template that joins pieces."""

    pieces: tuple[Piece, ...]

    def closure(self) -> Fn:
        """Give what runs."""
        runs = [operators.constant(it) if isinstance(it, str) else it.closure() for it in self.pieces]
        return lambda frame: "".join([written(run(frame)) for run in runs])


@dataclass(frozen=True, slots=True, eq=False)
class Noted:
    """A term whose runs are noted (`origins`); such a term is never generated as source."""

    wrap: Callable[[Fn], Fn]
    inner: Term

    def closure(self) -> Fn:
        """Give what runs."""
        return self.wrap(self.inner.closure())


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """Members, each with whether a null stays."""

    members: tuple[tuple[str, Term, bool], ...]

    def closure(self) -> Fn:
        """Give what runs."""
        return build.make_object([(name, term.closure(), stays) for name, term, stays in self.members])


@dataclass(frozen=True, slots=True, eq=False)
class List:
    """Entries, each with whether a list it gives is opened."""

    entries: tuple[tuple[Term, bool], ...]

    def closure(self) -> Fn:
        """Give what runs."""
        return build.make_list([(term.closure(), opens) for term, opens in self.entries])


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """The items of a list, one after the other, of which some are passed over."""

    source: Term
    item: Name
    index: Name
    condition: Term | None


@dataclass(frozen=True, slots=True, eq=False)
class Each:
    """One entry per item."""

    loop: Loop
    body: Term
    opens: bool

    def closure(self) -> Fn:
        """Give what runs."""
        loop, condition = self.loop, optional(self.loop.condition)
        source, body = loop.source.closure(), self.body.closure()
        return build.each(source, loop.item.slot, loop.index.slot, condition, body, opens=self.opens)


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """Names that are bound one after the other, then a body, if a condition holds.

    `called` is the definition whose body it is.
    """

    bindings: tuple[tuple[Name, Term], ...]
    condition: Term | None
    body: Term
    called: str | None = None

    def closure(self) -> Fn:
        """Give what runs."""
        bindings = [(name.slot, term.closure()) for name, term in self.bindings]
        return build.guarded(bindings, optional(self.condition), self.body.closure())


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """Objects as one, later ones winning."""

    parts: tuple[Term, ...]

    def closure(self) -> Fn:
        """Give what runs."""
        return build.merge([part.closure() for part in self.parts])


@dataclass(frozen=True, slots=True, eq=False)
class First:
    """The first that is not empty, or is written out."""

    choices: tuple[tuple[Term, bool], ...]

    def closure(self) -> Fn:
        """Give what runs."""
        return build.first([(term.closure(), literal) for term, literal in self.choices])


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """One of several, each with its labels."""

    selector: Term
    cases: tuple[tuple[tuple[str, ...], Term], ...]
    otherwise: Term | None

    def closure(self) -> Fn:
        """Give what runs."""
        cases: dict[str, Fn] = {}
        for labels, term in self.cases:
            cases |= dict.fromkeys(labels, term.closure())
        return build.switch(self.selector.closure(), cases, optional(self.otherwise))


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """What a table says of a value."""

    key: Term
    table: Mapping[str, Any]
    otherwise: Term | None

    def closure(self) -> Fn:
        """Give what runs."""
        return build.lookup(self.key.closure(), self.table, optional(self.otherwise))


Leaf = Nothing | Constant | Expression | Text | Phrase
Term = Leaf | Noted | Object | List | Each | Guarded | Merge | First | Switch | Lookup

NOTHING = Nothing()


def optional(term: Term | None) -> Fn | None:
    """Give the closure of a term that may be absent."""
    return None if term is None else term.closure()
