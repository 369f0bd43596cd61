"""Every single edit of a shipped file that is not in a free place is caught, at the place of the edit.

The edits are chosen by a seed: the same number from each file, at most `--mutations` for each operator.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torouter.compile import compile_project, load as compile_module
from torouter.config import load as load_module
from torouter.config.load import load_project
from torouter.diagnostics import Diagnostic, Diagnostics

from .mutations import OPERATORS, Mutation

SHIPPED = Path(__file__).parents[2]


class Replay:
    """Runs a function one of whose arguments collects findings, and remembers what it did until it is frozen."""

    def __init__(self, function: Callable[..., Any], key: Callable[..., object]) -> None:
        self._function, self._key = function, key
        self._known: dict[object, tuple[Any, Diagnostics]] = {}
        self.frozen = False

    def __call__(self, *arguments: Any, origins: None = None) -> Any:
        (diagnostics,) = (argument for argument in arguments if isinstance(argument, Diagnostics))
        key = self._key(*(argument for argument in arguments if argument is not diagnostics))
        result, found = self._known.get(key) or self._run(arguments)
        if not self.frozen:
            self._known[key] = result, found
        diagnostics.items += found.items
        diagnostics.sources.update(found.sources)
        return result

    def _run(self, arguments: tuple[Any, ...]) -> tuple[Any, Diagnostics]:
        found = Diagnostics()
        given = [found if isinstance(argument, Diagnostics) else argument for argument in arguments]
        return self._function(*given), found


class Shipped:
    """A copy of the shipped files; only what an edit touches is read and compiled again."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("routes", "transforms"):
            shutil.copytree(SHIPPED / name, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        monkeypatch.chdir(folder)
        replays = {
            (load_module, "load_document"): lambda text, name, layer, *_: (name, text),
            (load_module, "check_document"): lambda root, kind: id(root.document),
            (compile_module, "compile_protocol"): lambda name, documents: tuple(map(id, documents.values())),
            (compile_module, "compile_dialect"): lambda file, base, _: (id(file), *map(id, base.values())),
        }
        self._replays = [Replay(getattr(module, name), key) for (module, name), key in replays.items()]
        for (module, name), replay in zip(replays, self._replays, strict=True):
            monkeypatch.setattr(module, name, replay)
        self.findings, self.documents = self.load()
        for replay in self._replays:
            replay.frozen = True

    def load(self) -> tuple[list[Diagnostic], list[Any]]:
        diagnostics = Diagnostics()
        project = load_project(Path(), diagnostics, builtin=False)
        compile_project(project, diagnostics)
        return diagnostics.items, list(project.documents)

    def mutated(self, mutation: Mutation) -> list[Diagnostic]:
        """What is said after an edit that was not said before."""
        file = Path(mutation.document.file)
        file.write_text(mutation.text, "utf-8")
        try:
            found, _ = self.load()
        finally:
            file.write_text(mutation.document.text, "utf-8")
        new = Counter(found) - Counter(self.findings)
        return list(new)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shipped:
    return Shipped(tmp_path, monkeypatch)


def test_the_shipped_files_are_clean(shipped: Shipped) -> None:
    assert shipped.findings == []


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_edit_is_caught_where_it_was_made(operator: str, shipped: Shipped, mutations: int) -> None:
    edits = _sample(shipped, operator, mutations)
    assert edits
    escaped = []
    for edit in edits:
        found = shipped.mutated(edit)
        if not any(_is_about(item, edit) for item in found):
            said = [f"{item.span}: {item.code}" for item in found]
            escaped.append(f"{edit}: {said or 'nothing said'}")
    assert not escaped, "\n".join([f"{len(escaped)} of {len(edits)} edits:", *escaped])


def _sample(shipped: Shipped, operator: str, limit: int) -> list[Mutation]:
    share = max(1, limit // len(shipped.documents))
    chosen: list[Mutation] = []
    for document in shipped.documents:
        edits = list(OPERATORS[operator](document, shipped.documents))
        chosen += random.Random(document.file).sample(edits, min(share, len(edits)))
    return random.Random(operator).sample(chosen, min(limit, len(chosen)))


def _is_about(item: Diagnostic, edit: Mutation) -> bool:
    """Whether a finding stands where the edit was made, or names what it took away."""
    if item.span is None:
        return False
    here = item.span.file == edit.document.file and item.span.line in edit.lines
    return here or (edit.name is not None and edit.name in item.message)
