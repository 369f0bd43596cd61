"""The grammars of streams under schema/protocols: read, checked against their schema, and held against bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from torouter.config.document import Where, load_document
from torouter.diagnostics import Diagnostics, render_terminal
from torouter.language.mapping import compile_mapping
from torouter.language.operators import is_false
from torouter.language.shape import Compiler
from torouter.language.words import Vocabulary

Json = dict[str, Any]
Roots = Mapping[str, Any]
Read = Callable[[Roots], Any]
Key = tuple[Any, ...]

PROJECT = Path(__file__).parents[2]
SCHEMA = PROJECT / "schema" / "grammar.schema.json"
_PLACES = (PROJECT / "schema" / "protocols", PROJECT / "tests" / "laws")
ROOTS = ("event", "item", "place", "first", "last")


def grammars() -> dict[str, Path]:
    """The file of every grammar there is, by the name of its protocol."""
    return {
        file.name.removesuffix(".grammar.yaml"): file
        for place in _PLACES
        for file in sorted(place.glob("*.grammar.yaml"))
    }


@cache
def grammar(protocol: str) -> Grammar:
    """The grammar of a protocol's streams; a mistake in the file is shown as `validate` would show it."""
    return read_grammar(grammars()[protocol])


def read_grammar(file: Path) -> Grammar:
    """Read one file. Raises AssertionError when it is not sound."""
    found = Diagnostics()
    document = load_document(file, file.name, "tests", found)
    assert document is not None, render_terminal(found)
    data: Any = document.data
    wrong = [error.message for error in Draft202012Validator(json.loads(SCHEMA.read_bytes())).iter_errors(data)]
    assert not wrong, f"{file.name}: {wrong}"
    compiler = Compiler(Vocabulary({}, {}), found)

    def compiled(where: Where) -> Read:
        return compile_mapping(where, ROOTS, compiler).run

    machines = tuple(_machine(name, document.root.at("machines", name), compiled) for name in data["machines"])
    frames = data["frames"]
    made = Grammar(
        kind=frames.get("kind", "sse"),
        name=compiled(document.root.at("frames", "name")) if "name" in frames else None,
        comments=frames.get("comments", True),
        end=frames.get("end"),
        error=compiled(document.root.at("error")),
        ignore=compiled(document.root.at("ignore")) if "ignore" in data else None,
        same=tuple(data.get("same", ())),
        machines=machines,
    )
    assert not found.failed, render_terminal(found)
    return made


def _machine(name: str, where: Where, compiled: Callable[[Where], Read]) -> Machine:
    data: Any = where.value
    levels = tuple(
        Level(
            compiled(where.at("each", place, "of")),
            compiled(where.at("each", place, "key")) if "key" in level else None,
        )
        for place, level in enumerate(data.get("each", ()))
    )
    needs = {
        label: tuple((text, compiled(where.at("needs", label, place))) for place, text in enumerate(texts))
        for label, texts in data.get("needs", {}).items()
    }
    steps = data.get("steps", {})
    unknown = {state for leads in steps.values() for state in leads.values()} - steps.keys()
    assert not unknown, f"{name}: no state is called {unknown}"
    return Machine(
        name,
        levels,
        bool(data.get("running")),
        compiled(where.at("label")),
        steps,
        frozenset(data.get("ends", ())),
        needs,
    )


@dataclass(frozen=True, slots=True)
class Level:
    """A list of items, and what tells them apart."""

    of: Read
    key: Read | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it was written."""

    name: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The order of one kind of item."""

    name: str
    levels: tuple[Level, ...]
    running: bool
    label: Read
    steps: Mapping[str, Mapping[str, str]]
    ends: frozenset[str]
    needs: Mapping[str, tuple[tuple[str, Read], ...]]

    def violations(self, events: Sequence[Roots], *, whole: bool) -> Iterator[str]:
        """What is wrong with the events; whether every run is over is asked only of a `whole` stream."""
        states: dict[Key, str] = {} if self.levels or not self.steps else {(): next(iter(self.steps))}
        for roots in events:
            for key, item in self._items(roots):
                scope = {**roots, "item": item, "place": None}
                label = self.label(scope)
                if label is None:
                    continue
                missing = [text for text, need in self.needs.get(label, ()) if is_false(need(scope))]
                yield from (f"{self._run(key)}: {label} without {text}" for text in missing)
                if self.steps:
                    yield from self._step(states, key, label)
        if whole:
            yield from (f"{self._run(key)}: ends {state}" for key, state in states.items() if state not in self.ends)

    def _step(self, states: dict[Key, str], key: Key, label: str) -> Iterator[str]:
        """Move the run with this key, or say why it cannot."""
        if key not in states:
            states[key] = next(iter(self.steps))
            siblings = sum(known[:-1] == key[:-1] for known in states) - 1
            if self.running and key[-1] != siblings:
                yield f"{self._run(key)}: comes where {siblings} was due"
        may = self.steps[states[key]]
        if label not in may:
            yield f"{self._run(key)}: {label} where {' or '.join(may) or 'nothing'} may come"
        states[key] = may.get(label, states[key])

    def _items(self, roots: Roots) -> Iterator[tuple[Key, Any]]:
        found: list[tuple[Key, Any]] = [((), roots["event"])]
        for level in self.levels:
            inner: list[tuple[Key, Any]] = []
            for key, holder in found:
                listed = level.of({**roots, "item": holder, "place": None})
                items = listed if isinstance(listed, list) else [] if listed is None else [listed]
                for place, item in enumerate(items):
                    known = level.key({**roots, "item": item, "place": place}) if level.key else None
                    if known is not None or level.key is None:
                        inner.append(((*key, known), item))
            found = inner
        return iter(found)

    def _run(self, key: Key) -> str:
        return " ".join([self.name, *(str(part) for part in key if part is not None)])


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a client of one protocol may be sent as a stream."""

    kind: str
    name: Read | None
    comments: bool
    end: str | None
    error: Read
    ignore: Read | None
    same: tuple[str, ...]
    machines: tuple[Machine, ...]

    def violations(self, payload: bytes) -> list[str]:
        """Everything wrong with a stream, in words; empty for a sound one."""
        text = payload.decode()
        frames = list(self.frames(text))
        found = (
            []
            if self.comments or not any(line.startswith(":") for line in text.splitlines())
            else ["comments may not stand here"]
        )
        marks = [place for place, frame in enumerate(frames) if self.end is not None and frame.text == self.end]
        told = [frame for place, frame in enumerate(frames) if place not in marks]
        events = [json.loads(frame.text) for frame in told]
        failed = [place for place, event in enumerate(events) if not is_false(self.error({"event": event}))]
        if failed and (failed != [len(events) - 1] or marks):
            found.append("something follows an error")
        if not failed and self.end is not None and marks != [len(frames) - 1]:
            found.append("the end mark is not once, and last")
        for frame, event in zip(told, events, strict=True):
            wanted = self.name({"event": event}) if self.name else None
            if frame.name != wanted:
                found.append(f"a frame is named {frame.name}, not {wanted}")
        return found + list(self._judged(events[: failed[0]] if failed else events, whole=not failed))

    def _judged(self, events: list[Json], *, whole: bool) -> Iterator[str]:
        seen = [event for event in events if not (self.ignore and not is_false(self.ignore({"event": event})))]
        for member in self.same:
            if len({json.dumps(event.get(member)) for event in seen}) > 1:
                yield f"{member} changes within the stream"
        last = len(seen) - 1
        roots = [{"event": event, "first": n == 0, "last": whole and n == last} for n, event in enumerate(seen)]
        for machine in self.machines:
            yield from machine.violations(roots, whole=whole)

    def frames(self, text: str) -> Iterator[Frame]:
        """The frames of a stream that this project wrote, the end mark included."""
        if self.kind == "ndjson":
            yield from (Frame(None, line) for line in text.splitlines() if line)
            return
        for block in text.split("\n\n"):
            lines = [line.partition(": ") for line in block.split("\n") if line and not line.startswith(":")]
            data = [value for field, _, value in lines if field == "data"]
            names = [value for field, _, value in lines if field == "event"]
            if data:
                yield Frame(names[0] if names else None, "\n".join(data))


def violations(protocol: str, payload: bytes) -> list[str]:
    """Everything wrong with a stream that a client of this protocol is sent."""
    return grammar(protocol).violations(payload)


def events_of(protocol: str, payload: bytes) -> list[Json]:
    """The events of a stream, without its end mark and without the error that it may end in."""
    known = grammar(protocol)
    told = [json.loads(frame.text) for frame in known.frames(payload.decode()) if frame.text != known.end]
    return [event for event in told if is_false(known.error({"event": event}))]
