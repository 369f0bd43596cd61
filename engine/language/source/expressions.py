"""Expressions as Python: each node of the tree becomes a value, what it needs becomes lines before."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from .. import operators
from ..expressions import standard
from ..functions import LIBRARY
from ..reads import Ast
from ..terms import Expression
from .function import Function
from .values import NULL, Kind, There, Value

_ORDER = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_RETURNS: Mapping[str, tuple[Kind, There]] = {
    "bool": ("bool", "always"),
    "int": ("number", "always"),
    "int | None": ("number", "maybe"),
    "float | None": ("number", "maybe"),
    "str | None": ("text", "maybe"),
}
_PREFIXES: Mapping[str, tuple[Kind, There]] = {"list[": ("list", "maybe"), "dict[": ("object", "maybe")}
_NOT_NULL = "not_null"
_TYPE = "type"
_OF_EACH_TYPE: tuple[Any, ...] = ("", True, 0, 0.0, [], {}, None)
_TYPE_NAMES = {type(value): standard(_TYPE)(value) for value in _OF_EACH_TYPE}


@cache
def _gives(name: str) -> tuple[Kind, There]:
    """What is known of a function's values, from what it says that it returns."""
    said = str(inspect.signature(LIBRARY[name].run).return_annotation) if name in LIBRARY else ""
    by_prefix = next((known for prefix, known in _PREFIXES.items() if said.startswith(prefix)), ("", "maybe"))
    kind, there = _RETURNS.get(said, by_prefix)
    return kind, ("always" if there == "always" or (kind in ("list", "object") and "None" not in said) else "maybe")


class Expressions:
    """Writes the expressions of one function."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._slots: Mapping[str, int] = {}

    def value(self, term: Expression) -> Value:
        """Write an expression."""
        self._slots = term.slots
        return self._value(term.tree, None)

    def holds(self, term: Expression) -> str:
        """Write a condition; gives code that is true where it holds."""
        self._slots = term.slots
        return self._holds(term.tree, None)

    def _value(self, node: Ast, here: Value | None) -> Value:
        write: Callable[[Ast, Value | None], Value] = getattr(self, f"_{node['type']}")
        return write(node, here)

    def _holds(self, node: Ast, here: Value | None) -> str:
        if node["type"] in ("and_expression", "or_expression"):
            return self._both_or_either(node, here)
        if node["type"] == "not_expression":
            return f"(not {self._holds(node['children'][0], here)})"
        value = self._value(node, here)
        if value.needs_name:
            value = self._function.atom(value)
        return value.code if value.holds == value.code else f"({value.holds})"

    def _both_or_either(self, node: Ast, here: Value | None) -> str:
        word = "and" if node["type"] == "and_expression" else "or"
        function = self._function
        left, (right, lines, known) = self._halves(node, here)
        if function.hoist(lines, known):
            return f"({left} {word} {right})"
        name = function.unique("holds")
        function.line(f"{name} = {left}")
        function.below(f"if {name}:" if word == "and" else f"if not {name}:", lines)
        function.depth += 1
        function.line(f"{name} = {right}")
        function.depth -= 1
        return name

    def _halves(self, node: Ast, here: Value | None) -> tuple[str, Any]:
        first, second = node["children"]
        return self._holds(first, here), self._function.capture(lambda: self._holds(second, here))

    def _not_expression(self, node: Ast, here: Value | None) -> Value:
        return Value(self._holds(node, here), "always", "bool", cheap=False)

    def _and_expression(self, node: Ast, here: Value | None) -> Value:
        return self._one_of_two(node, here, right_if_left_holds=True)

    def _or_expression(self, node: Ast, here: Value | None) -> Value:
        return self._one_of_two(node, here, right_if_left_holds=False)

    def _one_of_two(self, node: Ast, here: Value | None, *, right_if_left_holds: bool) -> Value:
        function = self._function
        first, second = node["children"]
        left = function.atom(self._value(first, here))
        right, lines, known = function.capture(lambda: self._value(second, here))
        kind: Kind = left.kind if left.kind == right.kind else ""
        sure = right.there == "always" and (not right_if_left_holds or left.there == "always")
        there: There = "always" if sure else "maybe"
        if function.hoist(lines, known):
            yes, no = (right.code, left.code) if right_if_left_holds else (left.code, right.code)
            return Value(f"({yes} if {left.holds} else {no})", there, kind, cheap=right.cheap)
        name = function.unique("value")
        function.line(f"{name} = {left.code}")
        function.below(f"if {left.holds}:" if right_if_left_holds else f"if not {left.holds}:", lines)
        function.depth += 1
        function.line(f"{name} = {right.code}")
        function.depth -= 1
        return Value(name, there, kind, atom=True)

    def _field(self, node: Ast, here: Value | None) -> Value:
        if here is not None:
            return self._function.read(here, node["value"])
        return self._function.value(self._slots[node["value"]], node["value"])

    def _chain(self, node: Ast, here: Value | None) -> Value:
        first, *others = node["children"]
        found = self._value(first, here)
        for child in others:
            found = self._value(child, self._function.variable(found))
        return found

    _subexpression = _chain
    _index_expression = _chain
    _pipe = _chain

    def _identity(self, _node: Ast, here: Value | None) -> Value:
        assert here is not None, "refused when it was compiled"
        return here

    _current = _identity

    def _literal(self, node: Ast, _here: Value | None) -> Value:
        return self._function.literal(node["value"])

    def _index(self, node: Ast, here: Value | None) -> Value:
        return self.item(self._identity(node, here), node["value"])

    @staticmethod
    def item(held: Value, place: int) -> Value:
        """Read an item of what may be a list, and has a name."""
        enough = held.code if place in (0, -1) else f"len({held.code}) {'>' if place > 0 else '>='} {abs(place)}"
        return Value(f"({held.code}[{place}] if isinstance({held.code}, list) and {enough} else None)")

    def _slice(self, node: Ast, here: Value | None) -> Value:
        held = self._identity(node, here).code
        start, end, step = ("" if edge is None else str(edge) for edge in node["children"])
        return Value(f"({held}[{start}:{end}:{step}] if isinstance({held}, list) else None)", kind="list")

    def _projection(self, node: Ast, here: Value | None) -> Value:
        return self._each_of(node, here, "list", "")

    def _value_projection(self, node: Ast, here: Value | None) -> Value:
        return self._each_of(node, here, "dict", ".values()")

    def _filter_projection(self, node: Ast, here: Value | None) -> Value:
        return self._each_of(node, here, "list", "")

    def _each_of(self, node: Ast, here: Value | None, kind: str, items: str) -> Value:
        function = self._function
        source = function.atom(self._value(node["children"][0], here))
        found, item = function.unique("kept"), function.unique("item")
        function.line(f"{found} = None")
        with function.block(f"if isinstance({source.code}, {kind}):"):
            function.line(f"{found} = []")
            with function.block(f"for {item} in {source.code}{items}:"):
                self._kept(node, Value(item, atom=True), found)
        return Value(found, kind="list", atom=True)

    def _kept(self, node: Ast, item: Value, found: str) -> None:
        function = self._function
        if len(node["children"]) > 2:
            function.line(f"if not {self._holds(node['children'][2], item)}: continue")
        value = self._value(node["children"][1], item)
        if value.there == "always":
            function.line(f"{found}.append({value.code})")
        else:
            value = function.atom(value)
            function.line(f"if {value.code} is not None: {found}.append({value.code})")

    def _flatten(self, node: Ast, here: Value | None) -> Value:
        opened = self._function.constants.name(operators.opened, "opened")
        return Value(f"{opened}({self._value(node['children'][0], here).code})", kind="list", cheap=False)

    def _comparator(self, node: Ast, here: Value | None) -> Value:
        left, right = (self._value(child, here) for child in node["children"])
        if node["value"] not in _ORDER:
            equal, unequal = self.equality(left, right)
            code = equal if node["value"] == "eq" else unequal
            return Value(code, "always", "bool", cheap=left.cheap and right.cheap)
        left, right = self._function.atom(left), self._function.atom(right)
        ordered = self._function.constants.name(operators.is_ordered, "is_ordered")
        code = f"({left.code} {_ORDER[node['value']]} {right.code} if {ordered}({left.code}, {right.code}) else None)"
        return Value(code, "maybe", "bool")

    def equality(self, left: Value, right: Value) -> tuple[str, str]:
        """Give the code of being equal, and of not being so."""
        if "None" in (left.code, right.code):
            other = self._function.variable(right if left.code == "None" else left)
            return f"({other.code} is None)", f"({other.code} is not None)"
        kinds = {left.kind, right.kind}
        if {"text", "list", "object"} & kinds or kinds == {"number"}:  # no number is compared with a truth value
            return f"({left.code} == {right.code})", f"({left.code} != {right.code})"
        if {"True", "False"} & {left.code, right.code}:
            left, right = self._function.variable(left), self._function.variable(right)
            return f"({left.code} is {right.code})", f"({left.code} is not {right.code})"
        equal = self._function.constants.name(operators.equal, "equal")
        return f"{equal}({left.code}, {right.code})", f"(not {equal}({left.code}, {right.code}))"

    def _multi_select_list(self, node: Ast, here: Value | None) -> Value:
        codes = [self._value(child, here).code for child in node["children"]]
        return self._of_something(f"[{', '.join(codes)}]", "list", here)

    def _multi_select_dict(self, node: Ast, here: Value | None) -> Value:
        pairs = ((child["value"], self._value(child["children"][0], here).code) for child in node["children"])
        return self._of_something("{" + ", ".join(f"{name!r}: {code}" for name, code in pairs) + "}", "object", here)

    @staticmethod
    def _of_something(code: str, kind: Kind, here: Value | None) -> Value:
        if here is None:
            return Value(code, "always", kind, cheap=False)
        return Value(f"(None if {here.code} is None else {code})", "maybe", kind, cheap=False)

    def _function_expression(self, node: Ast, here: Value | None) -> Value:
        name = node["value"]
        arguments = [self._value(child, here) for child in node["children"]]
        if name == _NOT_NULL:
            return self._not_null(arguments)
        if name == _TYPE:
            return self._type(arguments[0])
        kind, there = _gives(name)
        inline = LIBRARY[name].inline if name in LIBRARY else None
        run = LIBRARY[name].run if name in LIBRARY else standard(name)
        called = self._function.constants.name(run, name)
        if inline is not None:
            codes = [self._inlined(argument, inline) for argument in arguments]
            return Value(f"({inline.format(*codes, run=called)})", there, kind)
        codes = [argument.code for argument in arguments]
        return Value(f"{called}({', '.join(codes)})", there, kind, cheap=False)

    def _inlined(self, argument: Value, inline: str) -> str:
        is_plain = argument.kind == "text" and argument.atom and " is " not in inline
        return argument.code if is_plain else self._function.variable(argument).code

    def _type(self, argument: Value) -> Value:
        """Name the type of a value; what has a type that JSON does not have is asked at length."""
        known = self._function.constants.name(_TYPE_NAMES, "type_names")
        called = self._function.constants.name(standard(_TYPE), _TYPE)
        value = self._function.variable(argument)
        return Value(f"({known}.get(type({value.code})) or {called}({value.code}))", "maybe", "text")

    def _not_null(self, arguments: Sequence[Value]) -> Value:
        *others, last = arguments
        code, there, kinds = last.code, last.there, {last.kind}
        for value in (self._function.atom(other) for other in reversed(others)):
            if value.there == "always":
                code, there, kinds = value.code, value.there, {value.kind}
            elif value is not NULL:
                code = f"({value.code} if {value.code} is not None else {code})"
                kinds.add(value.kind)
        return Value(code, there, kinds.pop() if len(kinds) == 1 else "", cheap=last.cheap)
