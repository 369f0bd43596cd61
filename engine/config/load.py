"""All files of all layers, checked and merged into one project; every error is reported, not only the first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as FilePath

from ..diagnostics import Diagnostics
from .build import build_routes
from .checks import check_policies, check_values
from .collisions import check_collisions
from .document import Document, Path, Where, load_document, read_text
from .known import Known, Written
from .merge import Entry, LoadedRoute, Sections, merge_routes
from .model import Routes
from .references import check_references
from .schema import DIALECT, ROUTE, check_document, check_value
from .sources import BUILTIN, USER, Source, builtin_sources, user_sources

# The definition in the schema that describes one entry of a section.
_DEFINITIONS = {
    "auth": "auth_rule",
    "surfaces": "surface",
    "endpoints": "endpoint",
    "providers": "provider",
    "models": "model",
    "variants": "variant",
    "groups": "group",
    "keys": "key",
    "policies": "policy",
}


Texts = Sequence[tuple[Source, str]]
"""Files that were read: what each of them is, and what is written in it."""
Part = tuple[str, str]
"""A protocol or a dialect: its kind and its name."""
PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Project:
    """All that was loaded: the files, the merged entries, their values, the files of each protocol by kind.

    A dialect is one file, by its name. `sound` tells that nothing is wrong in whatever is compiled of these files, and
    `sound_parts` in which of the protocols and dialects nothing is: that is known from an earlier time.
    """

    documents: tuple[Document, ...]
    sections: Mapping[str, Mapping[str, Entry]]
    routes: Routes
    protocols: Mapping[str, Mapping[str, Document]]
    dialects: Mapping[str, Document]
    sound: bool = False
    sound_parts: frozenset[Part] = frozenset()

    def parts(self) -> Mapping[Part, Sequence[Written]]:
        """The files that each protocol, and each dialect of one, is compiled of."""
        made = {(PROTOCOL, name): list(files.values()) for name, files in self.protocols.items()}
        for name, document in self.dialects.items():
            made[DIALECT, name] = [*self.protocols.get(base_of(document), {}).values(), document]
        return {part: sorted((it.layer, it.file, it.text) for it in files) for part, files in made.items()}


def base_of(dialect: Document) -> str:
    """The protocol that a dialect says it is one of; empty when it says none."""
    return str(dialect.data.get("protocol", "")) if isinstance(dialect.data, dict) else ""


def load_project(
    user: FilePath | None, diagnostics: Diagnostics, *, builtin: bool = True, known: Known | None = None
) -> Project:
    """Load the built-in files and those of a user: a folder, or one route file.

    `known` tells what files said when they were loaded before.
    The project holds what could be read even when `diagnostics` has errors; it may be served only when there are none.
    """
    known = known or Known(None)
    return project_of(read_files(user, diagnostics, builtin=builtin), diagnostics, known)


def read_files(user: FilePath | None, diagnostics: Diagnostics, *, builtin: bool = True) -> Texts:
    """Read the built-in files and those of a user, as `load_project` does; what cannot be read is left out."""
    sources = builtin_sources(diagnostics) if builtin else []
    sources += user_sources(user, diagnostics) if user else []
    return read_all(sources, diagnostics)


def read_all(sources: Iterable[Source], diagnostics: Diagnostics) -> Texts:
    """Read some files; what cannot be read is left out."""
    read = [(source, read_text(source.file, source.name, diagnostics)) for source in sources]
    return [(source, text) for source, text in read if text is not None]


def project_of(texts: Texts, diagnostics: Diagnostics, known: Known) -> Project:
    """Make a project of files that were read; what was found while they were read stands in `diagnostics`."""
    return _project(texts, diagnostics, known, sound=not diagnostics.items and _approved(texts, known))


def known_project_of(texts: Texts, diagnostics: Diagnostics, known: Known) -> Project | None:
    """Make a project of files that are known to be right together; nothing is made of others."""
    return _project(texts, diagnostics, known, sound=True) if _approved(texts, known) else None


def _approved(texts: Texts, known: Known) -> bool:
    return known.approves((source.layer, source.name, text) for source, text in texts)


def _project(texts: Texts, diagnostics: Diagnostics, known: Known, *, sound: bool) -> Project:
    """Make the project of what was read; what is `sound` is not held against schemas."""
    documents: list[Document] = []
    layers: dict[str, list[LoadedRoute]] = {BUILTIN: [], USER: []}
    protocols: dict[str, dict[str, Document]] = {}
    dialects: dict[str, Document] = {}
    for source, text in texts:
        document = load_document(text, source.name, source.layer, diagnostics, partial(known.get, source.kind))
        if document is None:
            continue
        documents.append(document)
        wrong = _check(document, source, diagnostics, known) if not sound else ()
        if source.kind == DIALECT:
            dialects[source.file.name.rpartition(".")[0]] = document
        elif source.protocol is None:
            layers[source.layer].append(LoadedRoute(document, frozenset(wrong)))
        else:
            # A user's file comes later and takes the place of the built-in one.
            protocols.setdefault(source.protocol, {})[source.kind] = document
    sections = merge_routes(layers.values(), diagnostics)
    if not sound:
        sections = _check_patched(sections, diagnostics)
    routes = build_routes(sections, diagnostics)
    check_values(routes, diagnostics)
    check_collisions(routes, diagnostics)
    check_policies(routes.policies.values(), diagnostics)
    check_references(sections, routes, protocols, dialects, diagnostics)
    project = Project(tuple(documents), sections, routes, protocols, dialects, sound)
    if sound:
        return project
    return replace(project, sound_parts=frozenset(it for it, of in project.parts().items() if known.approves(of)))


def _check(document: Document, source: Source, diagnostics: Diagnostics, known: Known) -> set[Path]:
    """Check what is not known to be right; the paths of all values that are wrong."""
    if source.kind == ROUTE:
        _conceal_secrets(document, diagnostics)
    if known.get(source.kind, document.text) is not None:
        return set()
    wrong = check_document(document.root, source.kind, diagnostics)
    if not any(it.span is not None and it.span.file == document.file for it in diagnostics.items):
        known.put(source.kind, document.text, document.data, builtin=source.layer == BUILTIN)
    return wrong


def _conceal_secrets(document: Document, diagnostics: Diagnostics) -> None:
    """No excerpt may show a credential that somebody wrote into a file by mistake."""
    for where in (*_written(document.root, "providers", "auth"), *_written(document.root, "keys", "hash")):
        if not str(where.value).startswith(("env:", "file:", "sha256:", "none")):
            diagnostics.conceal(where.span())


def _written(root: Where, section: str, member: str) -> Iterator[Where]:
    """The scalars of a member of every entry of a section, and of what stands below it."""
    entries = root.value.get(section) if isinstance(root.value, dict) else None
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if isinstance(entry, dict) and member in entry:
            yield from _scalars(root.at(section, name, member), entry[member])


def _scalars(where: Where, value: object) -> Iterator[Where]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if below is None:
        yield where
    for step, inner in below or ():
        yield from _scalars(where.at(step), inner)


def _check_patched(sections: Sections, diagnostics: Diagnostics) -> Sections:
    """Entries made of several are checked once more as a whole: together they may lack or contradict something."""
    for section, definition in _DEFINITIONS.items():
        for name, entry in sections[section].items():
            if entry.sound and len(entry.origins) > 1:
                wrong = check_value(entry.value, entry, ROUTE, diagnostics, definition)
                sections[section][name] = Entry(section, name, entry.value, entry.origins, not wrong)
    return sections
