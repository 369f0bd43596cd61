"""Shapes as Python: each term is written so that its value goes where it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ..terms import (
    Constant,
    Each,
    Expression,
    First,
    Guarded,
    List,
    Lookup,
    Loop,
    Merge,
    Name,
    Noted,
    Nothing,
    Object,
    Phrase,
    Switch,
    Term,
    Text,
)
from .absence import NULL, vanishes
from .choices import Choices
from .expressions import Expressions
from .facts import kind_of, may_be_marked
from .function import DEEPEST, Function
from .groups import Group, grouped
from .module import Module
from .phrases import Phrases
from .sinks import Append, Assign, Emit, Member, Return, Sink, Update
from .values import MARK, Value


class Unwritable(Exception):
    """A term has no source: its closure must do."""


class Shapes(Choices):
    """Writes the shapes of one function."""

    def __init__(self, module: Module) -> None:
        self.function = Function(module.constants)
        self.expressions = Expressions(self.function)
        self._module = module

    def write(self, term: Term, sink: Sink) -> None:
        """Write a term; its value goes into the sink."""
        if self.function.depth > DEEPEST and isinstance(term, Object | List | Each | Guarded | First | Switch):
            self._apart(term, "deeper", sink)
            return
        match term:
            case Nothing():
                sink.nothing()
            case Constant(value):
                sink.put(
                    Value(MARK, "always", atom=True, marked=True) if value is None else self.function.literal(value)
                )
            case Expression():
                sink.put(self.expressions.value(term))
            case Text():
                self._text(term, sink)
            case Phrase(pieces):
                code = Phrases(self.function, self.expressions).phrase(pieces)
                sink.put(Value(code, "always", "text", cheap=False))
            case Object():
                self._object(term, sink)
            case List():
                self._list(term, sink)
            case Each():
                self._each(term, sink)
            case Guarded():
                self._guarded(term, sink)
            case Merge(parts):
                self._merge(parts, sink)
            case First(choices):
                self.first(choices, sink)
            case Switch():
                self.switch(term, sink)
            case Lookup():
                self.lookup(term, sink)
            case Noted():
                raise Unwritable

    def named(self, term: Term, hint: str) -> Value:
        """Write a term and give its value under a name, without the mark."""
        if isinstance(term, Expression):
            return self.function.atom(self.expressions.value(term), hint)
        name = self.function.unique(hint)
        self.write(term, Assign(self.function, name, plain=True))
        return Value(name, kind=kind_of(term), atom=True)

    def bind(self, bindings: Sequence[tuple[Name, Term]]) -> None:
        """Bind names one after the other."""
        for name, term in bindings:
            self._bind(name, term)

    def _bind(self, name: Name, term: Term) -> None:
        self.function.bind(name.slot, self.function.variable(self.named(term, name.text), name.text))

    def _text(self, term: Text, sink: Sink) -> None:
        from .texts import Texts  # and with it the library, which not everybody needs

        code = Texts(self.function, self.expressions, term.slots).text(term.text)
        sink.put(Value(code, "always", "text", cheap=False))

    def _object(self, term: Object, sink: Sink) -> None:
        if isinstance(sink, Update):
            self._members(term, sink.made)
            return
        function = self.function
        written, others = self._leading([(name, member) for name, member, _ in term.members])
        code = "{" + ", ".join(f"{name!r}: {value}" for name, value in written) + "}"
        if not others:
            sink.put(Value(code, "always", "object"))
            return
        made = function.unique("made")
        function.line(f"{made} = {code}")
        self._members(Object(term.members[len(written) :]), made)
        is_filled = any(isinstance(member, Constant) or stays for _, member, stays in term.members)
        sink.put(Value(made, "always" if is_filled else "filled", "object", atom=True))

    def _leading(self, members: Sequence[tuple[str, Term]]) -> tuple[list[tuple[str, str]], int]:
        """Give the members at the beginning that are written out, and how many others there are."""
        written: list[tuple[str, str]] = []
        for name, member in members:
            if not isinstance(member, Constant):
                break
            written.append((name, "None" if member.value is None else self.function.literal(member.value).code))
        return written, len(members) - len(written)

    def _members(self, term: Object, made: str) -> None:
        function = self.function
        for group in grouped(term.members):
            if group.holder is None:
                self._group(group, made)
                continue
            names = function.constants.name(group.names, "names")
            with function.block(f"if not {names}.isdisjoint({function.view(group.holder)}):"):
                self._group(group, made)

    def _group(self, group: Group, made: str) -> None:
        for name, member, stays in group.members:
            self.write(member, Member(self.function, made, name, stays))

    def _list(self, term: List, sink: Sink) -> None:
        function = self.function
        written, others = self._leading([("", entry) for entry, _ in term.entries])
        code = f"[{', '.join(value for _, value in written)}]"
        if not others:
            sink.put(Value(code, "always", "list"))
            return
        made = function.unique("made")
        function.line(f"{made} = {code}")
        for entry, opens in term.entries[len(written) :]:
            self.write(entry, Append(function, made, opens))
        is_filled = any(isinstance(entry, Constant) for entry, _ in term.entries)
        sink.put(Value(made, "always" if is_filled else "filled", "list", atom=True))

    def _each(self, term: Each, sink: Sink) -> None:
        made: str | None = None
        match sink:
            case Append(opens=True):
                inner: Sink = Append(self.function, sink.made, term.opens)
            case Emit(opens=True):
                inner = Emit(self.function, sink.collect, term.opens)
            case _:
                made = self.function.unique("made")
                self.function.line(f"{made} = []")
                inner = Append(self.function, made, term.opens)
        with self.loop(term.loop):
            self.write(term.body, inner)
        if made is not None:
            sink.put(Value(made, "filled", "list", atom=True))

    @contextmanager
    def loop(self, loop: Loop) -> Iterator[str]:
        """Open a loop over the items of a list, and give its name; what is written inside is done for each."""
        function = self.function
        source = self.named(loop.source, "items").code
        with function.block(f"if isinstance({source}, list):"):
            item, index = function.unique(loop.item.text), function.unique(loop.index.text)
            function.bind(loop.item.slot, Value(item, atom=True))
            function.bind(loop.index.slot, Value(index, "always", "number", atom=True))
            head = len(function.lines)
            with function.block("for"):
                if loop.condition is not None:
                    function.line(f"if not {self.holds(loop.condition)}: continue")
                yield source
            counted = function.is_asked(loop.index.slot)
            text = f"for {index}, {item} in enumerate({source}):" if counted else f"for {item} in {source}:"
            function.lines[head] = replace(function.lines[head], text=text)

    def holds(self, condition: Term) -> str:
        """Write a condition; gives code that is true where it holds."""
        assert isinstance(condition, Expression), "conditions are expressions"
        return self.expressions.holds(condition)

    def _guarded(self, term: Guarded, sink: Sink) -> None:
        if term.called is not None and not isinstance(term.body, Expression | Lookup):
            self._called(term, term.called, sink)
            return
        self.bind(term.bindings)
        if term.condition is None:
            self.write(term.body, sink)
            return
        with self.function.block(f"if {self.holds(term.condition)}:"):
            self.write(term.body, sink)
        self.otherwise(sink)

    def _called(self, term: Guarded, name: str, sink: Sink) -> None:
        """Write the body of a definition as a function of its own: the same one wherever it does the same."""
        inner = Shapes(self._module)
        inner.write(term.body, Return(inner.function))
        used = [(bound, argument) for bound, argument in term.bindings if bound.slot in inner.function.free]
        for bound, argument in used:
            self._bind(bound, argument)
        needed = [self.function.name(it.slot, it.text) for it, _ in used if vanishes(term.body, {(it.slot, ""): NULL})]
        if not needed:
            sink.put(self._call(inner, name, term.body))
            return
        with self.function.block(f"if {' and '.join(f'{value} is not None' for value in needed)}:"):
            sink.put(self._call(inner, name, term.body))
        self.otherwise(sink)

    def _apart(self, term: Term, name: str, sink: Sink) -> None:
        inner = Shapes(self._module)
        inner.write(term, Return(inner.function))
        sink.put(self._call(inner, name, term))

    def _call(self, inner: Shapes, name: str, body: Term) -> Value:
        code = self._module.call(inner.function, name, self.function)
        return Value(code, "maybe", kind_of(body), cheap=False, marked=may_be_marked(body))

    def _merge(self, parts: Sequence[Term], sink: Sink) -> None:
        if isinstance(sink, Update):
            into = sink
        else:
            made = self.function.unique("made")
            self.function.line(f"{made} = {{}}")
            into = Update(self.function, made)
        for part in parts:
            self.write(part, into)
        if into is not sink:
            sink.put(Value(into.made, "filled", "object", atom=True))
