"""Values of generated code: how each is written, and what is known of it before it is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from ..build import WRITTEN_NULL
from ..functions.values import is_empty
from ..operators import is_false

There = Literal["always", "maybe", "filled"]
Kind = Literal["", "bool", "number", "text", "list", "object"]

MARK, IS_FALSE, IS_EMPTY, NO_OBJECT = "_written_null", "_is_false", "_is_empty", "_no_object"
HELPERS = {MARK: WRITTEN_NULL, IS_FALSE: is_false, IS_EMPTY: is_empty, NO_OBJECT: {}}
_EMPTIES = ("text", "list", "object")


@dataclass(frozen=True, slots=True)
class Value:
    """A value that generated code makes.

    `code` is an expression; it is a name or a constant (`atom`), or must be written once only. `there` tells when
    there is a value: `always`, `maybe` (otherwise None), or when the container it is has been `filled`. `kind` is its
    type if it is there, as far as that is known; `cheap` says that it costs next to nothing; `marked` that it may be
    the mark of a written null.
    """

    code: str
    there: There = "maybe"
    kind: Kind = ""
    atom: bool = False
    cheap: bool = True
    marked: bool = False

    @property
    def stored(self) -> str:
        """The code of the value, None where there is none."""
        return f"{self.code} or None" if self.there == "filled" else self.code

    @property
    def present(self) -> str:
        """Code that is true where there is a value that may be missing; of an atom."""
        return self.code if self.there == "filled" else f"{self.code} is not None"

    @property
    def entry(self) -> str:
        """The code of a value that is there without the mark; of an atom, if it may be marked."""
        if self.code == MARK:
            return "None"
        return f"(None if {self.code} is {MARK} else {self.code})" if self.marked else self.code

    @property
    def plain(self) -> str:
        """The code of the value without the mark, None where there is none; of an atom, if it may be marked."""
        return self.entry if self.marked else self.stored

    @property
    def holds(self) -> str:
        """Code that is true where the value counts as true; of an atom, unless its kind is known."""
        if self.kind in ("bool", *_EMPTIES) or self.there == "filled":
            return self.code
        if self.kind == "number":
            return "True" if self.there == "always" else f"{self.code} is not None"
        return f"({self.code} or {self.code} is not None and not {IS_FALSE}({self.code}))"

    @property
    def says(self) -> str:
        """Code that is true where the value is not empty; of an atom, unless its kind is known."""
        if self.kind in _EMPTIES or self.there == "filled":
            return self.code
        if self.kind:
            return "True" if self.there == "always" else f"{self.code} is not None"
        return f"({self.code} or {self.code} is not None and not {IS_EMPTY}({self.code}))"

    @property
    def needs_name(self) -> bool:
        """Whether `holds` and `says` write its code more than once."""
        return not self.atom and not self.kind and self.there != "filled"


NULL = Value("None", atom=True)


def constant(value: Any) -> Value | None:
    """Give a scalar as it is written in Python; nothing for what cannot be written so."""
    if value is None:
        return NULL
    if type(value) is bool:
        return Value(repr(value), "always", "bool", atom=True)
    if type(value) is str:
        return Value(repr(value), "always", "text", atom=True)
    if type(value) is int or (type(value) is float and value - value == 0):
        return Value(f"({value!r})" if value < 0 else repr(value), "always", "number", atom=True)
    return None


def named(value: Value, name: str) -> Value:
    """Give a value that is stored under a name."""
    return replace(value, code=name, atom=True, cheap=True, there="maybe" if value.there == "filled" else value.there)
