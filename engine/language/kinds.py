"""Conditions on the kind of a value, found in the tree of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KIND = "kind"


def selected(tree: Mapping[str, Any]) -> str | None:
    """Give the name in `name.kind`, empty text for the bare `kind` of the value at hand, null for anything else."""
    if tree["type"] == "field" and tree["value"] == _KIND:
        return ""
    if tree["type"] != "subexpression":
        return None
    first, *others = tree["children"]
    if first["type"] == "field" and [other.get("value") for other in others] == [_KIND]:
        return str(first["value"])
    return None


def required(tree: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Give the name (as `selected` does) and the kinds that it must be of for a condition to hold."""
    if tree["type"] == "and_expression":
        return next((found for child in tree["children"] if (found := required(child))), None)
    if tree["type"] == "or_expression":
        left, right = (required(child) for child in tree["children"])
        return (left[0], left[1] + right[1]) if left and right and left[0] == right[0] else None
    if tree["type"] != "comparator" or tree["value"] != "eq":
        return None
    left_side, right_side = tree["children"]
    name = selected(left_side)
    if name is None or right_side["type"] != "literal" or not isinstance(right_side["value"], str):
        return None
    return name, (right_side["value"],)
