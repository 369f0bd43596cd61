"""From an inventory to pairs of messages that differ in one field: one that has it, one that lacks it.

A field is named by its place: `letters[].lines[]<say>.keep`, where `[]` is any item and `<…>` a member of a union.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from .inventory import Inventory, Schema
from .unions import Branch, branches_of, fits

ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Probe:
    """A field, the value it is given (empty where any value stands for all), and the messages with and without it."""

    field: str
    value: str
    present: Any
    absent: Any

    def inside(self, step: str, present: Any, absent: Any) -> Probe:
        """Give the same probe as seen from what holds it."""
        return Probe(step + self.field, self.value, present, absent)


def probes(inventory: Inventory, start: str) -> Iterator[Probe]:
    """Give a probe for each field and each of its words below a named type; a recursive type is entered once."""
    sampler = _Sampler(inventory)
    schema = inventory.types[start]
    for probe in sampler.walk(schema, sampler.smallest(schema), frozenset({start}), needed=True):
        yield probe.inside("", deepcopy(probe.present), deepcopy(probe.absent))


def fields(inventory: Inventory, start: str) -> list[str]:
    """Give the names of all fields below a named type."""
    return list(dict.fromkeys(probe.field.removeprefix(".") for probe in probes(inventory, start)))


class _Sampler:
    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def smallest(self, schema: Schema, above: frozenset[str] = frozenset()) -> Any:
        """Make the smallest value that a schema allows, or its first example."""
        opened = self._inventory.open(schema, above)
        if opened is None:
            return None
        schema, above = opened
        if schema.get("examples"):
            return schema["examples"][0]
        branches = branches_of(self._inventory, schema, above)
        if branches[0].schema is not schema:
            return self.smallest(branches[0].schema, branches[0].above)
        if "properties" in schema:
            return {name: self.smallest(schema["properties"][name], above) for name in schema.get("required", ())}
        if schema.get("type") == "array":
            return [self.smallest(schema.get("items", {}), above)] * schema.get("minItems", 0)
        return next(iter(_values(schema)))

    def walk(self, schema: Schema, base: Any, above: frozenset[str], *, needed: bool) -> Iterator[Probe]:
        """Give the probes at and below a place that holds `base`, or nothing; if `needed`, it must hold something."""
        opened = self._inventory.open(schema, above)
        if opened is None:
            return
        branches = branches_of(self._inventory, *opened)
        for branch in branches:
            own = base if base is not ABSENT and fits(base, branch) else ABSENT
            if branch.name:
                yield from self._member(branch, own, base, branches, needed=needed)
            else:
                yield from self._value(branch.schema, own, base, branch.above, needed=needed)

    def _member(
        self, branch: Branch, own: Any, base: Any, branches: tuple[Branch, ...], *, needed: bool
    ) -> Iterator[Probe]:
        """Give the probes of one member of a union: that it is there, and what is in it."""
        step = f"<{branch.name}>"
        value = self.smallest(branch.schema, branch.above) if own is ABSENT else own
        other = base if own is ABSENT else ABSENT
        if other is ABSENT and needed:
            other = next((self.smallest(each.schema, each.above) for each in branches if each is not branch), ABSENT)
        if other is not ABSENT or not needed:
            yield Probe(step, "", value, other)
        for probe in self._inner(branch, value):
            yield probe.inside(step, probe.present, probe.absent)

    def _inner(self, branch: Branch, value: Any) -> Iterator[Probe]:
        """Give the probes below a member of a union; what tells which member it is was probed with the member."""
        for probe in self._value(branch.schema, value, value, branch.above, needed=True):
            if branch.key is None or probe.field != f".{branch.key}":
                yield probe

    def _value(self, schema: Schema, own: Any, base: Any, above: frozenset[str], *, needed: bool) -> Iterator[Probe]:
        if "properties" in schema and not schema.get("x-opaque"):
            yield from self._object(schema, own, above, needed=needed)
        elif schema.get("type") == "array" and "items" in schema:
            yield from self._array(schema, own, above, needed=needed)
        else:
            yield from self._leaf(schema, base, needed=needed)

    def _object(self, schema: Schema, own: Any, above: frozenset[str], *, needed: bool) -> Iterator[Probe]:
        given = schema.get("examples", ())
        main = self.smallest(schema, above) if own is ABSENT else own
        required = schema.get("required", ())
        base = main
        if base and not needed and not set(schema["properties"]) - set(base):
            yield Probe("", "", base, ABSENT)
        for name, member in schema["properties"].items():
            base = main if name in main else next((sample for sample in given if name in sample), main)
            rest = {key: value for key, value in base.items() if key != name}
            for probe in self.walk(member, base.get(name, ABSENT), above, needed=name in required):
                absent = rest if probe.absent is ABSENT else {**rest, name: probe.absent}
                yield probe.inside(f".{name}", {**rest, name: probe.present}, absent)

    def _array(self, schema: Schema, own: Any, above: frozenset[str], *, needed: bool) -> Iterator[Probe]:
        """Give the probes of a list: each kind of item beside the items that are there, or in place of its like."""
        opened = self._inventory.open(schema["items"], above)
        if opened is None:
            return
        branches = branches_of(self._inventory, *opened)
        base = own if isinstance(own, list) else self.smallest(schema, above)
        for branch in branches:
            items = base
            if not items and branch is not branches[0]:
                items = [self.smallest(branches[0].schema, branches[0].above)]
            like = [at for at, item in enumerate(items) if fits(item, branch)]
            place = like[-1] if like else len(items)
            before, after = items[:place], items[place + 1 :]
            rest = [*before, *after]
            none = rest if rest or needed else ABSENT
            step = f"[]<{branch.name}>" if branch.name else "[]"
            if "properties" in branch.schema and not branch.schema.get("x-opaque"):
                item = items[place] if place < len(items) else self.smallest(branch.schema, branch.above)
                yield Probe(step, "", [*before, item, *after], none)
                for probe in self._inner(branch, item):
                    yield probe.inside(step, [*before, probe.present, *after], [*before, probe.absent, *after])
            else:
                for probe in self._value(branch.schema, ABSENT, ABSENT, branch.above, needed=False):
                    absent = none if probe.absent is ABSENT else [*before, probe.absent, *after]
                    yield probe.inside(step, [*before, probe.present, *after], absent)

    @staticmethod
    def _leaf(schema: Schema, base: Any, *, needed: bool) -> Iterator[Probe]:
        """Give a probe for each value; where there must be one, it is compared with another."""
        values = list(_values(schema))
        other = ABSENT if not needed else values[0] if base is ABSENT else base
        for value in values:
            if not _same(value, other):
                yield Probe("", str(value) if "enum" in schema else "", value, other)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _values(schema: Schema) -> Iterator[Any]:
    """Give the values that stand for all that a schema of no members allows: two, or each of its words."""
    if "const" in schema:
        yield schema["const"]
    elif "enum" in schema:
        yield from (word for word in schema["enum"] if word is not None)
    elif schema.get("examples"):
        yield from islice(schema["examples"], 2)
        if len(schema["examples"]) == 1:
            yield from islice((value for value in _invented(schema) if value != schema["examples"][0]), 1)
    else:
        yield from _invented(schema)


def _invented(schema: Schema) -> Iterator[Any]:
    kind = schema.get("type")
    if kind == "boolean":
        yield from (True, False)
    elif kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        most = schema.get("maximum", least + 1000)
        middle = (least + most) / 2
        yield from (int(middle), int(middle) + 1) if kind == "integer" and most - least > 1 else (middle, least)
    elif kind == "string":
        yield from ("alpha", "beta")
    elif kind == "array":
        yield from ([], ["alpha"])
    else:
        yield from ({"alpha": "beta"}, {})
