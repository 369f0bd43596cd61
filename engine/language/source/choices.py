"""Terms that choose, as Python: the first that says something, one of several cases, what a table says."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from .. import build
from ..terms import NOTHING, First, Lookup, Switch, Term
from .facts import kind_of, may_be_marked
from .function import Function
from .sinks import Assign, Sink
from .values import Value

_OF_NO_TEXT = re.compile(r"null|true|false|[-\d\[{]")  # what a label may begin with that stands for no text
_MISSING = object()


class Choices(ABC):
    """What chooses among terms that a subclass writes into the same function."""

    function: Function

    @abstractmethod
    def write(self, term: Term, sink: Sink) -> None:
        """Write a term; its value goes into the sink."""

    @abstractmethod
    def named(self, term: Term, hint: str) -> Value:
        """Write a term and give its value under a name, without the mark."""

    def otherwise(self, sink: Sink) -> None:
        """Write below `else` what is done where there is no value, if anything is."""
        _, lines, _ = self.function.capture(sink.nothing)
        if lines:
            self.function.below("else:", lines)

    def first(self, choices: Sequence[tuple[Term, bool]], sink: Sink) -> None:
        """Write the first choice that is not empty, or is written out."""
        function = self.function
        name = function.unique("first")
        marked = any(may_be_marked(choice) for choice, _ in choices)
        first = Value(name, kind=kind_of(First(tuple(choices))), atom=True, marked=marked)
        is_there = False
        for place, (choice, literal) in enumerate(choices):
            if place:
                with function.block(f"if not {first.says}:"):
                    self.write(choice, Assign(function, name))
            else:
                self.write(choice, Assign(function, name))
            if literal:  # which is always there
                is_there = True
                break
        if not choices:
            sink.nothing()
            return
        sink.put(
            replace(first, there="always")
            if is_there
            else replace(first, code=f"({name} if {first.says} else None)", atom=False)
        )

    def switch(self, term: Switch, sink: Sink) -> None:
        """Write one of several cases."""
        function = self.function
        selected = self.named(term.selector, "case")
        key = selected.code
        if any(_OF_NO_TEXT.match(label) for labels, _ in term.cases for label in labels):
            key = function.atom(Value(self._label(selected)), "label").code
        word = "if"
        for labels, case in term.cases:
            with function.block(
                f"{word} {key} == {labels[0]!r}:" if len(labels) == 1 else f"{word} {key} in {labels!r}:"
            ):
                self.write(case, sink)
            word = "elif"
        _, lines, _ = function.capture(lambda: self.write(term.otherwise or NOTHING, sink))
        if lines:
            function.below("else:" if term.cases else "if True:", lines)

    def _label(self, value: Value) -> str:
        if (value.kind, value.there) == ("bool", "always"):
            return f"'true' if {value.code} else 'false'"
        label = self.function.constants.name(build.label, "label")
        return f"{value.code} if type({value.code}) is str else {label}({value.code})"

    def lookup(self, term: Lookup, sink: Sink) -> None:
        """Write what a table says of a value."""
        function = self.function
        key = function.unique("key")
        self.write(term.key, Assign(function, key))
        label = self._label(Value(key, atom=True))
        table = function.constants.name(term.table, "table")
        found = function.unique("entry")
        if term.otherwise is None:
            function.line(f"{found} = {table}.get({label}) if {key} is not None else None")
            sink.put(Value(found, atom=True))
            return
        missing = function.constants.name(_MISSING, "missing")
        with function.block(f"if {key} is not None:"):
            function.line(f"{found} = {table}.get({label}, {missing})")
            with function.block(f"if {found} is {missing}:"):
                self.write(term.otherwise, sink)
            with function.block("else:"):
                sink.put(Value(found, atom=True))
        self.otherwise(sink)
