"""Templates as Python: each is an expression that joins its pieces; who writes none need not import this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import jinja2.nodes as n

from ..template import parsed
from .expressions import Expressions
from .function import Function
from .phrases import Phrases
from .values import There, Value


class Texts(Phrases):
    """Writes the templates of one function."""

    def __init__(self, function: Function, expressions: Expressions, slots: Mapping[str, int]) -> None:
        super().__init__(function, expressions)
        self._slots = slots

    def text(self, text: str) -> str:
        """Write a template; gives the code of its text."""
        return self._joined(parsed(text))

    def _joined(self, nodes: Sequence[n.Node]) -> str:
        return self.joined([piece for node in nodes for piece in self._pieces(node)])

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
        return [self.written(self._value(node))]

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
        return self.filtered(node.name, self._value(node.node), [self._value(argument) for argument in node.args])

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
        return Value(f"({' + '.join(self.written(self._value(piece)) for piece in node.nodes)})", "always", "text")
