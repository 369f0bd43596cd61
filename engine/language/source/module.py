"""Functions that are written together, and how they become code whose tracebacks show them."""

from __future__ import annotations

import linecache
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .function import Constants, Function
from .values import HELPERS

Run = Callable[..., Any]
_BETWEEN = "\n\n"


class Module:
    """Collects the functions of one mapping; what is written twice is there once."""

    def __init__(self) -> None:
        self.constants = Constants()
        self.constants.known.update(HELPERS)
        self._texts: list[str] = []
        self._names: dict[str, str] = {}

    def add(self, name: str, text: Callable[[str], str]) -> str:
        """Add a function, whose text hangs on its name; gives the name of the one that does this."""
        anonymous = text("_")
        if anonymous not in self._names:
            while name in self.constants.known:
                name += "_"
            self.constants.known[name] = None
            self._names[anonymous] = name
            self._texts.append(text(name))
        return self._names[anonymous]

    def call(self, written: Function, name: str, caller: Function) -> str:
        """Add a function and give the code that calls it."""
        parameters = ", ".join(written.name(slot, text) for slot, text in written.free.items())
        called = self.add(f"_{name}", lambda each: written.text(f"def {each}({parameters}):", []))
        return f"{called}({', '.join(caller.name(slot, text) for slot, text in written.free.items())})"

    def text(self) -> str:
        """Give the source of all functions."""
        return _BETWEEN.join(self._texts)

    def compiled(self, title: str) -> Iterator[CodeType]:
        """Compile the functions one by one, each at its line: all at once take much more memory."""
        line = 0
        for text in self._texts:
            yield compile("\n" * line + text, title, "exec", dont_inherit=True)
            line += (text + _BETWEEN).count("\n")


@dataclass(frozen=True, slots=True)
class Source:
    """What generated code was compiled from, for tracebacks: they hardly ever ask, and its lines would outweigh it."""

    packed: bytes

    def get_source(self, _name: str) -> str:
        """Give the text, as loaders of modules do."""
        return zlib.decompress(self.packed).decode()


def load(module: Module, name: str, title: str) -> Run:
    """Compile a module and give one of its functions; `title` says in tracebacks where it comes from."""
    text, names = module.text(), dict(module.constants.known)
    for code in module.compiled(title):
        exec(code, names)  # noqa: S102 - of our own making, from checked files
    linecache.cache.pop(title, None)
    linecache.lazycache(title, {"__name__": title, "__loader__": Source(zlib.compress(text.encode(), 1))})
    found: Run = names[name]
    return found
