"""What is seen of a term before it is written."""

from __future__ import annotations

from collections.abc import Iterable

from ..terms import NOTHING, Constant, Each, First, Guarded, List, Lookup, Merge, Object, Switch, Term
from .values import Kind


def may_be_marked(term: Term) -> bool:
    """Tell whether a term may give the mark of a written null."""
    match term:
        case Constant(value):
            return value is None
        case Guarded(body=body):
            return may_be_marked(body)
        case First(choices):
            return any(may_be_marked(choice) for choice, _ in choices)
        case Switch(_, cases, otherwise):
            return any(may_be_marked(case) for case in (*(case for _, case in cases), otherwise or NOTHING))
        case Lookup(otherwise=otherwise):
            return may_be_marked(otherwise or NOTHING)
    return False


def kind_of(term: Term) -> Kind:
    """Give the kind of a term's values, as far as it is seen at once."""
    match term:
        case Object() | Merge():
            return "object"
        case List() | Each():
            return "list"
        case Constant(value):
            return "text" if isinstance(value, str) else ""
        case Guarded(body=body):
            return kind_of(body)
        case First(choices):
            return _common(choice for choice, _ in choices)
        case Switch(_, cases, otherwise):
            return _common((*(case for _, case in cases), *(() if otherwise is None else (otherwise,))))
    return ""


def _common(terms: Iterable[Term]) -> Kind:
    kinds = {kind_of(term) for term in terms}
    return kinds.pop() if len(kinds) == 1 else ""
