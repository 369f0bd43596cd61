"""Templates that only name values, as Python: each is an expression that joins its pieces."""

from __future__ import annotations

from ..terms import Choice, Expression, Piece, Said
from ..text import FILTERS, written
from .expressions import Expressions
from .function import Function
from .values import Value


class Phrases:
    """Writes the templates of one function."""

    def __init__(self, function: Function, expressions: Expressions) -> None:
        self._function = function
        self._expressions = expressions

    def phrase(self, pieces: tuple[Piece, ...]) -> str:
        """Write a template; gives the code of its text."""
        return self.joined([self._piece(piece) for piece in pieces])

    def joined(self, pieces: list[str]) -> str:
        """Give the code of texts one after the other."""
        return f"({' + '.join(pieces)})" if pieces else "''"

    def written(self, value: Value) -> str:
        """Give the code of a value as text."""
        if (value.kind, value.there) == ("text", "always"):
            return value.code
        write = self._function.constants.name(written, "written")
        if not value.atom:
            return f"{write}({value.code})"
        return f"({value.code} if type({value.code}) is str else {write}({value.code}))"

    def filtered(self, filter: str, value: Value, given: list[Value]) -> Value:
        """Give a value as a filter makes it."""
        called = self._function.constants.name(FILTERS[filter][2], filter)
        return Value(f"{called}({', '.join(it.code for it in (value, *given))})", cheap=False)

    def _piece(self, piece: Piece) -> str:
        if isinstance(piece, str):
            return repr(piece)
        if isinstance(piece, Choice):
            return f"({piece.then!r} if {self._expressions.holds(piece.test)} else {piece.otherwise!r})"
        return self.written(self._said(piece))

    def _said(self, said: Said) -> Value:
        value = self._expressions.value(said.value)
        if said.filter is None:
            return value
        return self.filtered(said.filter, value, [self._given(it) for it in said.given])

    def _given(self, given: Expression | str) -> Value:
        return self._function.literal(given) if isinstance(given, str) else self._expressions.value(given)
