"""Any mapping and any document, made from a number: faster than strategies, and the number tells which it was."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from torouter.language.functions import LIBRARY

MEMBERS = ("a", "b", "kind", "text", "list")
SCALARS = (None, True, False, 0, 1, -2, 1.5, 10, "", "a", "x", " ", "null", "1", "é")
LITERALS = ("1", "0", "-2", "1.5", "true", "false", "null", "'a'", "''", "`[]`", "`{}`", '`["a", 1]`', '`{"a": 1}`')
STEPS = (
    ".a", ".kind", ".list", "[0]", "[-1]", "[1]", "[-2]", "[:1]", "[::-1]", "[]", "[*].a", "[].b", ".*.a", ".list[].text",
    "[?kind=='a']", "[?a > `1`].b", "[?@ == `1`]", ".list[?!(a)] | [0]", "[?text && a].{x: text, y: @.b}", "[].[a, b]",
)  # fmt: skip
STANDARD = {"not_null": (1, 3), "to_array": (1, 1), "to_number": (1, 1), "to_string": (1, 1), "type": (1, 1)}
FUNCTIONS = STANDARD | {name: (it.least, it.most or 3) for name, it in LIBRARY.items()}
WORDS = (
    "scalar", "members", "list", "$each", "$let", "$when", "$switch", "$lookup", "$merge", "$first", "held", "looked",
    "$splice",
)  # fmt: skip
VOCABULARY = """
tables:
  words: {a: one, x: null, "1": 1, "true": {yes: 1}}
define:
  held:
    args: [one, two]
    make:
      $nulls: [second]
      first: =one
      second: =two.a
      third:
        $first: [=one.text, =two]
  looked:
    args: [one]
    make:
      $switch: =one.kind
      $case:
        a|x:
          $use: held
          $with: {one: =one, two: =target}
        "null": null
      $else: =one
"""


class Anything:
    """Makes documents and mappings; the same ones of the same number."""

    def __init__(self, number: int) -> None:
        self._random = Random(number)

    def value(self, depth: int = 3) -> Any:
        """Any JSON value."""
        match self._random.choice("slo") if depth else "s":
            case "l":
                return [self.value(depth - 1) for _ in range(self._random.randrange(4))]
            case "o":
                return self.object(depth)
        return self._random.choice(SCALARS)

    def object(self, depth: int = 3) -> dict[str, Any]:
        """Any JSON object."""
        names = self._random.sample(MEMBERS, self._random.randrange(len(MEMBERS) + 1))
        return {name: self.value(depth - 1) for name in names}

    def expression(self, names: tuple[str, ...], depth: int = 2) -> str:
        """Any expression over these names."""
        pick = self._random.choice
        kind = pick(["path", "path", "literal", "two", "not", "list", "object", "call", "call"]) if depth else "path"
        match kind:
            case "literal":
                return pick(LITERALS)
            case "two":
                word = pick(["==", "!=", "<", ">=", "&&", "||", "|"])
                return f"({self.expression(names, depth - 1)} {word} {self._right(word, names, depth)})"
            case "not":
                return f"!({self.expression(names, depth - 1)})"
            case "list":
                return f"[{self.expression(names, depth - 1)}, {self.expression(names, depth - 1)}]"
            case "object":
                return f"{{m: {self.expression(names, depth - 1)}}}"
            case "call":
                name = pick(sorted(FUNCTIONS))
                least, most = FUNCTIONS[name]
                count = self._random.randint(max(least, 1), max(least, most))
                return f"{name}({', '.join(self.expression(names, depth - 1) for _ in range(count))})"
        return pick(names) + "".join(pick(STEPS) for _ in range(self._random.randrange(4)))

    def _right(self, word: str, names: tuple[str, ...], depth: int) -> str:
        return self._random.choice(["a", "list[0]", "[0]", "@"]) if word == "|" else self.expression(names, depth - 1)

    def logic(self, names: tuple[str, ...]) -> str:
        """Any expression, as a mapping writes it."""
        return "=" + self.expression(names)

    def shape(self, names: tuple[str, ...], depth: int = 3) -> Any:
        """Any shape over these names."""
        word = self._random.choice(WORDS) if depth else "scalar"
        inner = depth - 1
        match word:
            case "members":
                made = {name: self.shape(names, inner) for name in "pqrs" if self._may()}
                return {**made, "$nulls": [name for name in made if self._may()]} if made else {}
            case "list":
                return [self.shape(names, inner) for _ in range(self._random.randrange(4))]
            case "$each":
                bound = (*names, f"n{depth}", f"n{depth}_index")
                where = {"$where": self.logic(bound)} if self._may() else {}
                return {"$each": self.logic(names), "$as": f"n{depth}", **where, "$value": self.shape(bound, inner)}
            case "$let":
                bound = {f"l{depth}": self.shape(names, inner)}
                return {"$let": bound, "$value": self.shape((*names, *bound), inner)}
            case "$when":
                return {"$when": self.logic(names), "$value": self.shape(names, inner)}
            case "$switch":
                cases = {label: self.shape(names, inner) for label in ("a", "x|1", "null", "true", "[]") if self._may()}
                return {"$switch": self.logic(names), "$case": cases or {"a": 1}, **self._else(names, inner)}
            case "$lookup":
                return {"$lookup": "words", "$of": self.logic(names), **self._else(names, inner)}
            case "$merge" | "$first":
                return {word: [self.shape(names, inner) for _ in range(self._random.randrange(4))]}
            case "held":
                given = {"one": self.shape(names, inner), "two": self.shape(names, inner)}
                return {"$use": "held", "$with": given}
            case "looked":
                return {"$use": "looked", "$with": {"one": self.shape(names, inner)}}
            case "$splice":
                return [{"$splice": self.shape(names, inner)}, self.shape(names, inner)]
        return self._scalar(names)

    def _scalar(self, names: tuple[str, ...]) -> Any:
        return self._random.choice(
            [self.logic(names), self.logic(names), self._template(names), None, True, 0, 1.5, "a", "", [], {}]
        )

    def _template(self, names: tuple[str, ...]) -> str:
        pick = self._random.choice
        path = f"{pick(names)}{pick(['', '.a', '.text', '.list[0]', '.list[-2]', '.kind'])}"
        value = pick([path, f"{path} | join('-')", f"{path} | default('x') | upper", f"'no' if not {path} else {path}.a",
                      f"{path} and {path}.b or 1.5", f"{path} ~ {pick(names)}.a", f"{path} != 'a'", f"{path} | json"])  # fmt: skip
        constant = pick(["1", "1.5", "'a'", "none", "true"])
        other = f"{{% if {path} == {constant} %}}+{{% elif {path} %}}{{{{ {path} }}}}{{% else %}}-{{% endif %}}"
        return pick([f"{{{{ {value} }}}}", f"<{{{{ {value} }}}}>{other}", other])

    def _else(self, names: tuple[str, ...], depth: int) -> dict[str, Any]:
        return {"$else": self.shape(names, depth)} if self._may() else {}

    def _may(self) -> bool:
        return self._random.random() < 0.5


def block(value: Any, indent: int = 0) -> str:
    """Write a document as YAML in lines, as mappings are written."""
    lines = "\n" + " " * indent
    if isinstance(value, dict) and value:
        return "".join(f"{lines}{json.dumps(name)}:{block(member, indent + 2)}" for name, member in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{lines}-{block(item, indent + 2)}" for item in value)
    return " " + json.dumps(value, ensure_ascii=False)
