"""One function while it is written: its lines, its names, and what it has read already."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..terms import Name
from .values import NO_OBJECT, Kind, Value, constant, named

T = TypeVar("T")
_NO_NAME = re.compile(r"\W|^(?=\d)|^_+")
_HOISTED = 4  # cheap lines that may run although they were not needed
DEEPEST = 24
BUILT_IN = frozenset({"dict", "isinstance", "len", "list", "str", "type", "enumerate", "frame", "values", "out"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line, how deep it stands, and whether it does nothing but look at something."""

    depth: int
    text: str
    cheap: bool = False


class Constants:
    """What generated code knows by name beside what it is given: functions, tables, lists."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self._names: dict[int, str] = {}

    def name(self, value: Any, hint: str) -> str:
        """Give the name of a value that cannot be written, the same one whenever it is asked for."""
        if id(value) not in self._names:
            name = f"_{hint}"
            while name in self.known:
                name += "_"
            self._names[id(value)] = name
            self.known[name] = value
        return self._names[id(value)]


class Function:
    """Takes lines and gives names; names from outside that it uses become its parameters (`free`).

    `changing` are names of objects that may hold something else later.
    """

    def __init__(self, constants: Constants) -> None:
        self.constants = constants
        self.free: dict[int, str] = {}
        self.depth = 1
        self.lines: list[Line] = []
        self.changing: set[str] = set()
        self._values: dict[int, Value] = {}
        self._asked: set[int] = set()
        self._taken = set(BUILT_IN)
        self._known: list[dict[tuple[str, str], str]] = [{}]

    def unique(self, hint: str) -> str:
        """Give a name that is not in use, like the hint."""
        base = _NO_NAME.sub("_", hint).strip("_") or "value"
        base = f"{base}_" if keyword.iskeyword(base) else base
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name

    def bind(self, slot: int, value: Value) -> None:
        """Let a slot have a value, which has a name."""
        self._values[slot] = value

    def value(self, slot: int, text: str) -> Value:
        """Give a slot's value."""
        self._asked.add(slot)
        if slot not in self._values:
            self.free[slot] = text
            self._values[slot] = Value(self.unique(text), atom=True)
        return self._values[slot]

    def name(self, slot: int, text: str) -> str:
        """Give the name of a slot's value."""
        return self.value(slot, text).code

    def is_asked(self, slot: int) -> bool:
        """Tell whether anything reads a slot."""
        return slot in self._asked

    def line(self, text: str, *, cheap: bool = False) -> None:
        """Write a line."""
        self.lines.append(Line(self.depth, text, cheap))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget behind it what was read inside."""
        self._known.append({})
        yield
        self._known.pop()

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write what stands below a line; what is read there is known only there."""
        self.line(head)
        start = len(self.lines)
        self.depth += 1
        with self.scope():
            yield
        if len(self.lines) == start:
            self.line("pass")
        self.depth -= 1

    def capture(self, write: Callable[[], T]) -> tuple[T, list[Line], dict[tuple[str, str], str]]:
        """Write something to be put below a line, or before it; gives what came of it, its lines, what they read."""
        outer, self.lines = self.lines, []
        self.depth += 1
        self._known.append({})
        made = write()
        self.depth -= 1
        known, lines, self.lines = self._known.pop(), self.lines, outer
        return made, lines, known

    def hoist(self, lines: list[Line], known: dict[tuple[str, str], str]) -> bool:
        """Write captured lines before what needs them, if they are few and cheap; tell whether they are."""
        if len(lines) > _HOISTED or not all(line.cheap for line in lines):
            return False
        self.lines += [replace(line, depth=self.depth) for line in lines]
        self._known[-1].update(known)
        return True

    def below(self, head: str, lines: list[Line]) -> None:
        """Write captured lines below a line."""
        self.line(head)
        self.lines += lines

    def atom(self, value: Value, hint: str = "value") -> Value:
        """Give a value under a name, or as a constant."""
        if value.atom:
            return value
        name = self.unique(hint)
        self.line(f"{name} = {value.stored}", cheap=value.cheap)
        return named(value, name)

    def variable(self, value: Value, hint: str = "value") -> Value:
        """Give a value under a name, constants too: Python warns of what it finds odd to do with them."""
        if value.code.isidentifier() and not keyword.iskeyword(value.code):
            return value
        return self.atom(replace(value, atom=False), hint)

    def literal(self, value: Any) -> Value:
        """Give a constant."""
        written = constant(value)
        if written is not None:
            return written
        kind: Kind = "list" if type(value) is list else "object" if type(value) is dict else ""
        return Value(self.constants.name(value, "constant"), "always", kind, atom=True)

    def read(self, holder: Value, member: str) -> Value:
        """Read a member of what may be an object; once, unless what it holds may change."""
        holder = self.atom(holder)
        key = (holder.code, member)
        if known := self._find(key):
            return Value(known, atom=True)
        view = self._view(holder.code)
        if holder.code in self.changing:
            return Value(f"{view}.get({member!r})")
        name = self.unique(member)
        self.line(f"{name} = {view}.get({member!r})", cheap=True)
        self._known[-1][key] = name
        return Value(name, atom=True)

    def view(self, name: Name) -> str:
        """Give the name of the object that a name means; of an empty one if it means none."""
        return self._view(self.name(name.slot, name.text))

    def _view(self, holder: str) -> str:
        """Give the name of an object: what it holds is what the holder does, if that is one."""
        found = self._find((holder, ""))
        if found is None:
            found = self.unique(f"{holder}_object")
            self.line(f"{found} = {holder} if type({holder}) is dict else {NO_OBJECT}", cheap=True)
            self._known[-1][(holder, "")] = found
        return found

    def _find(self, key: tuple[str, str]) -> str | None:
        return next((known[key] for known in self._known if key in known), None)

    def text(self, head: str, first: list[str]) -> str:
        """Give the whole function."""
        lines = [head, *(f"    {line}" for line in first), *("    " * line.depth + line.text for line in self.lines)]
        return "\n".join(lines) + "\n"
