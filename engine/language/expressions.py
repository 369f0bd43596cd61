"""Expressions: the library's syntax tree compiled to closures.

The JMESPath library parses; what runs is a tree of small functions of one argument. Inside a mapping a name at the
start of a path is a *root*, found by its slot in the frame (a list of values); everywhere below, the argument is the
value at hand. Standard functions keep the library's code and its errors; they exist so that the notation conforms.
Mappings may call only functions that never fail (`functions`), whatever a client sends.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import jmespath.exceptions
import jmespath.functions
import jmespath.parser

from . import operators
from .literals import Prepared, prepare
from .reads import Ast

Fn = Callable[[Any], Any]

MAX_DEPTH = 64
MAX_NODES = 256
MAX_MULTISELECTS = 12
_PATHS = frozenset(
    {"subexpression", "index_expression", "projection", "filter_projection", "value_projection", "flatten"}
)
_CALLABLE_STANDARD = ("not_null", "to_array", "to_number", "to_string", "type")


class ExpressionError(ValueError):
    """An expression cannot be compiled; `offset` is the place in the text as written, `code` names the reason."""

    def __init__(self, code: str, message: str, offset: int = 0, subject: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.offset = offset
        self.subject = subject


def parse(text: str) -> Ast:
    """Parse an expression as mappings write it, bare literals included; raises ExpressionError. Not to be changed."""
    prepared = prepare(text)
    tree = _parse(prepared.text, prepared)
    _check_size(tree)
    _check_negation(tree)
    return tree


def parse_standard(text: str) -> Ast:
    """Parse an expression of the bare standard; raises ExpressionError."""
    return _parse(text, Prepared(text, (0,), (0,)))


def _parse(text: str, prepared: Prepared) -> Ast:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # an old form of text literals
            tree: Ast = jmespath.parser.Parser().parse(text).parsed
    except jmespath.exceptions.EmptyExpressionError:
        raise ExpressionError("expression-syntax", "the expression is empty") from None
    except jmespath.exceptions.LexerError as error:
        where = prepared.origin(error.lexer_position)
        raise ExpressionError("expression-syntax", f"unexpected text: {error.message}", where) from None
    except jmespath.exceptions.ParseError as error:
        where = prepared.origin(error.lex_position)
        raise ExpressionError("expression-syntax", f"unexpected {_shown(error.token_value)}", where) from None
    except (jmespath.exceptions.JMESPathError, RecursionError, ValueError) as error:
        raise ExpressionError("expression-syntax", f"not an expression: {error}") from None
    finally:
        jmespath.parser.Parser.purge()  # the library would keep the last trees; who needs one again holds it (`shared`)
    return tree


def _shown(token: object) -> str:
    return "end of the expression" if token in ("", None) else f"`{token}`"


def _check_size(tree: Ast) -> None:
    nodes = multiselects = 0
    stack: list[tuple[Ast, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        nodes += 1
        multiselects += node["type"].startswith("multi_select")
        if nodes > MAX_NODES or depth > MAX_DEPTH or multiselects > MAX_MULTISELECTS:
            raise ExpressionError("expression-too-large", "the expression is too large; split it with `$let`")
        stack += [(child, depth + 1) for child in node["children"] if isinstance(child, Mapping)]


def _check_negation(tree: Ast) -> None:
    """Refuse `!a.b`, which the grammar reads as `(!a).b`."""
    stack: list[Ast] = [tree]
    while stack:
        node = stack.pop()
        children = [child for child in node["children"] if isinstance(child, Mapping)]
        if node["type"] in _PATHS and children[0]["type"] == "not_expression":
            raise ExpressionError("negated-path", "`!a.b` means `(!a).b`; write `!(a.b)`")
        stack += children


def compile_standard(text: str) -> Fn:
    """Compile an expression of the bare standard to a function of one value; raises ExpressionError."""
    return _Builder(None, _standard_call).build(parse_standard(text))


def compile_tree(tree: Ast, slots: Mapping[str, int], functions: Mapping[str, operators.Callee]) -> Fn:
    """Compile a parsed expression to a function of a frame.

    `slots` gives the place of every root; `functions` those that may be called. Raises ExpressionError.
    """
    return _Builder(slots, _Calls(functions).call).build(tree)


class _Builder:
    """Builds the closure of each node; `root` is true while names still mean roots."""

    def __init__(self, slots: Mapping[str, int] | None, call: Callable[[str, list[Fn]], Fn]) -> None:
        self._slots = slots
        self._call = call

    def build(self, node: Ast) -> Fn:
        return self._build(node, root=self._slots is not None)

    def _build(self, node: Ast, *, root: bool) -> Fn:
        found: Fn = getattr(self, f"_{node['type']}")(node, root=root)
        return found

    def _field(self, node: Ast, *, root: bool) -> Fn:
        name = node["value"]
        if not root:
            return operators.member(name)
        slot = (self._slots or {}).get(name)
        if slot is None:
            raise ExpressionError("unknown-root", f"nothing here is called `{name}`", subject=name)
        return operators.root(slot)

    def _chain(self, node: Ast, *, root: bool) -> Fn:
        first, *others = node["children"]
        steps = [self._build(first, root=root)]
        steps += [self._build(child, root=False) for child in others]
        return operators.chain(steps)

    _subexpression = _chain
    _index_expression = _chain
    _pipe = _chain

    def _current(self, _node: Ast, *, root: bool) -> Fn:
        if root:
            raise ExpressionError("expression-syntax", "`@` and a leading `[` need a value; start with a name")
        return operators.same

    _identity = _current

    def _literal(self, node: Ast, *, root: bool) -> Fn:
        del root
        return operators.constant(node["value"])

    def _index(self, node: Ast, *, root: bool) -> Fn:
        self._refuse_root(root=root)
        return operators.item(node["value"])

    def _slice(self, node: Ast, *, root: bool) -> Fn:
        self._refuse_root(root=root)
        if node["children"][2] == 0:
            raise ExpressionError("expression-syntax", "the step of a slice cannot be 0")
        return operators.section(slice(*node["children"]))

    def _refuse_root(self, *, root: bool) -> None:
        if root:
            raise ExpressionError("expression-syntax", "an index needs a list; start with a name")

    def _projection(self, node: Ast, *, root: bool) -> Fn:
        left, right = node["children"]
        return operators.projection(self._build(left, root=root), self._build(right, root=False))

    def _value_projection(self, node: Ast, *, root: bool) -> Fn:
        left, right = node["children"]
        return operators.value_projection(self._build(left, root=root), self._build(right, root=False))

    def _filter_projection(self, node: Ast, *, root: bool) -> Fn:
        left, right, condition = node["children"]
        return operators.filter_projection(
            self._build(left, root=root), self._build(right, root=False), self._build(condition, root=False)
        )

    def _flatten(self, node: Ast, *, root: bool) -> Fn:
        return operators.flatten(self._build(node["children"][0], root=root))

    def _comparator(self, node: Ast, *, root: bool) -> Fn:
        left, right = node["children"]
        return operators.comparison(node["value"], self._build(left, root=root), self._build(right, root=root))

    def _or_expression(self, node: Ast, *, root: bool) -> Fn:
        return operators.either(*(self._build(child, root=root) for child in node["children"]))

    def _and_expression(self, node: Ast, *, root: bool) -> Fn:
        return operators.both(*(self._build(child, root=root) for child in node["children"]))

    def _not_expression(self, node: Ast, *, root: bool) -> Fn:
        return operators.negation(self._build(node["children"][0], root=root))

    def _multi_select_list(self, node: Ast, *, root: bool) -> Fn:
        return operators.make_list([self._build(child, root=root) for child in node["children"]])

    def _multi_select_dict(self, node: Ast, *, root: bool) -> Fn:
        members = [(child["value"], self._build(child["children"][0], root=root)) for child in node["children"]]
        return operators.make_object(members)

    def _expref(self, node: Ast, *, root: bool) -> Fn:
        del root
        return operators.constant(_Expression(self._build(node["children"][0], root=False)))

    def _function_expression(self, node: Ast, *, root: bool) -> Fn:
        return self._call(node["value"], [self._build(child, root=root) for child in node["children"]])


class _Expression:
    """What `&expression` gives a standard function; the library checks it by this class's name."""

    def __init__(self, fn: Fn) -> None:
        self.expression = fn

    def visit(self, fn: Fn, value: object) -> Any:
        """Run the expression on a value, as the library's interpreter would."""
        return fn(value)


_STANDARD = jmespath.functions.Functions()


def _standard_call(name: str, arguments: list[Fn]) -> Fn:
    def run(value: Any) -> Any:
        return _STANDARD.call_function(name, [argument(value) for argument in arguments])

    return run


@cache
def standard(name: str) -> Callable[..., Any]:
    """Give a standard function that cannot fail, without the library's checks of each call: they would find nothing."""
    return partial(_STANDARD.FUNCTION_TABLE[name]["function"], _STANDARD)


class _Calls:
    """Calls of a mapping: the project's functions, and the few standard ones that cannot fail."""

    def __init__(self, functions: Mapping[str, operators.Callee]) -> None:
        self._functions = functions

    def call(self, name: str, arguments: list[Fn]) -> Fn:
        if name in _CALLABLE_STANDARD:
            spec = _STANDARD.FUNCTION_TABLE[name]["signature"]
            variadic = bool(spec and spec[-1].get("variadic"))
            self._check_arity(name, len(arguments), len(spec), None if variadic else len(spec))
            return operators.call(standard(name), arguments)
        callee = self._functions.get(name)
        if callee is None:
            raise ExpressionError("unknown-function", f"there is no function `{name}`", subject=name)
        self._check_arity(name, len(arguments), callee.least, callee.most)
        return operators.call(callee.run, arguments)

    @staticmethod
    def _check_arity(name: str, given: int, least: int, most: int | None) -> None:
        if given >= least and (most is None or given <= most):
            return
        wanted = str(least) if least == most else f"{least} or more" if most is None else f"{least} to {most}"
        raise ExpressionError("wrong-arity", f"`{name}` takes {wanted} arguments, not {given}", subject=name)
