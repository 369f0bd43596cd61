"""Jinja templates compiled from the library's syntax tree to joins of closures.

Only what assembles text is allowed: members, constants, conditions and a few filters. There are no calls, no loops and
no attributes of Python objects, so a template can neither reach the engine nor run long; its output is at most as long
as its constants and the values it names. A missing value is empty text. Who compiles no template need not import this,
and the library with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jinja2
import jinja2.nodes as n

from . import operators
from .operators import Fn
from .reads import Path
from .scope import Scope
from .text import FILTERS, Template, TemplateError, written

_ENVIRONMENT = jinja2.Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - it only parses
_PARTS_OF_A_PAGE = (n.Template, n.Output)


def compile_template(text: str, scope: Scope) -> Template:
    """Compile a template to a function of a frame; raises TemplateError."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError("template-syntax", error.message or "not a template", (error.lineno or 1) - 1) from None
    builder = _Builder(scope)
    return Template(builder.text(tree.body), frozenset(builder.reads), builder.slots)


def parsed(text: str) -> tuple[n.Node, ...]:
    """Give the nodes of a template that was found right. Not to be changed."""
    return tuple(_ENVIRONMENT.parse(text).body)


class _Builder:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.reads: set[Path] = set()
        self.slots: dict[str, int] = {}

    def text(self, nodes: list[n.Node]) -> Callable[[Any], str]:
        """Compile a run of nodes to one text."""
        pieces = [piece for node in nodes for piece in self._pieces(node)]
        if all(isinstance(piece, str) for piece in pieces):
            whole = "".join(str(piece) for piece in pieces)
            return lambda _frame: whole
        runs = [operators.constant(piece) if isinstance(piece, str) else piece for piece in pieces]
        return lambda frame: "".join([run(frame) for run in runs])

    def _pieces(self, node: n.Node) -> list[str | Fn]:
        if isinstance(node, n.Output):
            return [piece for inner in node.nodes for piece in self._pieces(inner)]
        if isinstance(node, n.TemplateData):
            return [node.data]
        if isinstance(node, n.If):
            return [self._if(node)]
        if isinstance(node, n.Expr):
            value = self._value(node)
            return [lambda frame: written(value(frame))]
        raise self._unsafe(node)

    def _if(self, node: n.If) -> Fn:
        branches = [(self._value(branch.test), self.text(branch.body)) for branch in (node, *node.elif_)]
        otherwise = self.text(node.else_)

        def run(frame: Any) -> str:
            for test, body in branches:
                if not operators.is_false(test(frame)):
                    return body(frame)
            return otherwise(frame)

        return run

    def _value(self, node: n.Node) -> Fn:
        build = getattr(self, f"_{type(node).__name__.lower()}", None)
        if build is None or isinstance(node, _PARTS_OF_A_PAGE):
            raise self._unsafe(node)
        path = self._path(node)
        if path is not None:
            self.reads.add(path)
        compiled: Fn = build(node)
        return compiled

    def _path(self, node: n.Node) -> Path | None:
        if isinstance(node, n.Name):
            sources = self._scope.aliases.get(node.name)
            return next(iter(sources), None) if sources else None
        if isinstance(node, n.Getattr):
            above = self._path(node.node)
            return None if above is None else (*above, node.attr)
        return None

    def _name(self, node: n.Name) -> Fn:
        slot = self._scope.slots.get(node.name)
        if slot is None:
            raise TemplateError(
                "unknown-root", f"nothing here is called `{node.name}`", node.lineno - 1, subject=node.name
            )
        self.slots[node.name] = slot
        return operators.root(slot)

    def _getattr(self, node: n.Getattr) -> Fn:
        return operators.chain([self._inner(node.node), operators.member(node.attr)])

    def _getitem(self, node: n.Getitem) -> Fn:
        if not isinstance(node.arg, n.Const) or not isinstance(node.arg.value, str | int):
            raise self._unsafe(node)
        key = node.arg.value
        step = operators.member(key) if isinstance(key, str) else operators.item(key)
        return operators.chain([self._inner(node.node), step])

    def _inner(self, node: n.Node) -> Fn:
        """Compile what a path starts with; the whole path counts as read, not its beginnings."""
        if isinstance(node, n.Name):
            return self._name(node)
        return self._getattr(node) if isinstance(node, n.Getattr) else self._value(node)

    def _const(self, node: n.Const) -> Fn:
        return operators.constant(node.value)

    def _filter(self, node: n.Filter) -> Fn:
        found = FILTERS.get(node.name)
        if found is None or node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise TemplateError(
                "template-unsafe", f"there is no filter `{node.name}` here", node.lineno - 1, subject=node.name
            )
        least, most, run = found
        if not least <= len(node.args) <= most:
            raise TemplateError("template-syntax", f"`{node.name}` takes {most} arguments", node.lineno - 1)
        return operators.call(run, [self._value(node.node), *map(self._value, node.args)])

    def _condexpr(self, node: n.CondExpr) -> Fn:
        test, then = self._value(node.test), self._value(node.expr1)
        otherwise = self._value(node.expr2) if node.expr2 is not None else operators.constant("")
        return lambda frame: otherwise(frame) if operators.is_false(test(frame)) else then(frame)

    def _compare(self, node: n.Compare) -> Fn:
        if len(node.ops) != 1 or node.ops[0].op not in ("eq", "ne"):
            raise self._unsafe(node)
        return operators.comparison(node.ops[0].op, self._value(node.expr), self._value(node.ops[0].expr))

    def _and(self, node: n.And) -> Fn:
        return operators.both(self._value(node.left), self._value(node.right))

    def _or(self, node: n.Or) -> Fn:
        return operators.either(self._value(node.left), self._value(node.right))

    def _not(self, node: n.Not) -> Fn:
        return operators.negation(self._value(node.node))

    def _concat(self, node: n.Concat) -> Fn:
        pieces = [self._value(piece) for piece in node.nodes]
        return lambda frame: "".join([written(piece(frame)) for piece in pieces])

    @staticmethod
    def _unsafe(node: n.Node) -> TemplateError:
        kind = type(node).__name__.lower()
        return TemplateError(
            "template-unsafe", f"text may hold values, conditions and filters, but no {kind}", node.lineno - 1
        )
