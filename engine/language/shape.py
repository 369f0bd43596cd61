"""Shapes: trees that look like the document they make, compiled to terms.

One mapping reads `$each → $where → $let → $when → one body`. A computed null leaves its member out; a written null
stays. `Compiler.shape` gives a `Node`: a term, where its value comes from, and how it stands in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..config.document import Where
from ..diagnostics import Diagnostics, did_you_mean
from . import leaves, words
from .leaves import Node
from .narrow import narrowing
from .origins import Origins
from .reads import Path, PathCheck, consumed, items
from .scope import Scope
from .terms import (
    NOTHING,
    Constant,
    Each,
    First,
    Guarded,
    List,
    Lookup,
    Loop,
    Merge,
    Name,
    Noted,
    Object,
    Switch,
    Term,
)
from .text import is_template
from .words import Definition, Vocabulary

_NOTHING: frozenset[Path] = frozenset()


@dataclass(slots=True)
class Compiler:
    """Compiles the shapes of one file: reports what is wrong, and collects what is read.

    `used` are the paths whose values something is made of, `handed` those whose values are used as they are: what is
    below an object among them is read if the object arrives.
    With `origins` what it compiles also notes where each value is written. Mappings that are known to be right may be
    compiled `late`, when they are first used.
    """

    vocabulary: Vocabulary
    diagnostics: Diagnostics
    used: set[Path] = field(default_factory=set)
    handed: set[Path] = field(default_factory=set)
    using: tuple[str, ...] = ()
    unknown_path: PathCheck | None = None
    origins: Origins | None = None
    late: bool = False

    @property
    def reads(self) -> frozenset[Path]:
        """Every path that is read."""
        return frozenset(self.used | self.handed)

    @property
    def anew(self) -> Callable[[], Compiler]:
        """What gives compilers for what this one has found right, without holding what it has collected."""
        vocabulary, using, origins = self.vocabulary, self.using, self.origins
        return lambda: Compiler(vocabulary, Diagnostics(), using=using, origins=origins)

    def expression(self, where: Where, scope: Scope) -> Node:
        """Compile a scalar that must be an expression."""
        text = where.value
        if not isinstance(text, str) or not text.startswith("="):
            self.diagnostics.error("expression-required", where, "an expression is needed here; it starts with `=`")
            return Node(NOTHING)
        return leaves.compile_expression(where, text, scope, self)

    def condition(self, where: Where, scope: Scope) -> Term:
        """Compile an expression of which only the truth matters."""
        node = self.expression(where, scope)
        self.used |= consumed(node.sources, presence=True)
        return node.term

    def value(self, where: Where, scope: Scope) -> Term:
        """Compile a shape whose value is used here, so that its sources count as read."""
        node = self.shape(where, scope)
        self._hand_on(node)
        return node.term

    def shape(self, where: Where, scope: Scope) -> Node:
        """Compile any shape."""
        value = where.value
        if isinstance(value, dict):
            return self._mapping(where, value, scope)
        if isinstance(value, list):
            return self._list(where, value, scope)
        if isinstance(value, str):
            if value.startswith("="):
                return self._leaf(where, leaves.compile_expression(where, value, scope, self))
            if is_template(value):
                return self._leaf(where, leaves.compile_text(where, value, scope, self))
        return self._leaf(where, Node(Constant(value), literal=True))

    def _leaf(self, where: Where, node: Node) -> Node:
        if self.origins is None:
            return node
        return replace(node, term=Noted(partial(self.origins.leaf, where), node.term))

    def _part(self, term: Term, key: str | None = None, *, opens: bool = False) -> Term:
        return term if self.origins is None else Noted(partial(self.origins.part, key=key, opens=opens), term)

    def _container(self, where: Where, term: Term) -> Term:
        return term if self.origins is None else Noted(partial(self.origins.container, where), term)

    def _list(self, where: Where, written: Sequence[Any], scope: Scope) -> Node:
        nodes = [self.shape(where.at(index), scope) for index in range(len(written))]
        for node in nodes:
            self._hand_on(node)
        literal = not nodes or any(node.literal for node in nodes)
        entries = tuple((self._part(node.term, opens=node.splices), node.splices) for node in nodes)
        return Node(self._container(where, List(entries)), literal=literal)

    def _mapping(self, where: Where, value: Mapping[str, Any], scope: Scope) -> Node:
        body = words.check(where, value, self.diagnostics)
        if "$each" in value:
            return self._each(where, value, scope, body)
        return self._guarded(where, value, scope, body)

    def _each(self, where: Where, value: Mapping[str, Any], scope: Scope, body: str | None) -> Node:
        source = self.expression(where.at("$each"), scope)
        name = value.get("$as")
        name = name if isinstance(name, str) else "item"
        inner, item = scope.bind(name, items(source.sources))
        inner, index = inner.bind(f"{name}_index")
        condition = None
        if "$where" in value:
            condition = self.condition(where.at("$where"), inner)
            inner = self.narrowed(where.at("$where"), inner)
        node = self._guarded(where, value, inner, body)
        self._hand_on(node)
        loop = Loop(source.term, item, index, condition)
        each = Each(loop, self._part(node.term, opens=node.splices), node.splices)
        return Node(self._container(where, each), splices=True)

    def _guarded(self, where: Where, value: Mapping[str, Any], scope: Scope, body: str | None) -> Node:
        bindings: tuple[tuple[Name, Term], ...] = ()
        if isinstance(value.get("$let"), dict):
            scope, bindings = self.bindings(where.at("$let"), scope)
        condition = None
        if "$when" in value:
            condition = self.condition(where.at("$when"), scope)
            scope = self.narrowed(where.at("$when"), scope)
        node = self._body(where, value, scope, body)
        if bindings or condition is not None:
            node = replace(node, term=Guarded(bindings, condition, node.term))
        return replace(node, literal=node.literal and condition is None)

    def bindings(self, where: Where, scope: Scope) -> tuple[Scope, tuple[tuple[Name, Term], ...]]:
        """Compile `$let` or `$with`: each name is known to those after it."""
        bound: list[tuple[Name, Term]] = []
        members = where.value
        for name in members if isinstance(members, dict) else ():
            node = self.shape(where.at(name), scope)
            scope, bound_name = scope.bind(name, node.sources)
            bound.append((bound_name, node.term))
        return scope, tuple(bound)

    def narrowed(self, where: Where, scope: Scope) -> Scope:
        """Give the scope that holds below a condition: what it says of a name's kind is known there."""
        found = narrowing(where.value)
        return scope.narrow(*found) if found is not None and found[0] in scope.aliases else scope

    def _body(self, where: Where, value: Mapping[str, Any], scope: Scope, body: str | None) -> Node:
        match body:
            case "$value":
                return self.shape(where.at("$value"), scope)
            case "$splice":
                node = self.shape(where.at("$splice"), scope)
                return Node(node.term, node.sources, splices=True)
            case "$use":
                return self._use(where, value, scope)
            case "$switch":
                return self._switch(where, value, scope)
            case "$lookup":
                return self._lookup(where, value, scope)
            case "$merge":
                parts = [self.value(where.at("$merge", index), scope) for index in words.indices(value["$merge"])]
                return Node(self._container(where, Merge(tuple(self._part(part) for part in parts))))
            case "$first":
                return self._first(where, value, scope)
            case _:
                return self._members(where, value, scope)

    def _members(self, where: Where, value: Mapping[str, Any], scope: Scope) -> Node:
        members = [name for name in value if not name.startswith("$")]
        kept = value.get("$nulls")
        kept = {name for name in kept if isinstance(name, str)} if isinstance(kept, list) else set()
        for name in sorted(kept - set(members)):
            self.diagnostics.error("missing-partner", where.at("$nulls"), f"`$nulls` names `{name}`, which is not here")
        made = [(name, self._part(self.value(where.at(name), scope), name), name in kept) for name in members]
        return Node(self._container(where, Object(tuple(made))), literal=not members)

    def _first(self, where: Where, value: Mapping[str, Any], scope: Scope) -> Node:
        nodes = [self.shape(where.at("$first", index), scope) for index in words.indices(value["$first"])]
        sources = frozenset(path for node in nodes for path in node.sources)
        return Node(First(tuple((node.term, node.literal) for node in nodes)), sources)

    def _switch(self, where: Where, value: Mapping[str, Any], scope: Scope) -> Node:
        selector = self.expression(where.at("$switch"), scope)
        self._hand_on(selector)
        subject = narrowing(where.at("$switch").value, selector=True)
        cases: list[tuple[tuple[str, ...], Term]] = []
        labelled: set[str] = set()
        sources: frozenset[Path] = _NOTHING
        branches = value.get("$case")
        splices = False
        for labels in branches if isinstance(branches, dict) else ():
            names = [name.strip() for name in labels.split("|")]
            inner = scope.narrow(subject[0], names) if subject and subject[0] in scope.aliases else scope
            node = self.shape(where.at("$case", labels), inner)
            sources |= node.sources
            splices |= node.splices
            for name in names:
                if name in labelled:
                    self.diagnostics.error("two-bodies", where.at("$case").key(labels), f"`{name}` has a case already")
                labelled.add(name)
            cases.append((tuple(names), node.term))
        otherwise = None
        if "$else" in value:
            node = self.shape(where.at("$else"), scope)
            otherwise, sources, splices = node.term, sources | node.sources, splices or node.splices
        return Node(Switch(selector.term, tuple(cases), otherwise), sources, splices)

    def _lookup(self, where: Where, value: Mapping[str, Any], scope: Scope) -> Node:
        name = value["$lookup"]
        table = self.vocabulary.tables.get(name) if isinstance(name, str) else None
        if table is None:
            suggestion = did_you_mean(str(name), self.vocabulary.tables)
            self.diagnostics.error("unknown-table", where.at("$lookup"), f"there is no table `{name}`", help=suggestion)
            table = {}
        else:
            self.vocabulary.used.add(("tables", str(name)))
        key = self._key(where.at("$of"), scope) if "$of" in value else Node(NOTHING)
        key = self._leaf(where.at("$lookup"), key)
        otherwise = self.value(where.at("$else"), scope) if "$else" in value else None
        return Node(Lookup(key.term, table, otherwise))

    def _key(self, where: Where, scope: Scope) -> Node:
        """Compile what a table is asked for; a constant would always find the same."""
        node = self.shape(where, scope)
        if node.literal:
            self.diagnostics.error("expression-required", where, "an expression is needed here; it starts with `=`")
        self._hand_on(node)
        return node

    def _use(self, where: Where, value: Mapping[str, Any], scope: Scope) -> Node:
        name = value["$use"]
        definition = self.vocabulary.definitions.get(name) if isinstance(name, str) else None
        if definition is None:
            suggestion = did_you_mean(str(name), self.vocabulary.definitions)
            message = f"there is no definition `{name}`"
            self.diagnostics.error("unknown-definition", where.at("$use"), message, help=suggestion)
            return Node(NOTHING)
        self.vocabulary.used.add(("define", str(name)))
        if name in self.using:
            chain = " → ".join((*self.using, str(name)))
            self.diagnostics.error("recursive-definition", where.at("$use"), f"a definition uses itself: {chain}")
            return Node(NOTHING)
        return self._inlined(where, str(name), definition, scope)

    def _inlined(self, where: Where, name: str, definition: Definition, scope: Scope) -> Node:
        given = where.value.get("$with") if isinstance(where.value, dict) else None
        given = given if isinstance(given, dict) else {}
        for argument in given:
            if argument not in definition.args:
                suggestion = did_you_mean(argument, definition.args)
                message = f"`{name}` takes no argument `{argument}`"
                self.diagnostics.error("unknown-argument", where.at("$with").key(argument), message, help=suggestion)
        inner = scope.only(words.EVERYWHERE)
        bound: list[tuple[Name, Term]] = []
        for argument in definition.args:
            if argument in given:
                node = self.shape(where.at("$with", argument), scope)
                inner, bound_name = inner.bind(argument, node.sources)
                bound.append((bound_name, node.term))
            else:
                message = f"`{name}` needs the argument `{argument}`"
                self.diagnostics.error("missing-argument", where.at("$use"), message)
                inner, _ = inner.bind(argument)
        user = replace(self, using=(*self.using, name))
        node = user.shape(definition.make, inner)
        return replace(node, term=Guarded(tuple(bound), None, node.term, name))

    def _hand_on(self, node: Node) -> None:
        self.handed |= consumed(node.sources)
