"""A whole mapping as source."""

from __future__ import annotations

from collections.abc import Collection

from ..terms import Term
from .module import Module, Run, load
from .shapes import Shapes, Unwritable
from .sinks import Return


def mapping_source(term: Term, roots: Collection[str]) -> tuple[Module, str]:
    """Write a mapping as a function of the values of its roots; gives its module and its name. Raises Unwritable."""
    module = Module()
    shapes = Shapes(module)
    function = shapes.function
    shapes.write(term, Return(function, plain=True))
    first = [
        f"{function.name(slot, text)} = " + (f"values.get({text!r})" if text in roots else "None")
        for slot, text in function.free.items()
    ]
    return module, module.add("make", lambda name: function.text(f"def {name}(values):", first))


def generated_mapping(term: Term, roots: Collection[str], title: str) -> Run | None:
    """Compile a mapping to generated code: a function of the values of its roots; nothing where there is no source."""
    try:
        module, name = mapping_source(term, roots)
    except Unwritable:
        return None
    return load(module, name, title)
