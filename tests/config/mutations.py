"""Single edits of route and transform files, each with the places where a finding about it may stand.

An edit in a free place makes another valid file, so it is not made; `is_free_key` and `is_free_value` name those places.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from torouter.config.document import Document, Mark
from torouter.config.marks import Path

SHAPES = frozenset(("make", "emit", "set", "list", "one", "status", "headers", "stream", "$let", "$with"))
NAMED = frozenset(("tables", "define"))
ENTRIES = frozenset(("auth", "surfaces", "endpoints", "providers", "models", "groups", "keys", "policies"))
ROOT = re.compile(r"=[!( ]*([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_(])")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One edit of a document: the new text, the lines where a finding may stand, and the name it may tell instead."""

    operator: str
    document: Document
    path: Path
    text: str
    lines: frozenset[int]
    name: str | None = None

    def __str__(self) -> str:
        lines = sorted(self.lines)
        return f"{self.operator} at {self.document.file}:{lines[-1]} {'.'.join(map(str, self.path))}"


def is_free_key(document: Document, path: Path) -> bool:
    """Whether a key may have any name: nothing refers to it and no schema lists it."""
    if _is_route(document):
        # Ids are names; those that something refers to are tested by `references`.
        is_id = len(path) == 2 and path[0] in ENTRIES
        return is_id or _is_free_route(path) or _holds_texts(path)
    name = str(path[-1])
    if path[0] == "tables":
        return len(path) > 1
    if path[0] == "define" and len(path) == 2:
        return True
    if path[0] == "state":
        return len(path) > 2
    if path[0] == "loss" and document.file.endswith(".decode.yaml"):
        # Places of a body, which only the coverage knows: it would miss the right one.
        return len(path) == 2
    # Members of the document that a shape makes belong to a protocol, of which the engine knows nothing.
    in_shape = any(step in SHAPES or step == "$case" for step in path[:-1])
    return in_shape and not name.startswith("$")


def is_free_value(document: Document, path: Path) -> bool:
    """Whether a value may be of any type: constants of shapes, tables, states and facts."""
    if _is_route(document):
        return _is_free_route(path)
    if path[0] in ("tables", "state"):
        return len(path) > 2 or path[0] == "state"
    if path[0] == "define" and len(path) > 3 and path[2] == "args":
        return False
    free = {"$else", "$value", "$first", "$merge", "$splice", "$case", *SHAPES}
    inner = next(
        (step for step in reversed(path) if isinstance(step, str) and (step.startswith("$") or step in SHAPES)), ""
    )
    return inner in free


def _is_route(document: Document) -> bool:
    return "transforms/" not in document.file


def _is_free_route(path: Path) -> bool:
    """Facts about models are free."""
    is_fact = path[0] == "capabilities" and len(path) > 2 and path[2] not in ("match", "as_of", "source")
    return is_fact or (path[0] == "models" and len(path) > 3 and path[2] == "capabilities")


def _holds_texts(path: Path) -> bool:
    """Names of headers and query parameters are those of the provider."""
    return len(path) > 3 and path[0] == "providers" and path[-2] in ("headers", "query")


def rename_key(document: Document) -> Iterator[Mutation]:
    """Every key gets another name."""
    for path, mark in document.keys.items():
        if not is_free_key(document, path):
            # What a state no longer has is missed where it is read.
            name = str(path[-1]) if path[0] == "state" else None
            text = _inserted(document, mark, "_x")
            yield _edit("rename-key", document, path, mark, text, _lines_around(document, path), name)


def wrong_type(document: Document) -> Iterator[Mutation]:
    """Every single value becomes a list of lists."""
    for path, mark in document.marks.items():
        if path and mark.scalar and path not in _absent(document) and not is_free_value(document, path):
            yield _edit("wrong-type", document, path, mark, "[[1]]", _lines_around(document, path))


def break_expression(document: Document) -> Iterator[Mutation]:
    """Every expression stays open at its end, and reads a root that does not exist."""
    for path, mark in document.marks.items():
        value = document.root.at(*path).value
        if not isinstance(value, str) or not value.startswith("=") or mark.style in ("|", ">"):
            continue
        lines = _lines_of(document, mark)
        yield _edit("open-expression", document, path, mark, _inserted(document, mark, " &&"), lines)
        root = ROOT.match(value)
        if root:
            source = document.text[mark.start : mark.end]
            changed = source.replace(root.group(1), "no_such_root", 1)
            yield _edit("unknown-root", document, path, mark, changed, lines)


def dangling_reference(document: Document, everything: Iterable[Document]) -> Iterator[Mutation]:
    """Every id and definition that something refers to gets another name."""
    referred = set(_referred(everything))
    for path, mark in document.keys.items():
        is_name = len(path) == 2 and path[0] in (ENTRIES if _is_route(document) else NAMED)
        if is_name and path in referred:
            lines = _lines_around(document, path)
            text = _inserted(document, mark, "_x")
            yield _edit("dangling-reference", document, path, mark, text, lines, name=str(path[-1]))


def _referred(documents: Iterable[Document]) -> Iterator[Path]:
    """The paths of ids that values of other places name."""
    members = {
        "auth": "auth", "surface": "surfaces", "provider": "providers", "group": "groups", "$use": "define",
        "$lookup": "tables",
    }  # fmt: skip
    for document in documents:
        for path in document.marks:
            section = members.get(str(path[-1])) if path else None
            value = document.root.at(*path).value
            if section and isinstance(value, str):
                yield (section, value)
            elif len(path) == 4 and path[0] == "groups" and path[2] in ("models", "providers"):
                yield (str(path[2]), str(value))


OPERATORS: dict[str, Callable[[Document, list[Document]], Iterator[Mutation]]] = {
    "rename key": lambda document, _: rename_key(document),
    "wrong type": lambda document, _: wrong_type(document),
    "break expression": lambda document, _: break_expression(document),
    "dangling reference": dangling_reference,
}


def _edit(
    operator: str, document: Document, path: Path, mark: Mark, new: str, lines: frozenset[int], name: str | None = None
) -> Mutation:
    text = document.text[: mark.start] + new + document.text[mark.end :]
    return Mutation(operator, document, path, text, lines, name)


def _inserted(document: Document, mark: Mark, suffix: str) -> str:
    """The text of a scalar with a suffix inside its quotes, if it has any."""
    source = document.text[mark.start : mark.end]
    return source[:-1] + suffix + source[-1] if mark.style in ("'", '"') else source + suffix


def _lines_of(document: Document, mark: Mark) -> frozenset[int]:
    first = document.span(mark.start, 1).line
    last = document.span(max(mark.start, mark.end - 1), 1).line
    return frozenset(range(first, last + 1))


def _lines_around(document: Document, path: Path) -> frozenset[int]:
    """The lines of a value or key, of its own key, and of the keys of what holds it."""
    lines = set()
    for end in (len(path), len(path) - 1, len(path) - 2):
        inner = path[:end]
        for marks in (document.keys, document.marks):
            if inner in marks and (end == len(path) or marks is document.keys or not marks[inner].scalar):
                lines.add(document.span(marks[inner].start, 1).line)
    return frozenset(lines)


def _absent(document: Document) -> set[Path]:
    """Values that are not written: they share the mark of their key."""
    return {path for path, mark in document.marks.items() if document.keys.get(path) == mark}
