"""Templates as Python: each is an expression that joins its pieces; who writes none need not import this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import jinja2.nodes as n

from ..template import parsed
from ..text import FILTERS, written
from .expressions import Expressions
from .function import Function
from .values import There, Value


class Texts:
    """Writes the templates of one function."""

    def __init__(self, function: Function, expressions: Expressions) -> None:
        self._function = function
        self._expressions = expressions
        self._slots: Mapping[str, int] = {}

    def code(self, text: str, slots: Mapping[str, int]) -> str:
        """Write a template; gives the code of its text."""
        self._slots = slots
        return self._joined(parsed(text))

    def _joined(self, nodes: Sequence[n.Node]) -> str:
        pieces = [piece for node in nodes for piece in self._pieces(node)]
        return f"({' + '.join(pieces)})" if pieces else "''"

    def _pieces(self, node: n.Node) -> list[str]:
        if isinstance(node, n.Output):
            return [piece for inner in node.nodes for piece in self._pieces(inner)]
        if isinstance(node, n.TemplateData):
            return [repr(node.data)]
        if isinstance(node, n.If):
            code = self._joined(node.else_)
            for branch in (*reversed(node.elif_), node):
                code = f"({self._joined(branch.body)} if {self._holds(branch.test)} else {code})"
            return [code]
        return [self._written(self._value(node))]

    def _written(self, value: Value) -> str:
        if (value.kind, value.there) == ("text", "always"):
            return value.code
        write = self._function.constants.name(written, "written")
        if not value.atom:
            return f"{write}({value.code})"
        return f"({value.code} if type({value.code}) is str else {write}({value.code}))"

    def _holds(self, node: n.Node) -> str:
        value = self._value(node)
        return (self._function.atom(value) if value.needs_name else value).holds

    def _value(self, node: n.Node) -> Value:
        write: Callable[..., Value] = getattr(self, f"_{type(node).__name__.lower()}")
        return write(node)

    def _name(self, node: n.Name) -> Value:
        return self._function.value(self._slots[node.name], node.name)

    def _getattr(self, node: n.Getattr) -> Value:
        return self._function.read(self._function.variable(self._value(node.node)), node.attr)

    def _getitem(self, node: n.Getitem) -> Value:
        held = self._function.variable(self._value(node.node))
        assert isinstance(node.arg, n.Const), "refused when it was compiled"
        key = node.arg.value
        return self._function.read(held, key) if isinstance(key, str) else self._expressions.item(held, key)

    def _const(self, node: n.Const) -> Value:
        return self._function.literal(node.value)

    def _filter(self, node: n.Filter) -> Value:
        assert node.node is not None, "refused when it was compiled"
        called = self._function.constants.name(FILTERS[node.name][2], node.name)
        arguments = [self._value(argument).code for argument in (node.node, *node.args)]
        return Value(f"{called}({', '.join(arguments)})", cheap=False)

    def _condexpr(self, node: n.CondExpr) -> Value:
        then = self._value(node.expr1)
        otherwise = self._value(node.expr2) if node.expr2 is not None else self._function.literal("")
        kind = then.kind if then.kind == otherwise.kind else ""
        there: There = "always" if (then.there, otherwise.there) == ("always", "always") else "maybe"
        return Value(f"({then.code} if {self._holds(node.test)} else {otherwise.code})", there, kind, cheap=False)

    def _compare(self, node: n.Compare) -> Value:
        left, right = self._value(node.expr), self._value(node.ops[0].expr)
        equal, unequal = self._expressions.equality(left, right)
        return Value(equal if node.ops[0].op == "eq" else unequal, "always", "bool", cheap=False)

    def _and(self, node: n.And) -> Value:
        left, right = self._function.atom(self._value(node.left)), self._value(node.right)
        return Value(f"({right.code} if {left.holds} else {left.code})", cheap=False)

    def _or(self, node: n.Or) -> Value:
        left, right = self._function.atom(self._value(node.left)), self._value(node.right)
        return Value(f"({left.code} if {left.holds} else {right.code})", cheap=False)

    def _not(self, node: n.Not) -> Value:
        return Value(f"(not {self._holds(node.node)})", "always", "bool", cheap=False)

    def _concat(self, node: n.Concat) -> Value:
        return Value(f"({' + '.join(self._written(self._value(piece)) for piece in node.nodes)})", "always", "text")
